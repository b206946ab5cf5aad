"""The bench of following, small: it measures what it says, and a change costs what it may."""

from pathlib import Path

import pytest

from tests.bench.following import Load, measure

pytestmark = pytest.mark.process


@pytest.mark.timeout(180)
def test_a_change_that_is_followed_costs_the_recorder_less_than_150_us(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CPU, parsed, redacted and stored: what is left of a core for 5,000 a second beside the proxy."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    found = measure(Load(count=6000, rate=4000, size=1500), tmp_path)
    assert found["changes"] == 6000
    cost = found["recorder_us_a_change"]
    assert isinstance(cost, int)
    assert 5 < cost < 150
