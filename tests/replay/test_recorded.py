"""kproxy.replay.recorded."""

from dataclasses import replace

import pytest

from kproxy.model.exchange import Exchange, Nanos, Request, Seq
from kproxy.model.jsontypes import JSON
from kproxy.renaming.kinds import Kind
from kproxy.renaming.renaming import Renaming
from kproxy.replay.recorded import (
    failed_before,
    follows,
    is_leaving,
    is_refused_watch,
    request_of,
    stays_open,
)
from kproxy.wire.requestinfo import request_info
from tests.replay.test_sights import exchanged

LEASES = "/apis/coordination.k8s.io/v1/leases?watch=true&timeoutSeconds=30"


def asked(target: str, lasted: float) -> Exchange:
    """A request that lasted for so many seconds."""
    return Exchange(
        seq=Seq(1),
        connection=1,
        started=Nanos(0),
        ended=Nanos(int(lasted * 1e9)),
        request=Request(method="GET", target=target, http_version="HTTP/1.1", headers=()),
        info=request_info("GET", target),
    )


@pytest.mark.parametrize(
    ("target", "lived", "expected"),
    [
        ("/api/v1/pods?watch=true", 0.1, True),
        ("/api/v1/pods?watch=true", 1900, False),
        (LEASES, 29, True),
        (LEASES, 30, False),
        ("/apis/example.com/v1/widgets?watch=true", 0.1, False),  # its definition may have changed
        ("/apis/gateway.networking.k8s.io/v1/gateways?watch=true", 0.1, False),
    ],
)
def test_a_watch_stays_open_until_its_time_is_over(target: str, lived: float, *, expected: bool) -> None:
    exchange = asked(target, 30)
    assert stays_open(exchange, lived) is expected
    assert not stays_open(None, lived)


def test_a_watch_that_its_client_left_is_asked_for_longer_than_any_replay_takes() -> None:
    """A replay that is slower than its recording would come to the end of a time that the client drew."""
    left, ended, other = asked(LEASES, 12), asked(LEASES, 30), asked("/api/v1/pods?timeoutSeconds=30", 12)
    targets = [request_of(Renaming(), each, b"").target for each in (left, ended, other)]
    assert targets == [LEASES.replace("30", "3600"), LEASES, other.request.target]
    assert stays_open(left, 40)


def test_the_body_that_is_given_is_the_requests() -> None:
    assert request_of(Renaming(), asked("/api/v1/pods", 1), b"a body").body == b"a body"


PODS = "/api/v1/namespaces/default/pods"


@pytest.mark.parametrize(
    ("target", "goes_on"),
    [
        (f"{PODS}/p/log?follow=true", True),
        (f"{PODS}/p/log?container=c&follow=1", True),
        (f"{PODS}/p/log?follow=True", True),
        (f"{PODS}/p/log?follow=t", True),
        (f"{PODS}/p/log?follow=false", False),
        (f"{PODS}/p/log", False),
        (f"{PODS}/p?follow=true", False),
    ],
)
def test_a_log_goes_on_if_it_was_asked_to(target: str, *, goes_on: bool) -> None:
    assert follows(asked(target, 1)) is goes_on


def test_a_body_is_renamed_as_its_media_type_says() -> None:
    """In JSON an escaped text is what it stands for; a text is what it is."""
    renaming = Renaming()
    renaming.learn_name(Kind.NAME, "web-x7k2p", "web-9k2lm")
    body = rb'{"data":{"pod":"web\u002dx7k2p"}}'
    for media_type, expected in (("application/json", b"web-9k2lm"), ("text/plain", rb"web\u002dx7k2p")):
        exchange = exchanged("POST", "/api/v1/namespaces/default/configmaps")[1]
        request = replace(exchange.request, headers=(("Content-Type", media_type),))
        assert expected in request_of(renaming, replace(exchange, request=request), body).body


def test_a_revision_that_is_still_to_come_is_asked_for_as_it_was() -> None:
    """The api-server answered 504, «Too large resource version»: here it says the same of the same number."""
    renaming = Renaming()
    renaming.revisions.learn("", "99", "7", resource="pods")
    target = f"{PODS}?resourceVersion=99&resourceVersionMatch=Exact"
    for status, expected in ((200, target.replace("99", "7")), (504, target)):
        assert request_of(renaming, exchanged("GET", target, status)[1], b"").target == expected


@pytest.mark.parametrize(
    ("target", "status", "refused", "failed"),
    [
        (f"{PODS}?watch=1", 400, True, False),
        (f"{PODS}?watch=1", 200, False, False),
        (PODS, 400, False, False),
        (f"{PODS}?watch=1", 500, True, True),
        (PODS, 499, False, False),
    ],
)
def test_what_a_watch_was_refused_and_where_a_server_failed_itself(
    target: str, status: int, *, refused: bool, failed: bool
) -> None:
    exchange = exchanged("GET", target, status)[1]
    assert (is_refused_watch(exchange), failed_before(exchange)) == (refused, failed)
    unanswered = replace(exchange, answer=None)
    assert (is_refused_watch(unanswered), failed_before(unanswered)) == (False, True)


GOING: JSON = {"metadata": {"name": "p", "deletionTimestamp": "2026-11-26T00:00:00Z"}}


@pytest.mark.parametrize(
    ("method", "status", "said", "passing"),
    [
        ("GET", 200, GOING, True),
        ("GET", 200, {"metadata": {"name": "p"}}, False),
        ("GET", 404, GOING, False),
        ("DELETE", 200, GOING, False),
        ("GET", 200, [1], False),
        ("GET", 200, None, False),
    ],
)
def test_an_object_on_its_way_out_is_passing(method: str, status: int, said: JSON, *, passing: bool) -> None:
    recording, exchange = exchanged(method, f"{PODS}/p", status, said)
    assert is_leaving(recording, exchange) is passing
    assert not is_leaving(recording, replace(exchange, answer=None))


def test_what_cannot_be_read_is_not_on_its_way_out() -> None:
    recording, exchange = exchanged("GET", f"{PODS}/p", 200, GOING)
    for digest in recording.body_bytes:
        recording.body_bytes[digest] = b"{deletionTimestamp"
    assert not is_leaving(recording, exchange)
