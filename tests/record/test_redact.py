"""Redaction of bodies and of etcd's values."""

import base64
import json
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.model.api import RequestInfo
from kproxy.model.etcd import EtcdKey
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.record.literals import Literals
from kproxy.record.pseudonyms import Pseudonyms
from kproxy.record.redact import Opaque, Redactor, Secrecy
from kproxy.record.secrets import LAST_APPLIED, Subject, subject_of
from kproxy.wire.content import decode, encode
from kproxy.wire.requestinfo import request_info
from tests.support.made import json_values

PSEUDONYMS = Pseudonyms(b"1" * 32)
REDACTOR = Redactor(PSEUDONYMS, Literals(PSEUDONYMS, ["known-literal-secret"]))
PLAIN = "hunter22 of the secret"
CODED = base64.b64encode(PLAIN.encode()).decode()
MADE = PSEUDONYMS.text(PLAIN)
MADE_CODED = base64.b64encode(MADE.encode()).decode()
SECRETS = "/api/v1/namespaces/default/secrets"
JSON_TYPE = "application/json"
PROTOBUF = "application/vnd.kubernetes.protobuf"
CBOR = "application/cbor"


def secret(**fields: JSON) -> JSONObject:
    """A Secret that holds PLAIN."""
    return {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "s"}, "data": {"p": CODED}, **fields}


# Any: tests look deep into it.
def redacted(value: JSON, target: str = SECRETS, media_type: str = JSON_TYPE, method: str = "POST") -> Any:
    """What is stored of a value; it holds no secret, and redacting it again changes nothing."""
    secrecy = REDACTOR.secrecy(request_info(method, target))
    once = REDACTOR.content(secrecy, media_type, encode(media_type, value))
    assert isinstance(once, bytes)
    for form in (PLAIN.encode(), CODED.encode(), json.dumps(PLAIN)[1:-1].encode()):
        assert form not in once
    assert REDACTOR.content(REDACTOR.secrecy(request_info(method, target)), media_type, once) == once
    return decode(media_type, once)


def test_data_is_replaced_in_base64_and_string_data_as_text() -> None:
    assert redacted(secret(stringData={"q": PLAIN})) == secret(data={"p": MADE_CODED}, stringData={"q": MADE})


@pytest.mark.parametrize("media_type", [PROTOBUF, CBOR])
def test_the_same_in_protobuf_and_cbor(media_type: str) -> None:
    made = redacted(secret(type="Opaque"), media_type=media_type)
    assert made["data"] == {"p": MADE_CODED}
    assert made["type"] == "Opaque"


def test_a_last_applied_annotation_is_replaced_within() -> None:
    applied = json.dumps(secret()) + "\n"
    made = redacted(secret(metadata={"name": "s", "annotations": {LAST_APPLIED: applied, "note": "stays"}}))
    annotations = made["metadata"]["annotations"]
    assert json.loads(annotations[LAST_APPLIED])["data"] == {"p": MADE_CODED}
    assert annotations["note"] == "stays"


def test_a_last_applied_annotation_that_is_none_is_replaced_whole() -> None:
    made = redacted(secret(metadata={"annotations": {LAST_APPLIED: f"{PLAIN}{{"}}))
    assert made["metadata"]["annotations"][LAST_APPLIED].startswith("kproxy-redacted-")


def test_lists_tables_and_watch_events() -> None:
    bare: JSONObject = {"metadata": {"name": "s"}, "data": {"p": CODED}}
    values: list[JSONObject] = [
        {"kind": "SecretList", "apiVersion": "v1", "items": [bare, bare]},
        {"kind": "List", "apiVersion": "v1", "items": [secret()]},
        {"kind": "Table", "rows": [{"cells": ["s"], "object": secret()}]},
        {"type": "ADDED", "object": secret()},
    ]
    for value in values:
        assert MADE_CODED in json.dumps(redacted(value, method="GET"))
        assert MADE_CODED in json.dumps(redacted(value, method="GET", media_type="application/cbor-seq"))


def test_bytes_of_a_secret_in_cbor_are_replaced_in_lists_of_other_things_too() -> None:
    inner = {b"kind": b"Secret", b"metadata": {}, b"data": {b"p": cbor2.CBORTag(22, PLAIN.encode())}}
    pieces = b"\x5f\x43Sec\x43ret\xff"  # a text in two pieces
    for data in (cbor2.dumps({b"items": [inner]}), cbor2.dumps({b"items": [inner]}).replace(b"\x46Secret", pieces)):
        made = _bytes(REDACTOR.content(REDACTOR.secrecy(request_info("GET", "/apis/x/v1/bundles")), CBOR, data))
        assert PLAIN.encode() not in made
        assert MADE.encode() in made


def test_a_secret_inside_of_something_else_is_found_by_its_kind() -> None:
    template: JSONObject = {"kind": "Bundle", "apiVersion": "x/v1", "spec": {"parts": [secret()]}}
    made = redacted(template, "/apis/x/v1/namespaces/a/bundles")
    assert made["spec"]["parts"][0]["data"] == {"p": MADE_CODED}


@pytest.mark.parametrize(
    ("media_type", "patch", "expected"),
    [
        ("application/merge-patch+json", {"data": {"p": CODED, "q": None}}, {"data": {"p": MADE_CODED, "q": None}}),
        (
            "application/strategic-merge-patch+json",
            {"stringData": {"p": PLAIN, "$patch": "replace"}},
            {"stringData": {"p": MADE, "$patch": "replace"}},
        ),
        (
            "application/json-patch+json",
            [
                {"op": "add", "path": "/data/p", "value": CODED},
                {"op": "add", "path": "/stringData", "value": {"a~1b": PLAIN}},
                {
                    "op": "test",
                    "path": "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration",
                    "value": json.dumps({"data": {"p": CODED}}),
                },
                {"op": "remove", "path": "/data/q"},
                {"op": "replace", "path": "", "value": {"data": {"p": CODED}}},
                {"op": "replace", "path": "/metadata/labels/a", "value": "stays"},
            ],
            [
                {"op": "add", "path": "/data/p", "value": MADE_CODED},
                {"op": "add", "path": "/stringData", "value": {"a~1b": MADE}},
                {
                    "op": "test",
                    "path": "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration",
                    "value": json.dumps({"data": {"p": MADE_CODED}}, separators=(",", ":")),
                },
                {"op": "remove", "path": "/data/q"},
                {"op": "replace", "path": "", "value": {"data": {"p": MADE_CODED}}},
                {"op": "replace", "path": "/metadata/labels/a", "value": "stays"},
            ],
        ),
    ],
)
def test_patches(media_type: str, patch: JSON, expected: JSON) -> None:
    assert redacted(patch, f"{SECRETS}/s", media_type, "PATCH") == expected


def test_an_applied_yaml_loses_its_comments_too() -> None:
    raw = f"# {PLAIN}\nkind: Secret\napiVersion: v1\nstringData:\n  p: {PLAIN}\n".encode()
    secrecy = REDACTOR.secrecy(request_info("PATCH", f"{SECRETS}/s"))
    made = REDACTOR.content(secrecy, "application/apply-patch+yaml", raw)
    assert isinstance(made, bytes)
    assert PLAIN.encode() not in made
    assert decode(JSON_TYPE, made) == {"kind": "Secret", "apiVersion": "v1", "stringData": {"p": MADE}}
    comment = f"# {PLAIN}\nmetadata: {{}}\n".encode()
    assert PLAIN.encode() not in _bytes(REDACTOR.content(secrecy, "application/apply-patch+yaml", comment))


def _bytes(made: bytes | Opaque) -> bytes:
    assert isinstance(made, bytes)
    return made


def test_an_object_with_two_equal_keys_is_not_kept_as_another_one() -> None:
    raw = f'{{"kind":"Secret","data":{{"p":"{CODED}"}},"data":{{}}}}'.encode()
    made = REDACTOR.content(Secrecy(Subject.SECRET), JSON_TYPE, raw)
    assert made == Opaque("may hold a secret: an object has a key twice")


def test_what_calls_itself_otherwise_at_the_path_of_secrets_is_read_as_one() -> None:
    for kind in ("Status", "ConfigMap", "Table", 3):
        assert MADE_CODED in json.dumps(redacted({**secret(), "kind": kind}))
    assert MADE_CODED in json.dumps(redacted({"type": "x", "object": {}, "data": {"p": CODED}}))


def test_values_that_no_secret_may_have_are_replaced_and_stay_invalid() -> None:
    made = redacted(
        {"kind": "Secret", "data": {"a": 12345, "b": [PLAIN], "c": True, "d": {"e": PLAIN}}, "stringData": PLAIN}
    )
    assert isinstance(made["data"]["a"], list)
    assert made["data"]["c"] is True
    assert made["stringData"] == MADE


def test_an_error_that_quotes_the_request_is_cleaned() -> None:
    secrecy = REDACTOR.secrecy(request_info("POST", SECRETS))
    REDACTOR.content(secrecy, JSON_TYPE, encode(JSON_TYPE, secret()))
    status: JSONObject = {
        "kind": "Status",
        "message": f"bad value {CODED}",
        "details": {"causes": [{"message": CODED}]},
        "code": 422,
    }
    made = decode(JSON_TYPE, _bytes(REDACTOR.content(secrecy, JSON_TYPE, encode(JSON_TYPE, status))))
    assert made == {
        "kind": "Status",
        "message": f"bad value {MADE_CODED}",
        "details": {"causes": [{"message": MADE_CODED}]},
        "code": 422,
    }


def test_an_error_about_a_request_that_could_not_be_read_keeps_no_message() -> None:
    secrecy = REDACTOR.secrecy(request_info("POST", SECRETS))
    assert isinstance(REDACTOR.content(secrecy, JSON_TYPE, f'{{"data": {PLAIN}'.encode()), Opaque)
    status = encode(JSON_TYPE, {"kind": "Status", "message": f"…|{PLAIN}|…", "code": 400})
    made = decode(JSON_TYPE, _bytes(REDACTOR.content(secrecy, JSON_TYPE, status)))
    assert isinstance(made, dict)
    assert str(made["message"]).startswith("kproxy-redacted-")


@pytest.mark.parametrize(
    ("media_type", "data"),
    [
        (CBOR, b"\xd9\xd9\xf7\xa1"),
        (CBOR, cbor2.dumps(f"[{PLAIN}")),
        (CBOR, b"\x5b" + (40).to_bytes(8) + PLAIN.encode().ljust(40)),
        (PROTOBUF, b"k8s\0\xff\xff"),
        (JSON_TYPE, b'{"kind":"Secret","data":{"p":"' + CODED.encode()),
        ("text/plain", PLAIN.encode()),
        ("", b"\xff"),
        (JSON_TYPE, b'"just a string"'),
    ],
)
def test_what_cannot_be_decoded_and_may_hold_a_secret_is_opaque(media_type: str, data: bytes) -> None:
    made = REDACTOR.content(REDACTOR.secrecy(request_info("POST", SECRETS)), media_type, data)
    assert isinstance(made, Opaque)
    assert PLAIN not in made.reason


def test_what_was_cut_off_and_may_hold_a_secret_is_opaque() -> None:
    part = json.dumps(secret()).encode()[:-5]
    pods = REDACTOR.secrecy(request_info("GET", "/api/v1/pods"))
    assert isinstance(REDACTOR.content(pods, JSON_TYPE, part, whole=False), Opaque)
    harmless = b'{"kind":"PodList","items":['
    assert REDACTOR.content(pods, JSON_TYPE, harmless, whole=False) is harmless


def test_tokens_of_token_requests_and_reviews() -> None:
    request = redacted(
        {"kind": "TokenRequest", "spec": {"audiences": ["a"]}, "status": {"token": PLAIN}},
        "/api/v1/namespaces/default/serviceaccounts/x/token",
    )
    assert request == {"kind": "TokenRequest", "spec": {"audiences": ["a"]}, "status": {"token": MADE}}
    review = redacted({"spec": {"token": PLAIN}}, "/apis/authentication.k8s.io/v1/tokenreviews")
    assert review == {"spec": {"token": MADE}}


@pytest.mark.parametrize(
    ("target", "value"),
    [
        (
            "/api/v1/namespaces/default/configmaps",
            {"kind": "ConfigMap", "data": {"p": PLAIN, "q": '{"kind":"Secret"}'}},
        ),
        ("/api/v1/namespaces/default/pods", {"kind": "Pod", "spec": {"imagePullSecrets": [{"name": "a"}]}}),
        ("/api/v1", {"kind": "APIResourceList", "resources": [{"kind": "Secret", "name": "secrets"}]}),
        (SECRETS, {"kind": "Status", "message": 'secrets "x" not found', "code": 404}),
        (SECRETS, {"kind": "SecretList", "items": []}),
        (SECRETS, {"kind": "Secret", "metadata": {"managedFields": [{"fieldsV1": {"f:data": {"f:p": {}}}}]}}),
        (f"{SECRETS}/x", {"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0}),
    ],
)
def test_bytes_that_hold_nothing_to_hide_stay_what_they_are(target: str, value: JSON) -> None:
    data = json.dumps(value, indent=3).encode()
    assert REDACTOR.content(REDACTOR.secrecy(request_info("GET", target)), JSON_TYPE, data) == data


@given(json_values)
def test_redacting_anything_again_changes_nothing(value: JSON) -> None:
    patch: JSON = [{"op": "add", "path": "/data", "value": value}]
    whole: JSON = {"kind": "Secret", "data": value, "stringData": value}
    for subject in (Subject.SECRET, Subject.TOKEN, Subject.RESOURCE):
        for data in (json.dumps(patch), json.dumps(whole)):
            once = REDACTOR.content(Secrecy(subject), JSON_TYPE, data.encode())
            if isinstance(once, bytes):
                assert REDACTOR.content(Secrecy(subject), JSON_TYPE, once) == once


@pytest.mark.parametrize("kind", [{"a": "b"}, ["Secret"], 1, None])
def test_a_kind_that_is_no_text_hides_nothing_from_the_search(kind: JSON) -> None:
    """Found by fuzzing: what stands there need not even be fit for a comparison."""
    made = redacted({"type": "ADDED", "object": {"kind": kind, "inner": [secret()]}}, "/apis/x/v1/namespaces/a/bundles")
    assert made["object"]["kind"] == kind
    assert made["object"]["inner"][0]["data"] == {"p": MADE_CODED}


@given(st.binary(max_size=100), st.sampled_from([JSON_TYPE, PROTOBUF, CBOR, "application/yaml", "text/plain", ""]))
def test_no_bytes_make_it_fail(data: bytes, media_type: str) -> None:
    for subject in Subject:
        for event in (False, True):
            REDACTOR.content(Secrecy(subject), media_type, data, event=event)
    REDACTOR.etcd_value(EtcdKey(data), data, "/registry")
    REDACTOR.etcd_value(EtcdKey(b"/registry/secrets/a/b"), data, "/registry")


def test_known_literals_are_replaced_everywhere_in_protobuf_and_cbor_too() -> None:
    pod: JSONObject = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "known-literal-secret"}}
    for media_type in (JSON_TYPE, PROTOBUF, CBOR):
        secrecy = REDACTOR.secrecy(request_info("POST", "/api/v1/namespaces/default/pods"))
        made = _bytes(REDACTOR.content(secrecy, media_type, encode(media_type, pod)))
        assert b"known-literal-secret" not in made
        value = decode(media_type, made)
        assert isinstance(value, dict)
        assert value["metadata"] == {"name": PSEUDONYMS.text("known-literal-secret")}
    discovery = REDACTOR.content(Secrecy(Subject.OTHER), "text/html", b"<p>known-literal-secret")
    assert _bytes(discovery).startswith(b"<p>kproxy-redacted-")


@pytest.mark.parametrize("key", ["/registry/secrets/default/s", "/registry/something/else"])
@pytest.mark.parametrize("media_type", [JSON_TYPE, PROTOBUF, CBOR])
def test_values_in_etcd(key: str, media_type: str) -> None:
    stored = encode(media_type, secret())
    made = _bytes(REDACTOR.etcd_value(EtcdKey(key.encode()), stored, "/registry"))
    value = decode(media_type, made)
    assert isinstance(value, dict)
    assert value["data"] == {"p": MADE_CODED}
    assert REDACTOR.etcd_value(EtcdKey(key.encode()), made, "/registry") == made


def test_values_in_etcd_that_cannot_be_read() -> None:
    assert REDACTOR.etcd_value(EtcdKey(b"/x"), b"k8s:enc:aescbc:v1:key:\xff", "/registry") == Opaque(
        "encrypted at rest"
    )
    here = EtcdKey(b"/registry/secrets/default/s")
    assert isinstance(REDACTOR.etcd_value(here, b"\xff", "/registry"), Opaque)
    assert REDACTOR.etcd_value(EtcdKey(b"compact_rev_key"), b"17", "/registry") == b"17"
    config = encode(PROTOBUF, {"kind": "ConfigMap", "apiVersion": "v1", "data": {"p": PLAIN}})
    assert REDACTOR.etcd_value(EtcdKey(b"/registry/configmaps/secrets/c"), config, "/registry") == config


def test_what_an_exchange_is_about() -> None:
    def subject(**fields: str) -> Subject:
        return subject_of(RequestInfo(verb="get", path="/", is_resource=True, **fields))

    assert subject(resource="secrets", group="any.example") is Subject.SECRET
    assert subject(resource="serviceaccounts") is Subject.RESOURCE
    assert subject(resource="serviceaccounts", subresource="token") is Subject.TOKEN
    assert subject_of(RequestInfo(verb="get", path="/openapi/v2", is_resource=False)) is Subject.OTHER


@pytest.mark.parametrize("name", ["stringdata", "Data", "date"])
def test_what_a_misspelt_field_of_a_secret_holds_is_hidden(name: str) -> None:
    made = redacted({"kind": "Secret", "metadata": {"name": "s"}, name: {"p": PLAIN, "q": [{"r": CODED}]}})
    assert made["metadata"] == {"name": "s"}
    assert made[name]["p"] == MADE


def test_a_reference_to_a_secret_stays_what_it_is() -> None:
    event: JSONObject = {"kind": "Event", "involvedObject": {"kind": "Secret", "namespace": "default", "name": "s"}}
    assert redacted(event, target="/api/v1/namespaces/default/events") == event


def test_annotations_of_other_tools_are_cleaned_like_kubectls() -> None:
    made = redacted({"kind": "Secret", "metadata": {"annotations": {"kapp.k14s.io/original": json.dumps(secret())}}})
    original = json.loads(made["metadata"]["annotations"]["kapp.k14s.io/original"])
    assert original["data"] == {"p": MADE_CODED}


@pytest.mark.parametrize(
    "message",
    [
        'patch: Invalid value: "{\\"data\\":{\\"other\\":\\"c3RvcmVkIGJlZm9yZQ==\\"}}": illegal base64 data',
        'patch: Invalid value: "map[data:map[other:c3RvcmVkIGJlZm9yZQ==]]": cannot restore map from string',
        ".data: expected map, got &{[c3RvcmVkIGJlZm9yZQ==]}",
    ],
)
def test_an_error_that_quotes_the_stored_secret_keeps_its_reason_only(message: str) -> None:
    """Real ones: the server quotes keys that were in no request."""
    status: JSONObject = {"kind": "Status", "message": message, "details": {"causes": [{"message": message}]}}
    made = redacted(status, method="PATCH", target=f"{SECRETS}/s")
    for text in (made["message"], made["details"]["causes"][0]["message"]):
        assert "c3RvcmVk" not in text
        assert text[:10] == message[:10]


def test_an_error_after_a_body_that_could_not_be_read_says_nothing_in_its_causes_either() -> None:
    secrecy = REDACTOR.secrecy(request_info("POST", SECRETS))
    assert isinstance(REDACTOR.content(secrecy, JSON_TYPE, b'{"stringData": {"p": "hunt', whole=False), Opaque)
    status: JSONObject = {"kind": "Status", "message": "hunt", "details": {"causes": [{"message": "hunt"}]}}
    made = REDACTOR.content(secrecy, JSON_TYPE, encode(JSON_TYPE, status))
    assert b"hunt" not in _bytes(made)


@pytest.mark.parametrize("path", ["", "data/p", "/data", "/data/p/q", "/nothing"])
def test_a_json_patch_hides_its_value_wherever_it_points(path: str) -> None:
    (operation,) = redacted([{"op": "add", "path": path, "value": PLAIN}], method="PATCH")
    assert operation["path"] == path


def test_a_secret_sent_to_a_path_that_is_no_resource_is_hidden_too() -> None:
    made = redacted(secret(), target=f"/x/..{SECRETS}")
    assert made["data"] == {"p": MADE_CODED}


@pytest.mark.parametrize(
    ("media_type", "written"),
    [(JSON_TYPE, "\\u0053ecret"), (JSON_TYPE, "Se\\u0063ret"), ("application/yaml", "\\x53ecret")],
)
def test_a_kind_that_is_written_in_escapes_hides_nothing_from_the_search(media_type: str, written: str) -> None:
    body = json.dumps({"kind": "Bundle", "apiVersion": "x/v1", "parts": [secret()]}).replace('"Secret"', f'"{written}"')
    about = REDACTOR.secrecy(request_info("POST", "/apis/x/v1/namespaces/a/bundles"))
    made = REDACTOR.content(about, media_type, body.encode())
    assert isinstance(made, bytes)
    assert CODED.encode() not in made
    assert MADE_CODED.encode() in made
