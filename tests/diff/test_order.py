"""kproxy.diff.order."""

from dataclasses import replace
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from kproxy.diff.order import Bounds, crossing, heaviest_rising
from kproxy.model.exchange import Exchange, Nanos, Seq
from kproxy.model.verdict import Outcome
from tests.diff.sessions import PODS, SECOND, FakeServer, verdict_of


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 4)), max_size=12))
def test_what_is_kept_never_falls_and_nothing_weighs_more(pairs: list[tuple[int, int]]) -> None:
    values, weights = [value for value, _ in pairs], [weight for _, weight in pairs]
    kept = sorted(heaviest_rising(values, weights))
    rising = [values[at] for at in kept]
    assert rising == sorted(rising)
    best = [0] * 10  # by the last value
    for value, weight in pairs:
        best[value] = max(best[: value + 1]) + weight
    assert sum(weights[at] for at in kept) == max(best)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12, unique=True))
def test_what_crosses_a_pair_stands_together(pairs: list[tuple[int, int]]) -> None:
    pairs.sort()
    kept = heaviest_rising([second for _, second in pairs], [1] * len(pairs))
    rising = [pairs[at] for at in sorted(kept)]
    for first, second in pairs:
        found = rising[slice(*crossing(rising, (first, second)))]
        assert found == [each for each in rising if (each[0] - first) * (each[1] - second) < 0]


def test_many_times_out_of_order_take_no_time_by_the_square() -> None:
    compared = 0

    class Counted(int):
        __slots__ = ()

        def __lt__(self, other: int) -> bool:
            nonlocal compared
            compared += 1
            return int(self) < int(other)

    rising = [(Counted(at), Counted(at)) for at in range(1 << 12)]
    crossing(rising, (-1, 1 << 12))
    assert compared < 100


def test_a_revision_that_no_store_counts_to_is_a_value_like_others() -> None:
    servers = FakeServer("a", 1 << 63, 7, etcd=False), FakeServer("b", 1 << 64, 15, etcd=False)
    for server in servers:
        server.exchange("GET", f"{PODS}/a", 200, server.pod(1))
    assert [each.kind for each in verdict_of(*servers).differences] == ["changed"]


def test_a_time_near_the_end_of_all_years_is_shown_as_it_can_be() -> None:
    for first, second in (("9999-12-31T23:59:59-23:00", "9999-12-31T23:59:58-23:00"), ("", "")):
        servers = FakeServer("a", 100, 7, etcd=False), FakeServer("b", 5000, 15, etcd=False)
        for server, times in zip(servers, ((first, second), (second, first)), strict=True):
            for name, time in zip("ab", times, strict=True):
                pod = server.pod(1, name)
                metadata = pod["metadata"]
                assert isinstance(metadata, dict)
                metadata["creationTimestamp"] = time
                server.exchange("GET", f"{PODS}/{name}", 200, pod)
        kinds = {each.kind for each in verdict_of(*servers).differences}
        assert kinds == ({"reordered"} if first else set())


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


def made(times: tuple[tuple[int, int], tuple[int, int]], began: tuple[int, int] = (1, 2)) -> set[tuple[str, str]]:
    """The differences when two pods were made at these times there and here; `began`: when they were asked for here."""
    servers = FakeServer("a", 100, 7, etcd=False), FakeServer("b", 5000, 15, etcd=False)
    for server, seconds in zip(servers, times, strict=True):
        for name, second in zip("ab", seconds, strict=True):
            pod = server.pod(1, name)
            metadata = pod["metadata"]
            assert isinstance(metadata, dict)
            metadata["creationTimestamp"] = server.time(second)
            server.exchange("GET", f"{PODS}/{name}", 200, pod)
    for seq, second in zip((Seq(1), Seq(2)), began, strict=True):
        servers[1].edit(seq, partial(moved, second=second))
    return {(each.path, each.kind) for each in verdict_of(*servers).differences}


def test_what_was_made_later_may_not_be_older() -> None:
    assert ("$.metadata.creationTimestamp", "reordered") in made(((1, 3), (3, 1)))


def test_what_the_replay_asked_for_in_another_order_may_be_as_old_as_that() -> None:
    assert made(((1, 3), (3, 1)), began=(3, 1)) == set()


def over(seq: int, began: int, ended: int | None, verb: str = "GET") -> Exchange:
    """An exchange that went on from one moment to another."""
    server = FakeServer("a", 1, 7)
    server.exchange(verb, f"{PODS}/a")
    [made] = server.made.exchange_list
    return replace(made, seq=Seq(seq), started=Nanos(began), ended=None if ended is None else Nanos(ended))


def bounds(*learned: tuple[Exchange, list[tuple[str, int, int]]]) -> Bounds:
    """Of one recording, whose exchanges went on at the same times in the other one."""
    found = Bounds()
    for exchange, revisions in learned:
        found.learn(exchange, revisions, exchange)
    found.settle()
    return found


def test_before_a_moment_the_greatest_revision_is_known_that_was_answered_by_then() -> None:
    found = bounds(
        (over(1, 0, 10), [("", 5, 50), ("u", 3, 30)]),
        (over(2, 0, 20), [("", 9, 90)]),
        (over(3, 0, 30), [("", 7, 70)]),
        (over(4, 0, None), [("", 99, 990)]),
        (over(5, 0, 15), [("", 6, 60)]),
        (over(6, 0, 5), []),
    )
    assert [found.before(Nanos(at)) for at in (9, 10, 14, 15, 20, 30, 1000)] == [0, 5, 5, 6, 9, 9, 9]
    late = over(7, 25, 40)
    assert list(found.over_in_both(late, late)) == [(9, 90), (6, 60), (5, 50)]
    assert list(found.over_in_both(late, over(7, 12, 40))) == [(5, 50)]
    assert list(found.over_in_both(over(7, 12, 40), late)) == [(5, 50)]
    assert list(found.over_in_both(over(7, 0, 40), late)) == []


def test_what_is_answered_out_of_order_raises_only_what_comes_behind_it() -> None:
    found = bounds(
        (over(1, 0, 30), [("", 7, 7)]),
        (over(2, 0, 10), [("", 9, 9)]),
        (over(3, 0, 20), [("", 4, 4)]),
        (over(4, 0, 10), [("", 10, 10)]),
    )
    assert [found.before(Nanos(at)) for at in (9, 10, 30)] == [0, 10, 10]


def test_a_write_wrote_what_was_beyond_all_that_was_known_when_it_began() -> None:
    found = bounds(
        (over(1, 0, 10, "PUT"), [("u", 5, 5)]),
        (over(2, 12, 20, "PUT"), [("u", 5, 5)]),
        (over(3, 30, 40, "PUT"), [("u", 8, 8), ("", 9, 9)]),
        (over(4, 31, 45, "PUT"), [("u", 7, 7)]),
        (over(5, 32, 50), [("u", 6, 6)]),
    )
    after = [found.after(Nanos(at)) for at in (0, 1, 12, 30, 31)]
    never = found.after(None)
    assert after == [5, 7, 7, 7, 7]
    assert found.after(Nanos(32)) == never > 10**18


def test_a_time_beside_one_of_a_write_that_set_it_while_it_went_on_is_no_disorder() -> None:
    """Two writes overlap: each may have got either second."""

    def found(method: str) -> set[str]:
        servers = FakeServer("a", 100, 7, etcd=False), FakeServer("b", 5000, 15, etcd=False)
        for server, seconds in zip(servers, ((1, 2), (2, 1)), strict=True):
            for name, second in zip("ab", seconds, strict=True):
                pod = server.pod(1, name)
                metadata = pod["metadata"]
                assert isinstance(metadata, dict)
                metadata["creationTimestamp"] = server.time(second)
                server.exchange(method, f"{PODS}/{name}", 200, pod)
        return {each.kind for each in verdict_of(*servers).differences}

    assert found("PUT") == set()
    assert found("GET") == {"reordered"}
