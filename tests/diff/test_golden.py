"""What a comparison says of what it finds, word for word, and that it is said of the place where it was done."""

from random import Random

from kproxy.model.verdict import Outcome
from tests.diff.conftest import RealPair
from tests.diff.edits import draw
from tests.diff.golden import GOLDEN, told


def test_what_is_told_of_drawn_edits_and_of_other_behaviours_is_as_it_was_read(real_pair: RealPair) -> None:
    """Another sentence is no fault: `python -m tests.diff.golden` writes it, and its diff is what is to be read."""
    assert list(told(real_pair)) == GOLDEN.read_text().splitlines()


def test_an_edit_of_one_field_is_told_at_its_place_with_its_value(real_pair: RealPair) -> None:
    random, found = Random(20261129), 0
    for _ in range(16):
        edit = draw(real_pair.replayed, random)
        verdict = real_pair.verdict(edit.recording)
        if edit.where != "body" or verdict.outcome is not Outcome.DIFFERENT or not isinstance(edit.after, str | int):
            continue
        found += 1
        assert (edit.seq, "body", edit.after) in {(each.seq, each.where, each.replayed) for each in verdict.differences}
        assert {each.seq for each in verdict.findings[0].differences} >= {edit.seq}
    assert found > 2
