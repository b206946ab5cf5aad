"""kproxy.session.rules: rules learned from recordings, and applied to the next comparison."""

from dataclasses import replace
from pathlib import Path

import pytest

from kproxy.errors import UsageError
from kproxy.model.jsontypes import JSONObject
from kproxy.model.verdict import Outcome
from kproxy.session.compare import compare_recordings
from kproxy.session.rules import learn_rules, rule_book
from kproxy.store.text import export_text
from tests.diff.sessions import PODS, FakeServer


def run(folder: Path, letter: str, host: str, *, version: str = "v1.37.2", phase: str = "Running") -> str:
    """A run of one session on a server of its own, stored: it tells its host, in a word that it draws."""
    server = FakeServer(letter, 100 * (ord(letter) - 90), 10)
    status: JSONObject = {"phase": phase, "host": host}
    server.exchange("GET", f"{PODS}/a", 200, server.pod(1, status=status))
    server.put(1, "/registry/pods/default/a", server.pod(1, status=status))
    session = server.made.session
    server.made.session = replace(session, server=replace(session.server, version=version))
    export_text(server.made, folder / letter)
    return str(folder / letter)


def test_what_two_runs_taught_is_hidden_in_the_third_and_its_teachers_are_named(tmp_path: Path) -> None:
    first, second = run(tmp_path, "a", "node-a1b2"), run(tmp_path, "b", "node-9c8d")
    rules = tmp_path / "rules.yaml"
    rules.write_text(learn_rules([first, second]).text())
    third = run(tmp_path, "c", "node-7e6f", version="v1.38.0")
    assert compare_recordings(first, third).outcome is Outcome.DIFFERENT
    verdict = compare_recordings(first, third, rules=rule_book([rules]))
    assert verdict.outcome is Outcome.EQUIVALENT
    assert {(each.source, each.teachers) for each in verdict.noise} == {("learned", ("a" * 32, "b" * 32))}


def test_what_they_did_not_teach_is_still_a_difference(tmp_path: Path) -> None:
    first, second = run(tmp_path, "a", "node-a1b2"), run(tmp_path, "b", "node-9c8d")
    rules = tmp_path / "rules.yaml"
    rules.write_text(learn_rules([first, second]).text())
    for host, phase, path in (("node-none", "Running", "$.status.host"), ("node-7e6f", "Failed", "$.status.phase")):
        third = run(tmp_path / phase, "c", host, phase=phase)
        verdict = compare_recordings(first, third, rules=rule_book([rules]))
        assert path in {each.path for each in verdict.differences}


def test_runs_that_do_not_differ_teach_no_rule(tmp_path: Path) -> None:
    learned = learn_rules([run(tmp_path, "a", "node-1"), run(tmp_path, "b", "node-1")])
    assert learned.rules == ()
    (tmp_path / "rules.yaml").write_text(learned.text())
    assert rule_book([tmp_path / "rules.yaml"]).rules == ()


def test_three_runs_teach_what_each_two_of_them_differ_in(tmp_path: Path) -> None:
    runs = [run(tmp_path, "a", "n1"), run(tmp_path, "b", "n1"), run(tmp_path, "c", "n2")]
    (body, *_) = learn_rules(runs).rules
    assert body.taught
    assert (body.taught.times, len(body.taught.runs)) == (2, 3)


def test_runs_that_cannot_teach_are_refused(tmp_path: Path) -> None:
    first, other = run(tmp_path, "a", "n1"), run(tmp_path, "b", "n2", version="v1.38.0")
    for runs, version in (([first], ""), ([first, first], ""), ([first, other], ""), ([first] * 11, "")):
        with pytest.raises(UsageError):
            learn_rules(runs, version=version)
    with pytest.raises(UsageError, match="differs between versions"):
        learn_rules([first, run(tmp_path, "c", "n3")], version="v1.34.4")


def test_runs_of_two_sessions_teach_nothing(tmp_path: Path) -> None:
    golden = Path(__file__).parents[2] / "recordings"
    with pytest.raises(UsageError, match="no runs of one session: in run 1 nobody asks to"):
        learn_rules([str(golden / "hello-demo"), str(golden / "hello-kubectl")])
    other = FakeServer("b", 200, 10)
    other.exchange("GET", f"{PODS}/a", 200, other.pod(1))
    other.exchange("DELETE", f"{PODS}/a", 200, other.pod(1))
    session = other.made.session
    other.made.session = replace(session, server=replace(session.server, version="v1.37.2"))
    export_text(other.made, tmp_path / "b")
    with pytest.raises(UsageError, match="in run 1 nobody asks to delete pods"):
        learn_rules([run(tmp_path, "a", "n1"), str(tmp_path / "b")])


def test_how_often_something_is_asked_is_nobodys_choice(tmp_path: Path) -> None:
    twice = FakeServer("b", 200, 10)
    for _ in range(2):
        twice.exchange("GET", f"{PODS}/a", 200, twice.pod(1, status={"phase": "Running", "host": "n1"}))
    session = twice.made.session
    twice.made.session = replace(session, server=replace(session.server, version="v1.37.2"))
    export_text(twice.made, tmp_path / "b")
    assert learn_rules([run(tmp_path, "a", "n1"), str(tmp_path / "b")]).refused


def test_what_could_not_be_compared_is_said_to_have_taught_nothing(tmp_path: Path) -> None:
    first, second = run(tmp_path, "a", "n1"), run(tmp_path, "b", "n1")
    header = Path(second, "session.yaml")
    header.write_text(header.read_text().replace("end: complete", "end: proxy-gone"))
    assert any("ended as proxy-gone" in each for each in learn_rules([first, second]).unknown)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        rule_book([tmp_path / "none.yaml"])
