"""tests.accuracy: a score is what it says."""

from kproxy.model.attribution import Basis
from tests.accuracy.scoring import OWN, Row, Score, Scores, score
from tests.accuracy.table import as_lines, failures, recall
from tests.correlate.story import POD, PODS, Story, pod, puts

TRACE = "a" * 32


def scored(revision: int) -> Scores:
    """A patch that wrote revision 101, and another that answers one, with the first one's trace on the call."""
    story = Story()
    story.ask("PATCH", f"{PODS}/web", 200, None, trace_id=TRACE, parent_id="1" * 16)
    story.ask("PATCH", f"{PODS}/web", 200, pod(revision=revision), trace_id=TRACE, parent_id="2" * 16)
    story.put(101, POD, pod())
    story.call(101, puts(POD), trace_id=TRACE, parent_id="1" * 16)
    return score(story.recording)


def test_what_another_ground_names_wrongly_is_counted_and_told() -> None:
    found = scored(101).rows[Row("patch", "pods", OWN)]
    assert (found.truth, found.wrong[Basis.REVISION], found.right[Basis.REVISION]) == (1, 1, 0)
    (mistake,) = found.mistakes
    assert "#1, not #2 (revision" in mistake


def test_what_is_promised_and_does_not_hold_is_named() -> None:
    missed = failures(scored(101))
    assert "`revision` names 1 wrongly" in missed
    assert any("of create, update and patch" in line for line in missed)


def test_what_holds_is_in_the_table() -> None:
    found = Score(truth=20)
    found.right[Basis.REVISION] = 19
    found.right[Basis.OBJECT] = 1
    scores = Scores({Row("update", "pods", OWN): found}, caused=20, grounded=20, unknown=[])
    assert failures(scores) == []
    assert recall(scores) == 0.95
    assert "| update | `pods` | the object's own key | 20 | 19 / 0 | 1 / 0 | 0 / 0 | 0 |" in as_lines(scores)


def test_a_binding_answers_no_revision_and_is_not_looked_for_by_one() -> None:
    found = Score(truth=1)
    found.right[Basis.OBJECT] = 1
    assert recall(Scores({Row("create", "pods/binding", OWN): found}, caused=1, grounded=1, unknown=[])) == 1.0
