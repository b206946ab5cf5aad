"""What requests ask beside their object."""

from dataclasses import replace

import pytest

from kproxy.model.exchange import Answer, Exchange, Headers, Nanos, Request, Seq
from kproxy.model.jsontypes import JSONObject
from kproxy.session.options import Options, options_of
from kproxy.wire.content import encode
from kproxy.wire.requestinfo import request_info
from tests.support.memory import MemoryRecording

POD = "/api/v1/namespaces/default/pods/a"
PROTOBUF = "application/vnd.kubernetes.protobuf"
KUBECTL: Headers = (("User-Agent", "kubectl/v1.37.2 (linux/amd64)"),)


def options(method: str, target: str, headers: Headers = (), body: bytes = b"", warnings: Headers = ()) -> Options:
    """Those of an exchange."""
    recording = MemoryRecording()
    request = Request(method=method, target=target, http_version="HTTP/1.1", headers=headers, body=recording.keep(body))
    answer = Answer(status=200, reason="OK", http_version="HTTP/1.1", headers=warnings)
    exchange = Exchange(
        seq=Seq(1), connection=1, started=Nanos(0), request=request, info=request_info(method, target), answer=answer
    )
    assert options_of(recording, replace(exchange, answer=None)).warnings == ()
    return options_of(recording, exchange)


@pytest.mark.parametrize(
    ("media_type", "patch_type"),
    [
        ("application/json-patch+json", "json"),
        ("application/merge-patch+json; charset=utf-8", "merge"),
        ("application/strategic-merge-patch+json", "strategic-merge"),
        ("application/apply-patch+yaml", "apply"),
        ("application/apply-patch+cbor", "apply"),
        ("application/json", ""),
    ],
)
def test_a_patch_has_its_type(media_type: str, patch_type: str) -> None:
    assert options("PATCH", POD, (("Content-Type", media_type),)).patch_type == patch_type
    assert options("POST", POD, (("Content-Type", media_type),)).patch_type == ""


def test_a_write_s_field_manager_is_the_one_asked_for_else_the_user_agent_s_name() -> None:
    assert options("PUT", f"{POD}?fieldManager=me&fieldValidation=Warn", KUBECTL) == Options(
        field_manager="me", field_validation="Warn"
    )
    assert options("PATCH", POD, KUBECTL).field_manager == "kubectl"
    assert options("PUT", POD, (("User-Agent", "a\x01b" * 100),)).field_manager == ("ab" * 100)[:128]
    assert options("GET", f"{POD}?fieldManager=me", KUBECTL) == Options()


@pytest.mark.parametrize("media_type", ["application/json", PROTOBUF, "application/cbor", ""])
def test_a_delete_s_options_stand_in_its_body(media_type: str) -> None:
    asked: JSONObject = {"propagationPolicy": "Foreground", "preconditions": {"uid": "u"}, "dryRun": ["All"]}
    body = encode(media_type or "application/json", {"kind": "DeleteOptions", "apiVersion": "v1", **asked})
    found = options("DELETE", f"{POD}?gracePeriodSeconds=9", (("Content-Type", media_type),), body)
    assert found.delete_options == asked
    assert found.dry_run


def test_or_in_its_query() -> None:
    found = options("DELETE", f"{POD}?gracePeriodSeconds=0&orphanDependents=true&propagationPolicy=Orphan&dryRun=All")
    assert found.delete_options == {
        "gracePeriodSeconds": 0,
        "orphanDependents": True,
        "propagationPolicy": "Orphan",
        "dryRun": ["All"],
    }
    assert options("DELETE", POD).delete_options == {}
    assert options("GET", POD).delete_options is None


@pytest.mark.parametrize("body", [b"\xff", b"[]", b"{"])
def test_options_that_cannot_be_read_are_none(body: bytes) -> None:
    assert options("DELETE", POD, (), body).delete_options == {}


def test_a_dry_run_is_one_in_any_write() -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert options(method, f"{POD}?dryRun=All").dry_run
    assert not options("POST", "/healthz?dryRun=All").dry_run
    assert not options("GET", f"{POD}?dryRun=All").dry_run


def test_warnings_are_the_answer_s() -> None:
    assert options("GET", POD, warnings=(("Warning", '299 - "old"'), ("warning", '299 - "older"'))).warnings == (
        "old",
        "older",
    )
