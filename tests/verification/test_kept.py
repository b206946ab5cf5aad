"""tests.verification.kept."""

from pathlib import Path

from tests.verification.kept import Kept
from tests.verification.runs import Run, Way

RUN = Run(subject="a", way=Way(concurrency=16), verdict="equivalent", seconds=1.5, exchanges=4, noise=(("x", 2),))


def test_who_is_interrupted_goes_on_with_the_runs_that_had_ended(tmp_path: Path) -> None:
    path = tmp_path / "new" / "runs.jsonl"
    first = Kept(path, "code")
    first.begin(resume=True)
    first.add(RUN)
    with path.open("a") as file:
        file.write('{"key": "code", "run": {"subj')  # the power went
    again = Kept(path, "code")
    again.begin(resume=True)
    assert again.runs == [RUN]
    assert (again.of("a", Way(concurrency=16)), again.of("a", Way()), again.of("b", Way(concurrency=16))) == (1, 0, 0)
    again.add(RUN)
    assert len(path.read_text().splitlines()) == 2


def test_runs_of_another_code_are_no_runs_of_this_one(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    for key, resume in (("code", False), ("other", True), ("code", False)):
        kept = Kept(path, key)
        kept.begin(resume=resume)
        assert kept.runs == []
        kept.add(RUN)
