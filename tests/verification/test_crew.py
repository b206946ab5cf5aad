"""tests.verification.crew."""

from collections import Counter
from pathlib import Path
from threading import Event, Lock

import pytest

from tests.verification.crew import Planned, all_runs
from tests.verification.kept import Kept
from tests.verification.runs import Run, Subject, Way
from tests.verification.subjects import NoSubject

ALONE, MANY = Way(concurrency=1), Way(concurrency=16)


def kept(folder: Path, *runs: Run) -> Kept:
    found = Kept(folder / "runs.jsonl", "code")
    found.begin(resume=False)
    for run in runs:
        found.add(run)
    return found


def planned(name: str, alone: int, many: int) -> Planned:
    return Planned(
        name=name,
        make=lambda: Subject(name=name, recording=Path(name)),
        ways=((ALONE, alone), (MANY, many)),
    )


def run(subject: Subject, way: Way) -> Run:
    return Run(subject=subject.name, way=way, verdict="identical", seconds=1)


def test_each_is_replayed_as_often_as_is_wanted_and_what_is_kept_counts(tmp_path: Path) -> None:
    before = kept(tmp_path, Run(subject="a", way=MANY, verdict="identical", seconds=1))
    done = [each for _, each in all_runs([planned("a", 1, 3), planned("b", 0, 2)], before, 2, run)]
    assert Counter((each.subject, each.way) for each in done) == {("a", ALONE): 1, ("a", MANY): 2, ("b", MANY): 2}
    assert len(before.runs) == 6


def test_nothing_is_made_that_nobody_replays(tmp_path: Path) -> None:
    def made() -> Subject:
        raise AssertionError

    assert not [*all_runs([Planned(name="a", make=made, ways=((ALONE, 0),))], kept(tmp_path), 2, run)]


def test_the_long_recording_is_made_while_others_are_replayed(tmp_path: Path) -> None:
    replayed = Event()

    def slow() -> Subject:
        assert replayed.wait(60), "the other one waits until this is made"
        return Subject(name="long", recording=Path("long"))

    def one(subject: Subject, way: Way) -> Run:
        replayed.set()
        return run(subject, way)

    wanted = [planned("short", 1, 0), Planned(name="long", make=slow, ways=((ALONE, 1),))]
    done = [each.subject for _, each in all_runs(wanted, kept(tmp_path), 2, one)]
    assert sorted(done) == ["long", "short"], "which of the two is told first is a race"


def test_no_more_go_on_at_a_time_than_are_wanted(tmp_path: Path) -> None:
    lock, under_way, most = Lock(), [0], [0]

    def one(subject: Subject, way: Way) -> Run:
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        with lock:
            under_way[0] -= 1
        return run(subject, way)

    assert len([*all_runs([planned("a", 20, 0)], kept(tmp_path), 3, one)]) == 20
    assert 1 <= most[0] <= 3


def test_a_recording_that_cannot_be_made_ends_all_and_what_had_ended_is_kept(tmp_path: Path) -> None:
    def none() -> Subject:
        raise NoSubject("no kubectl")

    before = kept(tmp_path)
    with pytest.raises(NoSubject):
        [*all_runs([planned("a", 1, 0), Planned(name="b", make=none, ways=((ALONE, 1),))], before, 1, run)]
    assert [each.subject for each in before.runs] in ([], ["a"])
