"""kproxy.replay.plain: held against what renaming makes of the same requests."""

from dataclasses import replace

import pytest

from kproxy.model.exchange import EMPTY_BODY, Body, BodyState, Digest, Exchange
from kproxy.renaming.renaming import Renaming
from kproxy.replay.plain import stays_as_it_is, tells_of_itself
from kproxy.replay.recorded import as_it_is, request_of
from tests.replay.test_recorded import LEASES, asked
from tests.replay.test_sights import exchanged


def posted(target: str, body: bytes, *fields: tuple[str, str], method: str = "POST") -> Exchange:
    """A request that had a body, if it is not empty."""
    exchange = exchanged(method, target)[1]
    kept = Body(state=BodyState.KEPT, size=len(body), digest=Digest("0" * 64)) if body else EMPTY_BODY
    headers = (("Content-Type", "application/json"), *fields)
    return replace(exchange, request=replace(exchange.request, headers=headers, body=kept))


MAPS = "/api/v1/namespaces/default/configmaps"
PLAIN = [
    (MAPS, b'{"metadata":{"name":"a"},"data":{"when":"2026-11-26","port":"31000"}}'),
    (f"{MAPS}/a?fieldManager=b%2Dc", b""),
    (f"{MAPS}?labelSelector=app%3Da&limit=500", b""),
    ("/api/v1/namespaces/default/services", b'{"spec":{"ports":[{"port":80,"nodePort":31000}]}}'),
]


@pytest.mark.parametrize(("target", "body"), PLAIN)
def test_what_stays_as_it_is_goes_out_so_whatever_is_known_but_names(target: str, body: bytes) -> None:
    renaming = Renaming()
    exchange = posted(target, body)
    assert stays_as_it_is(exchange, body)
    for _ in range(2):
        assert not renaming.changes_texts
        assert request_of(renaming, exchange, body) == as_it_is(exchange, body)
        renaming.revisions.learn("", "31000", "7")
        renaming.modified[target, "now"] = "then"


@pytest.mark.parametrize(
    ("target", "body", "fields"),
    [
        (f"{MAPS}?resourceVersion=99", b"", ()),
        (f"{MAPS}?limit=1&continue=abc", b"", ()),
        ("/openapi/v3/api/v1?hash=abc", b"", ()),
        ("/openapi/v2", b"", (("If-Modified-Since", "Fri, 27 Nov 2026 20:25:06 GMT"),)),
        (MAPS, b'{"metadata":{"resourceVersion":"7"}}', ()),
        (MAPS, b'{"data":{"of":"0f0f0f0f-0000-4000-8000-000000000001"}}', ()),
    ],
)
def test_what_says_more_does_not_stay_as_it_is(target: str, body: bytes, fields: tuple[tuple[str, str], ...]) -> None:
    assert not stays_as_it_is(posted(target, body, *fields), body)


def test_a_body_that_nobody_read_may_say_anything() -> None:
    assert not stays_as_it_is(posted(MAPS, b"{}"), b"")


def test_a_watch_that_its_client_left_does_not_stay_as_it_is() -> None:
    assert not stays_as_it_is(asked(LEASES, 12), b"")


def test_only_a_creation_tells_of_what_it_made() -> None:
    made = b'{"kind":"ConfigMap","metadata":{"name":"a","uid":"0f0f0f0f-0000-4000-8000-000000000001"}}'
    answered = (("Content-Type", "application/json"),)

    def told(method: str, target: str, body: bytes) -> bool:
        exchange = posted(target, b"{}", method=method)
        assert exchange.answer is not None
        return tells_of_itself(replace(exchange, answer=replace(exchange.answer, headers=answered)), body)

    assert told("POST", MAPS, made)
    assert not told("POST", MAPS, made.replace(b'"name"', b'"generateName":"a-","name"'))
    assert not told("PUT", f"{MAPS}/a", made)
    assert not told("POST", "/api/v1/namespaces/default/pods/a/binding", made)
    assert not tells_of_itself(replace(posted(MAPS, b"{}"), answer=None), made)
