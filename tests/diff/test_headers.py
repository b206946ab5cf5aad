"""kproxy.diff.headers and kproxy.diff.framing."""

from dataclasses import replace
from functools import partial

import pytest

from kproxy.model.exchange import Exchange, Headers, Seq
from kproxy.model.jsontypes import JSON
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


def test_what_differs_in_a_head_is_said_with_its_values_and_its_kind() -> None:
    def differences(
        first: Headers, second: Headers, *, requests: bool = False
    ) -> list[tuple[str, str, str, JSON, JSON]]:
        found = compared([first], [second], requests=requests).differences
        return [(each.where, each.path, each.kind, each.baseline, each.replayed) for each in found]

    assert differences((("X-A", "1"), ("X-A", "2")), (("X-A", "1"), ("x-a", "3"))) == [
        ("header", "x-a", "changed", "2", "3")
    ]
    assert differences((("X-A", "1"), ("X-A", "2")), (("X-A", "1"),)) == [("header", "x-a", "changed", "1, 2", "1")]
    assert differences((("X-A", "1"),), ()) == [("header", "x-a", "removed", "1", None)]
    assert differences((), (("X-A", "1"),)) == [("header", "x-a", "added", None, "1")]
    assert differences((("X-B", "1"), ("X-A", "1")), (("X-B", "2"), ("X-A", "2"))) == [
        ("header", "x-a", "changed", "1", "2"),
        ("header", "x-b", "changed", "1", "2"),
    ]
    assert differences((("X-A", "1"),), (), requests=True) == [("request", "header x-a", "removed", "1", None)]
    assert differences((), flow(U1)) == [("header", "x-kubernetes-pf-flowschema-uid", "added", None, U1)]


@pytest.mark.parametrize(
    "name",
    [
        "Host",
        "Authorization",
        "Content-Length",
        "Content-Encoding",
        "Transfer-Encoding",
        "Connection",
        "Traceparent",
        "If-Modified-Since",
    ],
)
def test_what_a_replay_sets_anew_in_a_request_is_not_compared(name: str) -> None:
    assert compared([((name, "1"),)], [((name, "2"),)], requests=True).differences == ()
    assert compared([((name, "1"),)], [()], requests=True).differences == ()


def test_as_whom_the_recorded_proxy_sent_a_request_on_is_said_by_the_replay_itself() -> None:
    def differences(forwarded: str, first: Headers, second: Headers) -> int:
        servers = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
        for server, fields in zip(servers, (first, second), strict=True):
            seq = server.exchange("GET", PODS, 200, {"kind": "x"})
            server.edit(seq, partial(_asking, fields=fields))
            server.edit(seq, partial(replace, forwarded=forwarded))
        return len(verdict_of(*servers).differences)

    as_ada: Headers = (("Impersonate-User", "ada"),)
    assert differences("ada", (), as_ada) == 0
    assert differences("", (), as_ada) == 1
    assert differences("ada", as_ada, ()) == 1
    assert differences("ada", (), (("X-User", "ada"),)) == 1


def test_a_name_that_a_client_draws_stands_for_one_name() -> None:
    for name in ("Kubectl-Session", "Sec-WebSocket-Key", "Sec-WebSocket-Accept"):
        same = compared([((name, "x"),)] * 2, [((name, "y"),)] * 2, requests=True)
        assert same.differences == ()
        other = compared([((name, "x"),)] * 3, [((name, "y"),), ((name, "y"),), ((name, "z"),)], requests=True)
        assert [(each.seq, each.kind) for each in other.differences] == [(3, "changed")]


def test_a_warning_about_a_pair_is_hidden_on_writes_of_secrets_alone_and_no_other_beside_it() -> None:
    pair, other = '299 - "tls: failed to find any PEM data in certificate input"', '299 - "unknown field"'
    secrets = "/api/v1/namespaces/default/secrets"

    def outcome(method: str, first: list[str], second: list[str]) -> Outcome:
        servers = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
        target = secrets if method in {"POST", "DELETE"} else f"{secrets}/s"
        for server, said in zip(servers, (first, second), strict=True):
            server.exchange(method, target, 200, {"kind": "x"}, headers=tuple(("Warning", each) for each in said))
        return verdict_of(*servers).outcome

    for method in ("POST", "PUT", "PATCH"):
        assert outcome(method, [other], [pair, other]) is Outcome.EQUIVALENT
        assert outcome(method, [pair], []) is Outcome.EQUIVALENT
        assert outcome(method, [other], [pair]) is Outcome.DIFFERENT
    assert outcome("GET", [], [pair]) is Outcome.DIFFERENT
    assert outcome("DELETE", [], [pair]) is Outcome.DIFFERENT
