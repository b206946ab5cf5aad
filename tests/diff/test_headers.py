"""kproxy.diff.headers and kproxy.diff.framing."""

from dataclasses import replace
from functools import partial

import pytest

from kproxy.model.exchange import Exchange, Headers, Seq
from kproxy.model.verdict import Outcome, Verdict
from tests.diff.sessions import PODS, FakeServer, verdict_of

U1, U2, U3 = (f"{letter * 8}-0000-4000-8000-000000000001" for letter in "abc")


def compared(first: list[Headers], second: list[Headers], *, requests: bool = False, without: str = "") -> Verdict:
    """The verdict when the exchanges' answers (or requests) have these header fields more, the replay's one less."""
    servers = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    for server, headers in zip(servers, (first, second), strict=True):
        for fields in headers:
            seq = server.exchange("GET", PODS, 200, {"kind": "x"}, headers=() if requests else fields)
            server.edit(seq, partial(_asking, fields=fields if requests else ()))
    servers[1].edit(Seq(1), lambda each: _without(each, without))
    return verdict_of(*servers)


def _asking(exchange: Exchange, fields: Headers) -> Exchange:
    return replace(exchange, request=replace(exchange.request, headers=exchange.request.headers + fields))


def _without(exchange: Exchange, name: str) -> Exchange:
    assert exchange.answer
    kept = tuple(pair for pair in exchange.answer.headers if pair[0] != name)
    return replace(exchange, answer=replace(exchange.answer, headers=kept))


def flow(uid: str) -> Headers:
    """The header that names a flow schema."""
    return (("X-Kubernetes-Pf-Flowschema-Uid", uid),)


def test_flow_uids_are_renamed_one_to_one() -> None:
    assert compared([flow(U1)] * 3, [flow(U2)] * 3).outcome is Outcome.IDENTICAL
    verdict = compared([flow(U1)] * 3, [flow(U2), flow(U2), flow(U3)])
    assert [(each.seq, each.kind) for each in verdict.differences] == [(3, "renamed")]


def test_a_client_session_is_consistent_and_other_headers_of_requests_are_equal() -> None:
    def session(value: str) -> Headers:
        return (("Kubectl-Session", value),)

    assert compared([session(U1)] * 2, [session(U2)] * 2, requests=True).outcome is Outcome.IDENTICAL
    assert compared([session(U1)] * 3, [session(U2), session(U2), session(U3)], requests=True).outcome is (
        Outcome.DIFFERENT
    )
    verdict = compared([(("User-Agent", "a"),)], [(("User-Agent", "b"),)], requests=True)
    assert [(each.where, each.path) for each in verdict.differences] == [("request", "header user-agent")]


@pytest.mark.parametrize("name", ["Date", "Audit-Id", "Content-Type", "Content-Length"])
def test_a_header_that_is_not_there_any_more_is_found(name: str) -> None:
    verdict = compared([()], [()], without=name)
    assert (name.lower(), verdict.outcome) == (verdict.differences[0].path, Outcome.DIFFERENT)


def test_expires_is_as_long_after_the_date_as_it_was() -> None:
    def expires(hour: int, minute: int) -> list[Headers]:
        return [(("Expires", f"Mon, 23 Nov 2026 {hour:02}:{minute:02}:01 GMT"),)]

    assert compared(expires(7, 30), expires(15, 30)).outcome is Outcome.IDENTICAL
    assert compared(expires(7, 30), expires(15, 31)).outcome is Outcome.DIFFERENT


def test_last_modified_is_not_after_the_date() -> None:
    def modified(hour: int) -> list[Headers]:
        return [(("Last-Modified", f"Mon, 23 Nov 2026 {hour:02}:00:00 GMT"),)]

    assert compared(modified(6), modified(15)).outcome is Outcome.IDENTICAL
    assert compared(modified(6), modified(16)).outcome is Outcome.DIFFERENT


def test_a_pair_of_pseudonyms_may_be_warned_about_and_nothing_else() -> None:
    def outcome(path: str, warning: str) -> Outcome:
        servers = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
        for server, headers in zip(servers, ((), (("Warning", warning),)), strict=True):
            server.exchange("POST", path, 201, {"kind": "x"}, headers=headers)
        return verdict_of(*servers).outcome

    pair, other = '299 - "tls: failed to find any PEM data in certificate input"', '299 - "unknown field"'
    secrets = "/api/v1/namespaces/default/secrets"
    assert outcome(secrets, pair) is Outcome.EQUIVALENT
    assert outcome(secrets, other) is Outcome.DIFFERENT
    assert outcome(PODS, pair) is Outcome.DIFFERENT


@pytest.mark.parametrize(("name", "value"), [("Expires", "0"), ("Expires", "-1"), ("Last-Modified", "yesterday")])
def test_what_is_no_time_has_to_be_the_same(name: str, value: str) -> None:
    assert compared([((name, value),)], [((name, value),)]).outcome is Outcome.IDENTICAL
    assert compared([((name, value),)], [((name, "1"),)]).outcome is Outcome.DIFFERENT
    time = "Mon, 23 Nov 2026 15:00:00 GMT"
    assert compared([((name, value),)], [((name, time),)]).outcome is Outcome.DIFFERENT
