"""The grounds that need no relay, held against the traced ones, on a whole control plane's session."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kproxy.store.reader import open_recording
from tests.accuracy.scoring import Scores, score
from tests.accuracy.table import as_lines, failures

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def scores(soak: Path) -> Iterator[Scores]:
    with open_recording(str(soak / "recording.kproxy")) as recording:
        yield score(recording)


def test_without_the_relay_no_ground_but_a_guess_is_wrong_and_nearly_all_is_found(scores: Scores) -> None:
    assert scores.caused > 1000
    mistakes = [mistake for found in scores.rows.values() for mistake in found.mistakes]
    assert failures(scores) == [], "\n".join([*as_lines(scores), *mistakes[:30]])
