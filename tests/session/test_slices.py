"""kproxy.session.slices."""

from pathlib import Path

import pytest

from kproxy.errors import UsageError
from kproxy.model.exchange import Nanos, Seq
from kproxy.model.session import Mark
from kproxy.replay.slices import Slice
from kproxy.session.opened import opened
from kproxy.session.slices import ALL, SliceWish, slice_notes, slice_of, sliced
from tests.support.memory import MemoryRecording

GOLDEN = str(Path(__file__).parents[2] / "recordings" / "hello-demo")


def marked() -> MemoryRecording:
    """A recording with marks: `test` twice, `end` between."""
    marks = [
        Mark(at=Nanos(at), seq=Seq(seq), text=text) for at, seq, text in ((1, 3, "test"), (2, 7, "end"), (3, 9, "test"))
    ]
    return MemoryRecording(mark_list=marks)


def test_times_are_seconds_or_of_the_clock() -> None:
    recording = MemoryRecording()  # began at 2026-11-23T07:00:00Z
    assert slice_of(recording, SliceWish(begins="12.5", ends="+20s")) == Slice(
        begins=Nanos(12_500_000_000), ends=Nanos(20_000_000_000)
    )
    assert slice_of(recording, SliceWish(begins="2026-11-23T07:00:01.5Z")).begins == 1_500_000_000
    assert slice_of(recording, SliceWish(begins="2026-11-23T08:00:01+01:00")).begins == 1_000_000_000


@pytest.mark.parametrize("words", ["soon", "", "nan", "inf", "1e300"])
def test_what_is_no_time_is_refused(words: str) -> None:
    with pytest.raises(UsageError, match="--from"):
        slice_of(MemoryRecording(), SliceWish(begins=words))


def test_marks_are_the_first_of_their_text_and_the_next_one_behind_it() -> None:
    found = slice_of(marked(), SliceWish(from_mark="end", to_mark="test"))
    assert (found.first, found.last) == (7, 9)
    assert slice_of(marked(), SliceWish(to_mark="test")).last == 3


def test_a_mark_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(UsageError, match=r"--from-mark 'x' is no mark.*'test', 'end'$"):
        slice_of(marked(), SliceWish(from_mark="x"))


def test_a_slice_has_what_its_own_exchanges_changed_and_says_what_it_leaves_out() -> None:
    with opened(GOLDEN) as whole:
        wish = SliceWish(verbs=("delete",))
        part = sliced(whole, wish)
        assert [each.seq for each in part.recording.exchanges()] == [3]
        assert {entry.attribution.seq for entry in part.ledger.entries if entry.attribution} == {3}
        notes = list(slice_notes(part, wish))
        assert notes[0] == "only a slice was replayed and compared (--verb delete): 1 of 4 exchanges"
        need = "pods/default/hello-demo, made or changed by exchange 1, is used by exchange 3"
        assert notes[1:] == [f"the slice leaves out what it needs: {need}"]


def test_all_of_a_session_is_the_session_itself() -> None:
    with opened(GOLDEN) as whole:
        assert sliced(whole, ALL) is whole
        assert list(slice_notes(whole, ALL)) == []


def test_a_slice_of_nothing_is_refused() -> None:
    with opened(GOLDEN) as whole, pytest.raises(UsageError, match="--verb list of this recording holds no exchange"):
        sliced(whole, SliceWish(verbs=("list",)))
