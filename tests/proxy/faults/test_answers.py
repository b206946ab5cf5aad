"""What a rule answers in the server's place, beside what kube-apiserver's own clients make of it."""

import json

import pytest

from kproxy.proxy.faults.answers import REASONS, fault_answer, status_object
from kproxy.wire.http1 import AnswerFramer, AnswerHead, Body
from kproxy.wire.requestinfo import request_info

WEB = "/apis/apps/v1/namespaces/prod/deployments/web"


@pytest.mark.parametrize("status", sorted(REASONS))
@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_every_status_is_a_well_framed_status_that_keeps_the_connection(status: int, method: bytes) -> None:
    own = fault_answer(status, request_info(method.decode(), WEB), method, 7)
    framer = AnswerFramer()
    framer.expect(method)
    events = framer.feed(own.wire)

    head = events[0]
    assert isinstance(head, AnswerHead)
    assert head.status == status
    assert b"\r\nX-Kproxy: a fault on purpose\r\n" in head.raw
    assert b"\r\nRetry-After: 7\r\n" in head.raw
    assert b"onnection: close" not in head.raw
    assert framer.idle
    document = json.loads(own.body or json.dumps(status_object(status, request_info("GET", WEB), 7)))
    assert [event for event in events if isinstance(event, Body)] == ([Body(own.body)] if method == b"GET" else [])
    assert (document["kind"], document["status"], document["code"]) == ("Status", "Failure", status)
    assert document["details"]["retryAfterSeconds"] == 7


@pytest.mark.parametrize(
    ("status", "method", "target", "reason", "message"),
    [
        (409, "PUT", WEB, "Conflict", 'Operation cannot be fulfilled on deployments.apps "web": the object has been'),
        (409, "POST", "/api/v1/namespaces/a/pods", "AlreadyExists", 'pods "" already exists'),
        (404, "GET", WEB, "NotFound", 'deployments.apps "web" not found'),
        (404, "GET", "/nowhere", "NotFound", "the server could not find the requested resource"),
        (410, "GET", "/api/v1/pods?watch=1", "Expired", "The resourceVersion for the provided watch is too old."),
        (410, "GET", "/api/v1/pods", "Expired", "The provided continue parameter is too old"),
        (422, "POST", WEB, "Invalid", 'deployments "web" is invalid'),
        (429, "GET", WEB, "TooManyRequests", "Too many requests, please try again later."),
        (500, "GET", WEB, "InternalError", "Internal error occurred: a fault on purpose"),
    ],
)
def test_reason_and_words_are_the_api_servers(status: int, method: str, target: str, reason: str, message: str) -> None:
    document = status_object(status, request_info(method, target))
    assert document["reason"] == reason
    assert str(document["message"]).startswith(message)
