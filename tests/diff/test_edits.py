"""Nothing missed: 200 edits of a real replay, drawn with a seed, against the comparison of it with its recording."""

from collections.abc import Callable
from random import Random

import pytest

from kproxy.model.verdict import Outcome, Verdict
from tests.diff.conftest import RealPair
from tests.diff.edits import Edit, draw
from tests.support.memory import MemoryRecording

EDITS = 200
MOST = 10
SEED = 20261123

HIDDEN: tuple[tuple[str, Callable[[Edit], bool]], ...] = (
    ("renaming, audit id: the server draws one for each request", lambda edit: edit.path == "Audit-Id"),
    ("renaming, time: Date within the clock's slack", lambda edit: edit.path == "Date"),
    ("renaming, time: Last-Modified before the Date", lambda edit: edit.path == "Last-Modified"),
    ("renaming, time: Expires within the clock's slack", lambda edit: edit.path == "Expires"),
    (
        "renaming, resourceVersion: a list's, between what was before and what came after",
        lambda edit: edit.where in {"body", "stream"} and edit.path.endswith("metadata.resourceVersion"),
    ),
    (
        "renaming, resourceVersion: a deletion's, which no answer names",
        lambda edit: edit.where == "etcd" and edit.path.endswith(" revision"),
    ),
    (
        "renaming, age: within its slack",
        lambda edit: edit.where in {"body", "stream"} and ".cells" in edit.path,
    ),
)
"""What may survive, and the rule that hides it: fields that the server chooses."""


def survivors(pair: RealPair, compared: Callable[[MemoryRecording], Verdict]) -> list[Edit]:
    """The edits that a comparison does not notice, each in a field that the server chooses; no more than MOST."""
    random = Random(SEED)
    edits = [draw(pair.replayed, random) for _ in range(EDITS)]
    alive = [edit for edit in edits if compared(edit.recording).outcome is not Outcome.DIFFERENT]
    assert len(alive) <= MOST
    for edit in alive:
        print(f"survived: {edit}; hidden by {rule_for(edit)}")  # noqa: T201 - pytest shows it
    assert all(rule_for(edit) for edit in alive)
    return alive


def rule_for(edit: Edit) -> str:
    """The rule that hides an edit, "" if none may."""
    return next((rule for rule, hides in HIDDEN if hides(edit)), "")


def test_the_replay_as_it_is_equals_its_recording(real_pair: RealPair) -> None:
    verdict = real_pair.verdict(real_pair.replayed)
    assert verdict.differences == ()
    assert verdict.outcome in {Outcome.IDENTICAL, Outcome.EQUIVALENT}
    assert verdict.scope == "HTTP and etcd"


@pytest.mark.long
@pytest.mark.timeout(240)
def test_of_200_edits_at_most_10_survive_and_only_where_the_server_chooses(real_pair: RealPair) -> None:
    survivors(real_pair, real_pair.verdict)


@pytest.mark.long
def test_a_comparison_that_is_switched_off_fails_this_test(real_pair: RealPair) -> None:
    blind = real_pair.verdict(real_pair.replayed)
    with pytest.raises(AssertionError):
        survivors(real_pair, lambda _: blind)
