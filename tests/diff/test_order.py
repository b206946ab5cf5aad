"""kproxy.diff.order."""

from dataclasses import replace
from functools import partial

from kproxy.model.exchange import Exchange, Nanos, Seq
from kproxy.model.verdict import Outcome
from tests.diff.sessions import PODS, SECOND, FakeServer, verdict_of


def test_a_revision_that_no_store_counts_to_is_a_value_like_others() -> None:
    servers = FakeServer("a", 1 << 63, 7, etcd=False), FakeServer("b", 1 << 64, 15, etcd=False)
    for server in servers:
        server.exchange("GET", f"{PODS}/a", 200, server.pod(1))
    assert [each.kind for each in verdict_of(*servers).differences] == ["changed"]


def session(server: FakeServer, *revisions: int) -> FakeServer:
    """Three lists around two writes, at these revisions."""
    first, second, third, fourth, fifth = revisions
    server.exchange("GET", PODS, 200, server.listed(first))
    server.exchange("POST", PODS, 201, server.pod(second))
    server.exchange("GET", PODS, 200, server.listed(third))
    server.exchange("POST", PODS, 201, server.pod(fourth, "b"))
    server.exchange("GET", PODS, 200, server.listed(fifth))
    return server


def outcome(*revisions: int) -> Outcome:
    """The outcome when the replay's revisions are these."""
    first = session(FakeServer("a", 100, 7, etcd=False), 0, 1, 1, 2, 2)
    return verdict_of(first, session(FakeServer("b", 5000, 15, etcd=False), *revisions)).outcome


def test_background_may_move_the_store_on_between_the_sessions_writes() -> None:
    assert outcome(0, 4, 6, 7, 9) is Outcome.IDENTICAL


def test_a_list_may_not_be_older_than_what_was_answered_before() -> None:
    assert outcome(0, 4, 3, 7, 9) is Outcome.DIFFERENT


def test_a_list_may_not_hold_what_was_written_only_later() -> None:
    assert outcome(0, 4, 7, 7, 9) is Outcome.DIFFERENT
    assert outcome(4, 4, 5, 7, 9) is Outcome.DIFFERENT


def test_a_write_may_not_have_a_revision_that_was_there_before() -> None:
    assert outcome(4, 3, 5, 7, 9) is Outcome.DIFFERENT


def moved(exchange: Exchange, second: int) -> Exchange:
    """The exchange, at another second of the replay's."""
    assert exchange.answer
    date, at = ("Date", f"Mon, 23 Nov 2026 15:00:{second:02} GMT"), second * SECOND
    headers = tuple(date if name == "Date" else (name, value) for name, value in exchange.answer.headers)
    answer = replace(exchange.answer, headers=headers)
    return replace(exchange, started=Nanos(at), answered=Nanos(at + 10), ended=Nanos(at + 20), answer=answer)


def overtaken(began: int, shown: int) -> Outcome:
    """A patch that answers the version of a write that nothing told of; the replay's other writer began at `began`."""
    servers = FakeServer("a", 100, 7, etcd=False), FakeServer("b", 5000, 15, etcd=False)
    for server, revisions in zip(servers, ((1, 2, 3), (1, shown, 3)), strict=True):
        server.exchange("POST", PODS, 201, server.pod(revisions[0], "x"))
        server.exchange("PATCH", f"{PODS}/a", 200, server.pod(revisions[1]))
        server.exchange("POST", PODS, 201, server.pod(revisions[2], "b"))
    servers[1].edit(Seq(3), partial(moved, second=began))
    return verdict_of(*servers).outcome


def test_a_write_may_answer_a_version_that_was_written_before_what_overtook_it() -> None:
    assert overtaken(began=3, shown=2) is Outcome.IDENTICAL
    assert overtaken(began=0, shown=2) is Outcome.IDENTICAL


def test_but_none_that_is_older_than_what_was_over_before_it_in_both() -> None:
    assert overtaken(began=0, shown=0) is Outcome.DIFFERENT


def test_the_deletion_of_a_collection_answers_versions_of_before_however_old() -> None:
    servers = FakeServer("a", 100, 7, etcd=False), FakeServer("b", 5000, 15, etcd=False)
    for server, shown in zip(servers, (2, 0), strict=True):
        server.exchange("POST", PODS, 201, server.pod(1, "x"))
        server.exchange("DELETE", PODS, 200, server.listed(3, server.pod(shown)))
    assert servers[0].made.exchange_list[1].info.verb == "deletecollection"
    assert verdict_of(*servers).outcome is Outcome.IDENTICAL


def test_a_later_version_may_not_have_a_smaller_revision() -> None:
    servers = FakeServer("a", 100, 7, etcd=False), FakeServer("b", 5000, 15, etcd=False)
    for server, revisions in zip(servers, ((1, 2), (2, 1)), strict=True):
        for revision in revisions:
            server.exchange("GET", f"{PODS}/a", 200, server.pod(revision))
    verdict = verdict_of(*servers)
    assert [(each.path, each.kind) for each in verdict.differences] == [("$.metadata.resourceVersion", "reordered")]
