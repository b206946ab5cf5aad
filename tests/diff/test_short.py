"""kproxy.diff.short: what is kept of pairs until all was learned."""

import errno
from typing import IO

import pytest

from kproxy.diff.moments import Moment, Moments
from kproxy.diff.short import InPart, InShort, Kept, Spool
from kproxy.errors import ScratchError
from kproxy.model.exchange import Nanos, Seq

MOMENT = Moment(Nanos(1), Nanos(2), None, 1_795_000_000)


def test_what_is_kept_is_given_back_in_order_with_what_came_later() -> None:
    spool = Spool()
    spool.put(Seq(1))
    spool.put_later(Seq(2))
    spool.put_later(Seq(3))
    spool.put(Seq(4))
    spool.tell(Seq(3), Seq(3))
    spool.tell(Seq(2), Seq(2))
    assert (list(spool), spool.pairs, spool.whole) == ([1, 2, 3, 4], 4, 4)
    spool.close()


def test_what_is_told_later_is_given_back_whatever_its_number_and_in_whatever_order_it_was_told() -> None:
    spool = Spool()
    seqs = [Seq(number) for number in (-5, 0, *range(1, 600))]
    kept = {
        seq: InPart.of(in_short(seq), [(at, at) for at in range(1000)]) if seq % 3 else in_short(seq) for seq in seqs
    }
    for seq in seqs:
        spool.put_later(seq)
    for seq in reversed(seqs[1:]):
        spool.tell(seq, kept[seq])
    assert list(spool) == [-5, *[kept[seq] for seq in seqs[1:]]]  # of the first nothing was told: it is compared whole
    spool.close()


def in_short(number: int) -> InShort:
    return InShort(
        Moments(Seq(number), "get", MOMENT, MOMENT),
        5,
        7,
        ((True, 5, 7),),
        (((1, 2), 3),),
        (("a", "b"),),
        ("/a", "/b") if number % 2 else None,
    )


def test_what_is_kept_in_part_has_to_be_compared_and_comes_back_as_it_was() -> None:
    spool = Spool()
    kept: list[Kept] = [in_short(1), InPart.of(in_short(2), [(0, 0), (1, 2)]), Seq(3)]
    for each in kept:
        spool.put(each)
    assert (list(spool), spool.pairs, spool.whole) == (kept, 3, 2)
    spool.close()


def test_more_than_is_written_at_once_comes_back_as_it_was() -> None:
    spool = Spool()
    kept = [in_short(number) for number in range(1300)]
    for each in kept:
        spool.put(each)
    assert (list(spool), spool.whole) == (kept, 0)
    spool.distrust()
    assert spool.whole == spool.pairs
    spool.close()


@pytest.mark.parametrize("pairs", [1, 100_000])
def test_a_full_temporary_folder_is_said_as_that_and_not_as_a_full_output(
    monkeypatch: pytest.MonkeyPatch, pairs: int
) -> None:
    def full(**_: str) -> IO[bytes]:
        return open("/dev/full", "r+b")  # noqa: PTH123 - the spool closes it

    monkeypatch.setattr("kproxy.diff.short.TemporaryFile", full)
    spool = Spool()
    with pytest.raises(ScratchError, match="temporary file cannot be written: No space left on device") as raised:
        _fill(spool, pairs)
    assert "TMPDIR" in raised.value.sentence
    spool.close()


def test_a_temporary_folder_in_which_nothing_can_be_made_is_said_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**_: str) -> IO[bytes]:
        raise OSError(errno.ENOSPC, "No space left on device", "/tmp/kproxy-diff-x")  # noqa: S108 - a name only

    monkeypatch.setattr("kproxy.diff.short.TemporaryFile", full)
    with pytest.raises(ScratchError, match="No space left on device"):
        Spool()


def _fill(spool: Spool, pairs: int) -> None:
    for number in range(pairs):
        spool.put(Seq(number))
    list(spool)
