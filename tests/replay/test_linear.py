"""kproxy.replay.linear; what it means for whole sessions is in test_order.py."""

from dataclasses import replace

from kproxy.model.api import ObjectRef
from kproxy.model.exchange import Answer, Exchange, Nanos, Request, Seq
from kproxy.replay.linear import linear_order
from kproxy.replay.sights import Sight
from kproxy.wire.requestinfo import request_info

TARGET = "/api/v1/namespaces/default/configmaps/x"
X = ObjectRef(group="", resource="configmaps", namespace="default", name="x")


def seen(seq: int, times: tuple[int, int], *, found: bool | None, left: bool | None) -> Sight:
    """What one request said of x."""
    exchange = Exchange(
        seq=Seq(seq),
        connection=1,
        started=Nanos(times[0]),
        answered=Nanos(times[1]),
        ended=Nanos(times[1]),
        request=Request(method="GET", target=TARGET, http_version="HTTP/1.1", headers=()),
        info=request_info("GET", TARGET),
        answer=Answer(status=200, reason="", http_version="HTTP/1.1", headers=()),
    )
    return Sight(exchange=exchange, ref=X, found=found, left=left, writes=found is not left)


def order(*sights: Sight, written: dict[int, int] | None = None) -> list[int] | None:
    """The seqs in the order that was found; `written`: the revision that each write made."""
    found = linear_order(sights, {Seq(seq): revision for seq, revision in (written or {}).items()})
    return found if found is None else [each.exchange.seq for each in found]


def test_the_first_answer_goes_first_where_it_fits() -> None:
    assert order(seen(1, (0, 9), found=True, left=True), seen(2, (0, 8), found=True, left=True)) == [2, 1]


def test_a_choice_that_leads_nowhere_is_taken_back() -> None:
    made, taken = seen(1, (0, 9), found=False, left=True), seen(2, (0, 8), found=True, left=False)
    absent = seen(3, (0, 7), found=False, left=False)
    there = seen(4, (0, 6), found=True, left=True)
    found = order(made, taken, absent, there)
    assert found is not None
    assert found.index(4) < found.index(2) < found.index(3) < found.index(1)


def test_what_was_over_before_another_began_stays_before_it() -> None:
    assert order(seen(1, (0, 5), found=True, left=False), seen(2, (6, 9), found=True, left=True)) is None


def test_a_search_without_end_is_given_up() -> None:
    """Requests that contradict each other, far too many to try all orders."""
    many = [seen(seq, (0, 100), found=None, left=True) for seq in range(1, 40)]
    assert (
        order(*many, seen(40, (101, 102), found=False, left=False), seen(41, (101, 103), found=True, left=True)) is None
    )


def test_a_long_run_of_overlaps_is_put_in_order() -> None:
    chain = [seen(seq, (seq, seq + 2), found=seq % 2 == 0, left=seq % 2 == 1) for seq in range(1, 2000)]
    assert order(*chain) == list(range(1, 2000))


def wiped(seq: int, times: tuple[int, int]) -> Sight:
    """A collection's deletion, x is in it."""
    one = seen(seq, times, found=True, left=False)
    return Sight(exchange=one.exchange, ref=None, writes=True)


def test_who_deleted_what_a_collections_deletion_takes_away_came_before_that() -> None:
    deleted = seen(1, (2, 9), found=True, left=False)
    assert order(deleted, wiped(2, (0, 8))) == [1, 2]
    assert order(seen(3, (2, 9), found=False, left=False), wiped(2, (0, 8))) == [2, 3]


def test_what_a_collections_deletion_shows_was_there_until_then() -> None:
    """Regression: the garbage collector's 404 for what the namespace controller deleted was answered first."""
    missed = seen(1, (2, 8), found=False, left=False)
    unseen = wiped(2, (0, 9))
    assert order(missed, unseen) == [1, 2]
    assert order(missed, replace(unseen, found=True)) == [2, 1]


def test_whoever_deleted_what_a_collections_deletion_shows_came_before_it_all_the_same() -> None:
    deleted = seen(1, (2, 9), found=True, left=False)
    assert order(deleted, replace(wiped(2, (0, 8)), found=True)) == [1, 2]


def test_what_a_collections_deletion_leaves_is_there_behind_it() -> None:
    assert order(seen(1, (6, 9), found=True, left=True), wiped(2, (0, 5)), seen(3, (1, 7), found=True, left=True)) == [
        2,
        3,
        1,
    ]


def conflict(seq: int, times: tuple[int, int], wanted: int) -> Sight:
    """An update that insisted on a revision, and was refused for that."""
    return replace(seen(seq, times, found=True, left=True), wanted=wanted, refused=True)


def update(seq: int, times: tuple[int, int], revision: int) -> Sight:
    """An update that insisted on nothing, and made this revision."""
    return replace(seen(seq, times, found=True, left=True), writes=True, revision=revision)


def test_a_conflict_goes_behind_the_write_that_made_it_one_though_it_was_answered_first() -> None:
    """Regression: a node's taint was taken away while its first annotation, which came before, was being answered."""
    sights = conflict(1, (2, 8), wanted=5), update(2, (0, 9), revision=7)
    assert order(*sights, written={2: 7}) == [2, 1]
    assert order(*sights) == [2, 1], "etcd is not needed to know it"


def test_a_conflict_that_is_explained_goes_in_the_order_of_the_answers() -> None:
    earlier = update(1, (0, 7), revision=6)
    assert order(earlier, conflict(2, (1, 8), wanted=5), update(3, (1, 9), revision=7)) == [1, 2, 3]


def test_a_conflict_with_what_is_not_there_goes_where_it_fits() -> None:
    """Whoever wrote the object first was over before; what overlaps came by its revision behind what came later."""
    refused, late = conflict(1, (0, 6), wanted=5), update(2, (4, 12), revision=9)
    between = update(3, (7, 10), revision=8)
    assert order(refused, late, between, written={2: 9, 3: 8}) == [1, 3, 2]


def test_a_conflict_is_not_explained_by_whoever_saw_the_version_that_it_insisted_on() -> None:
    read = replace(seen(1, (0, 7), found=True, left=True), revision=5)
    assert order(read, conflict(2, (1, 8), wanted=5), update(3, (1, 9), revision=7)) == [1, 3, 2]


def test_a_conflict_goes_before_what_takes_the_object_away() -> None:
    """Regression: behind a deletion all orders of what did not find the object were tried, in vain."""
    refused, deleted = conflict(1, (0, 6), wanted=5), seen(2, (0, 7), found=True, left=False)
    missed = [seen(seq, (0, seq), found=False, left=False) for seq in range(10, 30)]
    assert order(refused, deleted, *missed) == [1, 2, *range(10, 30)]
