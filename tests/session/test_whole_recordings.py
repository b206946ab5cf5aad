"""The golden recordings held against themselves: `get` against each answer, blame against each managedFields."""

from pathlib import Path

import pytest

from kproxy.history.agreement import Agreement
from kproxy.store.reader import open_recording
from tests.support.whole import blame_everything, compare_answers

RECORDINGS = Path(__file__).parents[2] / "recordings"


@pytest.mark.parametrize(("name", "least"), [("hello-demo", 3), ("hello-kubectl", 15)])
def test_get_shows_each_object_as_it_was_answered(name: str, least: int) -> None:
    with open_recording(str(RECORDINGS / name)) as recording:
        found = compare_answers(recording)
    assert found.different == []
    assert found.equal.total() >= least


@pytest.mark.parametrize("name", ["hello-demo", "hello-kubectl"])
def test_blame_agrees_with_managed_fields_or_says_why_not(name: str) -> None:
    with open_recording(str(RECORDINGS / name)) as recording:
        found = blame_everything(recording)
    assert found.unexplained == []
    assert found.fields[Agreement.AGREES] > found.fields.total() / 3
