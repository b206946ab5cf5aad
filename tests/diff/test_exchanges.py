"""kproxy.diff.exchanges: one pair of exchanges, part by part."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from kproxy.correlate.ledger import correlate
from kproxy.diff.compare import compare
from kproxy.model.exchange import Altered, Answer, Body, BodyState, End, Exchange, Headers, Seq
from kproxy.model.jsontypes import JSON
from kproxy.model.verdict import Outcome, Verdict
from tests.diff.sessions import PODS, FakeServer, verdict_of

type Change = Callable[[Exchange], Exchange]
"""What is done to the replay's exchange, or to both."""

CUT = Body(state=BodyState.PARTIAL, size=3, reason="cut")


def pair(
    change: Change = lambda each: each,
    *,
    both: Change = lambda each: each,
    request: tuple[str, str] = ("GET", f"{PODS}/a"),
    status: int = 200,
    said: JSON = None,
) -> tuple[FakeServer, FakeServer]:
    """Two servers that were asked one thing; the replay's exchange is changed."""
    servers = FakeServer("a", 100, 7, etcd=False), FakeServer("b", 5000, 15, etcd=False)
    for server in servers:
        seq = server.exchange(*request, status, said if said is not None else server.pod(1))
        server.edit(seq, both)
    servers[1].edit(Seq(1), change)
    return servers


def answered(each: Exchange, **fields: object) -> Exchange:
    """The same with another answer."""
    assert isinstance(each.answer, Answer)
    return replace(each, answer=replace(each.answer, **fields))  # type: ignore[arg-type] # an answer's own


def asked(each: Exchange, **fields: object) -> Exchange:
    """The same with another request."""
    return replace(each, request=replace(each.request, **fields))  # type: ignore[arg-type] # a request's own


def told(verdict: Verdict) -> list[tuple[str, str, JSON, JSON]]:
    """All differences."""
    return [(each.where, each.path, each.baseline, each.replayed) for each in verdict.differences]


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (partial(answered, status=203), ("status", "status", 200, 203)),
        (partial(answered, reason="Fine"), ("status", "reason", "", "Fine")),
        (partial(answered, http_version="HTTP/2.0"), ("status", "http version", "HTTP/1.1", "HTTP/2.0")),
        (partial(answered, informational=(103,)), ("status", "informational", "[]", "[103]")),
        (partial(answered, trailers=(("A", "b"),)), ("status", "trailers", "[]", "[['A', 'b']]")),
        (partial(asked, method="HEAD"), ("request", "method", "GET", "HEAD")),
        (partial(asked, target=f"{PODS}/b"), ("request", "target", f"{PODS}/a", f"{PODS}/b")),
        (partial(replace, end=End.SERVER_GONE), ("end", "end", "complete", "server-gone")),
        (partial(replace, end=End.STOPPED), ("end", "end", "complete", "stopped")),
        (partial(replace, answer=None), ("missing", "answer", 200, None)),
    ],
)
def test_each_part_that_is_another_one_is_one_difference(
    change: Change, difference: tuple[str, str, JSON, JSON]
) -> None:
    found = verdict_of(*pair(change))
    assert told(found) == [difference]
    assert [each.kind for each in found.differences] == ["removed" if difference[0] == "missing" else "changed"]


def of_nodes(status: int, recorded: int = 200, subresource: str = "log") -> Verdict:
    """The verdict over what a node was asked."""
    request = ("GET", f"{PODS}/a/{subresource}")
    return verdict_of(*pair(partial(answered, status=status), request=request, status=recorded))


def test_what_a_node_answers_cannot_be_told_where_none_was_reached() -> None:
    for status in (500, 502, 503, 504):
        found = of_nodes(status)
        assert (found.outcome, found.differences) == (Outcome.INCONCLUSIVE, ())
        assert found.reasons == (f"exchange 1: a node answers log, and the replay's server reached none ({status})",)
    assert of_nodes(501).outcome is Outcome.DIFFERENT
    assert of_nodes(403).outcome is Outcome.DIFFERENT
    assert of_nodes(500, subresource="status").outcome is Outcome.DIFFERENT
    assert of_nodes(502, recorded=500).outcome is Outcome.DIFFERENT
    assert of_nodes(502, recorded=404).outcome is Outcome.INCONCLUSIVE


def test_what_a_fault_changed_on_one_side_says_nothing_and_on_both_all() -> None:
    spoilt = partial(replace, fault="delay=1s", altered=frozenset({Altered.FAULT}))
    found = verdict_of(*pair(lambda each: answered(spoilt(each), status=500)))
    assert found.reasons == ("exchange 1: what its client got was changed on purpose, by the fault 'delay=1s'",)
    assert verdict_of(*pair(partial(answered, status=500), both=spoilt)).outcome is Outcome.DIFFERENT
    only_late = partial(replace, fault="delay=1s")
    assert verdict_of(*pair(lambda each: answered(only_late(each), status=500))).outcome is Outcome.DIFFERENT
    gone = partial(replace, fault="cut", end=End.SERVER_GONE)
    assert verdict_of(*pair(gone)).outcome is Outcome.INCONCLUSIVE


def test_a_server_that_could_not_be_reached_is_no_other_servers_behaviour() -> None:
    away = partial(replace, end=End.UNREACHABLE, end_detail="refused", answer=None)
    found = verdict_of(*pair(away))
    assert found.reasons == ("exchange 1: the replay's server could not be reached (refused)",)
    neither = verdict_of(*pair(both=away))
    assert neither.reasons == ("exchange 1: what was answered is in neither recording",)
    servers = pair(both=partial(replace, answer=None))
    assert verdict_of(*servers).outcome is Outcome.IDENTICAL


def test_how_an_exchange_ended_that_nobody_recorded_is_said() -> None:
    found = verdict_of(*pair(partial(replace, end=End.UNKNOWN)))
    assert "how exchange 1 ended was not recorded" in found.reasons
    assert found.differences == ()


def test_a_body_that_is_there_only_in_part_cannot_be_compared_but_with_itself() -> None:
    servers = pair(partial(answered, body=CUT))
    found = verdict_of(*servers)
    assert "exchange 1: an answer's body is there only up to where it was cut" in found.reasons
    itself = verdict_of(servers[1], servers[1])
    assert not any("only up to where it was cut" in each for each in itself.reasons)


@pytest.mark.parametrize(
    ("path", "same"),
    [("/metrics", True), ("/metrics/cadvisor", True), ("/metricsx", False), ("/x/metrics", False)],
)
def test_the_servers_own_metrics_are_what_stands_below_their_path(path: str, *, same: bool) -> None:
    servers = pair(request=("GET", path), said={"count": 1})
    other = servers[1].made.keep(b'{"count":2}')
    servers[1].edit(Seq(1), lambda each: answered(each, body=replace(other, size=12)))
    found = verdict_of(*servers)
    assert [each.rule for each in found.noise] == (["server-metrics"] if same else [])
    assert (found.outcome is Outcome.DIFFERENT) is not same


def conditional(path: str, first: int, second: int, headers: Headers = (("If-None-Match", "x"),)) -> list[str]:
    """The rules that hid something between two answers to a conditional GET."""
    servers = pair(request=("GET", path), said={"a": 1}, both=partial(asked, headers=headers))
    empty = Body(state=BodyState.EMPTY, size=0)
    for server, status in zip(servers, (first, second), strict=True):
        server.edit(Seq(1), partial(answered, status=status))
        if status == 304:
            server.edit(Seq(1), partial(answered, body=empty, headers=()))
    return [each.rule for each in verdict_of(*servers).noise]


def test_whether_a_cached_document_still_holds_is_the_servers_own_for_openapi_that_was_asked_so() -> None:
    openapi = "/openapi/v3/api/v1"
    assert conditional(openapi, 200, 304) == conditional(openapi, 304, 200) == ["openapi-not-modified"]
    assert conditional(openapi, 200, 304, (("if-modified-since", "Mon"),)) == ["openapi-not-modified"]
    assert conditional(openapi, 200, 304, (("Accept", "x"),)) == []
    assert conditional("/apis", 200, 304) == []
    assert conditional(openapi, 200, 200) == []
    assert conditional(openapi, 404, 304) == []


@pytest.mark.parametrize(
    ("first", "second", "replayed", "compared"),
    [
        ("limit=5", "limit=5", True, True),
        ("limit=5", "limit=6", False, False),
        ("a=1&b=2", "b=2&a=1", False, False),
        ("a=1", "a=1&b=2", False, False),
        ("timeoutSeconds=5", "timeoutSeconds=6", False, True),
        ("timeout=5s", "timeout=6s", False, True),
        ("resourceVersion=100", "resourceVersion=5000", True, True),
        ("resourceVersion=100", "resourceVersion=0", False, False),
        ("resourceVersion=0", "resourceVersion=0", True, True),
        ("resourceVersion=100", "resourceVersion=", False, False),
        ("continue=abc", "continue=def", True, True),
        ("continue=abc", "continue=", False, False),
        ("labelSelector=a,b", "labelSelector=b,a", True, True),
        ("labelSelector=a,b", "labelSelector=a", False, False),
    ],
)
def test_two_targets_ask_for_the_same(first: str, second: str, *, replayed: bool, compared: bool) -> None:
    """`replayed`: in a replay, which sends what was recorded; `compared`: of two runs of a client."""
    servers = pair(request=("GET", f"{PODS}?{first}"), said={"kind": "x"})
    servers[1].edit(Seq(1), partial(asked, target=f"{PODS}?{second}"))
    target = ("request", "target", f"{PODS}?{first}", f"{PODS}?{second}")
    assert (told(verdict_of(*servers)) != [target]) is replayed
    made = [each.made for each in servers]
    found = compare(made[0], correlate(made[0]), made[1], correlate(made[1]))
    assert (target not in told(found) and found.outcome is Outcome.IDENTICAL) is compared


def test_a_documents_hash_is_told_by_the_replays_own_server() -> None:
    for path, differences in (("/openapi/v3/api/v1", 0), ("/openapi/v2", 1), ("/apis", 1)):
        servers = pair(request=("GET", f"{path}?hash=A"), said={"kind": "x"})
        servers[1].edit(Seq(1), partial(asked, target=f"{path}?hash=B"))
        assert len(told(verdict_of(*servers))) == differences


def in_bytes(first: bytes, second: bytes, media_type: str = "text/x") -> list[tuple[str, str, JSON, JSON]]:
    """The differences between two bodies as they are."""
    servers = pair(said={"kind": "x"})
    for server, data in zip(servers, (first, second), strict=True):
        body = server.made.keep(data)
        fields = (("Content-Type", media_type),)
        server.edit(Seq(1), partial(answered, body=replace(body, size=7), headers=fields))
    return told(verdict_of(*servers))


def test_bodies_that_are_no_documents_are_shown_by_their_size_and_digest() -> None:
    binary = "application/octet-stream"
    assert in_bytes(b"\x00a", b"\x00a", binary) == []
    [(where, path, first, second)] = in_bytes(b"\x00a", b"\x00bc", binary)
    assert (where, path) == ("body", "$")
    assert str(first).startswith("2 bytes, sha256 ")
    assert str(second).startswith("3 bytes, sha256 ")
    assert first != second


def test_a_document_beside_bytes_that_are_none_is_another_body() -> None:
    [(where, path, first, second)] = in_bytes(b"{}", b"{oops", "application/json")
    assert (where, path, first) == ("body", "$", "a document")
    assert str(second).startswith("5 bytes, sha256 ")
