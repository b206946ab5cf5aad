"""Both lanes record the same exchanges; what differs is in one table, and docs/lanes.md prints that."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kproxy.model.exchange import End
from kproxy.model.session import SessionEnd
from kproxy.store.reader import open_recording
from tests.conformance.differences import DIFFERENCES, EVERYWHERE
from tests.conformance.facts import Facts, facts_of
from tests.conformance.lanes import LANES, Played, play
from tests.conformance.scenarios import EVERY, SCENARIOS, Scenario

pytestmark = pytest.mark.process

PAGE = Path(__file__).parents[2] / "docs" / "lanes.md"
ENDS = {
    "watch-cut-by-server": End.SERVER_GONE,
    "watch-cut-by-client": End.CLIENT_GONE,
    "websocket-killed": End.CLIENT_GONE,
    "cut-upload": End.CLIENT_GONE,
    "no-answer": End.SERVER_GONE,
    "ambiguous": End.REFUSED,
    "stopped": End.STOPPED,
    "unreachable": End.UNREACHABLE,
}
"""Of exchanges that do not end complete, in the tap; in the addon too, but for the table."""


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Played]]:
    folder = tmp_path_factory.mktemp("conformance")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        patch.delenv("KPROXY_LAB", raising=False)
        yield {lane: play(lane, folder) for lane in LANES}


@pytest.fixture(scope="module")
def facts(played: dict[str, Played]) -> dict[str, dict[str, Facts]]:
    return {lane: facts_of(each) for lane, each in played.items()}


def test_the_differences_in_the_table_are_the_only_ones_and_each_is_still_there(
    facts: dict[str, dict[str, Facts]],
) -> None:
    everywhere = {fact for row in DIFFERENCES for where, names in row.shown if where == EVERYWHERE for fact in names}
    listed = {
        (where, fact) for row in DIFFERENCES for where, names in row.shown if where != EVERYWHERE for fact in names
    }
    found: set[tuple[str, str]] = set()
    missing = object()
    for scenario in EVERY:
        tap, addon = facts["tap"][scenario.name], facts["addon"][scenario.name]
        whole = tap["exchanges"] == addon["exchanges"] and tap["answer"] is not None and addon["answer"] is not None
        for fact in tap if whole else tap.keys() & addon.keys():
            if tap[fact] != addon.get(fact, missing):
                found.add((scenario.name, fact))
    plain = {(where, fact) for where, fact in found if fact.partition(",")[0] not in everywhere}
    assert plain == listed
    assert {fact for _, fact in found} >= everywhere


def test_the_page_prints_the_table() -> None:
    page = PAGE.read_text()
    rows = [line for line in page.partition("| --- | --- | --- |\n")[2].splitlines() if line.startswith("|")]
    assert rows == [row.row for row in DIFFERENCES]


@pytest.mark.parametrize("scenario", [each for each in SCENARIOS if each.whole is not None], ids=lambda each: each.name)
def test_the_tap_lets_an_answer_through_byte_for_byte(facts: dict[str, dict[str, Facts]], scenario: Scenario) -> None:
    assert facts["tap"][scenario.name]["to the client"] == scenario.whole


@pytest.mark.parametrize("scenario", EVERY, ids=lambda each: each.name)
def test_the_tap_says_how_each_ended(facts: dict[str, dict[str, Facts]], scenario: Scenario) -> None:
    assert facts["tap"][scenario.name]["end"] == ENDS.get(scenario.name, End.COMPLETE)


@pytest.mark.parametrize("lane", LANES)
def test_a_recording_is_closed_and_says_which_lane_made_it(played: dict[str, Played], lane: str) -> None:
    with open_recording(str(played[lane].recording)) as recording:
        assert recording.session.lane == lane
        assert recording.session.end is SessionEnd.COMPLETE
        assert list(recording.gaps()) == []


@pytest.mark.parametrize("lane", LANES)
def test_events_of_a_watch_reach_the_client_and_the_recording_one_by_one(
    facts: dict[str, dict[str, Facts]], lane: str
) -> None:
    for name in ("watch", "watch-cut-by-client", "watch-cut-by-server"):
        frames = facts[lane][name]["frames"]
        assert isinstance(frames, list)
        assert [frame[1] for frame in frames] == ["watch-event"] * 2
