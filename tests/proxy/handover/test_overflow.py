"""When exchanges are left out, and how they are counted."""

import errno

import pytest

from kproxy.proxy.handover.overflow import Overflow
from kproxy.wire.handoff import GAP, RECORD, RecordType


def test_what_fits_is_recorded_up_to_what_is_left_to_those_that_have_begun() -> None:
    overflow = Overflow(800)
    assert not overflow.begins(pending=600, size=100)
    assert overflow.begins(pending=601, size=100)


def test_once_the_buffer_was_full_everything_is_left_out_until_three_quarters_of_it_are_stored() -> None:
    overflow = Overflow(800)
    overflow.begins(pending=700, size=1)
    for pending in (699, 400, 201):
        overflow.stored(pending)
        assert overflow.on
        assert overflow.begins(pending, size=1)
    overflow.stored(200)
    assert not overflow.on
    assert not overflow.begins(200, size=1)


def test_each_time_that_it_begins_has_a_number() -> None:
    overflow = Overflow(800)
    for turn in (1, 2, 3):
        overflow.begins(pending=700, size=1)
        overflow.begins(pending=700, size=1)
        assert overflow.turns == turn
        overflow.stored(0)


def test_one_exchange_that_is_too_large_by_itself_does_not_take_others_with_it() -> None:
    overflow = Overflow(800)
    assert overflow.begins(pending=0, size=701)
    assert not overflow.on
    assert not overflow.begins(pending=0, size=700)


def test_all_that_was_left_out_is_one_gap_with_its_place_its_bytes_and_its_reason() -> None:
    overflow = Overflow(800)
    for seq in range(5, 1005):
        overflow.miss(seq, at=seq * 10)
    overflow.ended(7, 300)
    overflow.ended(1004, 30)
    overflow.ended(4, 1)  # of a gap before this one

    gap = overflow.gap()

    assert gap is not None
    kind, first, at, length = RECORD.unpack(gap[0])
    assert (kind, first, at, length) == (RecordType.GAP, 5, 50, len(gap[1]))
    assert GAP.unpack_from(gap[1]) == (1004, 1000, 330)
    assert gap[1][GAP.size :].startswith(b"the recorder was behind and the buffer full: ")
    assert overflow.gap() is None
    assert overflow.missed == 1000


@pytest.mark.parametrize("crowded", [False, True])
def test_the_reason_says_whether_it_was_for_want_of_a_cpu(*, crowded: bool) -> None:
    overflow = Overflow(800)
    overflow.crowded = True  # it may have been before this turn
    overflow.begins(pending=700, size=1)
    overflow.crowded |= crowded
    overflow.miss(1, at=0)
    gap = overflow.gap()
    assert gap is not None
    assert (b"no CPU" in gap[1]) == crowded


def test_the_reason_names_the_disk_if_it_was_full_at_any_time_of_the_gap() -> None:
    overflow = Overflow(800)
    for full in (True, False):
        overflow.blocked = errno.ENOSPC if full else 0
        overflow.miss(1, at=0)
        overflow.blocked = 0
        overflow.miss(2, at=0)
        gap = overflow.gap()
        assert gap is not None
        assert (b"(No space left on device)" in gap[1]) == full
        assert gap[1].endswith(b": what came was left out until most of it was stored")


def test_the_rest_of_an_exchange_is_left_out_for_the_disk_only_while_it_is_full() -> None:
    overflow = Overflow(800)
    assert overflow.why() == b"the recorder was behind and the buffer full"
    overflow.blocked = errno.ENOSPC
    assert b"(No space left on device)" in overflow.why()


@pytest.mark.parametrize("buffer", [0, 1, 7])
def test_a_buffer_that_holds_nothing_leaves_everything_out_and_never_gets_stuck(buffer: int) -> None:
    overflow = Overflow(buffer)
    assert overflow.begins(pending=0, size=30)
    overflow.stored(0)
    assert not overflow.on
