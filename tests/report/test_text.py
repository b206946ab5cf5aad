"""kproxy.report.text."""

from hypothesis import given
from hypothesis import strategies as st

from kproxy.model.exchange import Seq
from kproxy.model.verdict import Difference, NoiseCount, Outcome, Tally, Verdict
from kproxy.report.text import MAX_DIFFERENCES, printable, text_report


def verdict(*differences: Difference) -> Verdict:
    """A verdict with these differences."""
    return Verdict(
        outcome=Outcome.DIFFERENT if differences else Outcome.IDENTICAL,
        scope="HTTP and etcd",
        exchanges=Tally(compared=4, identical=3, different=1),
        etcd=Tally(compared=1, identical=1),
        differences=differences,
        noise=(NoiseCount(rule="watch-bookmarks", ground="they come when they come", count=2),),
        renamed=(("uid", 3),),
        reasons=("exchange 3 was not replayed: it is an upgrade",),
    )


def difference(path: str = "$.spec.image", baseline: str = "a", replayed: str = "b") -> Difference:
    """One difference."""
    return Difference(seq=Seq(7), where="body", path=path, kind="changed", baseline=baseline, replayed=replayed)


def test_a_report_says_what_was_compared_what_differs_where_and_the_verdict_last() -> None:
    lines = text_report(verdict(difference())).splitlines()
    assert lines[0] == "compared: HTTP and etcd"
    assert lines[1] == "exchanges: 4 compared: 3 identical, 1 different"
    assert 'exchange 7: body $.spec.image changed: "a" → "b"' in lines
    assert "renamed: 3 x uid" in lines
    assert "cannot tell: exchange 3 was not replayed: it is an upgrade" in lines
    assert any(line.startswith("noise hidden: watch-bookmarks x2") for line in lines)
    assert lines[-1] == "verdict: different"


def test_a_null_that_went_away_is_not_called_nothing() -> None:
    gone = Difference(seq=Seq(7), where="body", path="$.a", kind="removed", baseline=None, replayed=None)
    assert "exchange 7: body $.a removed: null → nothing" in text_report(verdict(gone)).splitlines()


def test_nothing_from_a_recording_steers_the_terminal() -> None:
    evil = "\x1b[31m\x07\u202e\r\n\x9b"
    report = text_report(verdict(difference(evil, evil, evil)))
    assert all(char == "\n" or char.isprintable() for char in report)


@given(st.text())
def test_whatever_text_it_is_only_printable_characters_are_left(text: str) -> None:
    assert printable(text).isprintable()


def test_a_flood_of_differences_is_cut_and_counted() -> None:
    report = text_report(verdict(*[difference()] * (MAX_DIFFERENCES + 5)))
    assert "and 5 more differences" in report
