"""kproxy correlate: the ledger for people, and for programs."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from kproxy.cli.correlate import FEW, command
from tests.support.large import make_large


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("cli") / "large.kproxy"
    make_large(file, 4 * FEW)
    return file


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("cli") / "small.kproxy"
    make_large(file, 20)
    return file


def said(*arguments: str) -> str:
    done = CliRunner().invoke(command, [*arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_of_a_large_ledger_the_figures_come_and_how_to_see_more(large: Path) -> None:
    lines = said(str(large)).splitlines()
    assert lines[0] == "400 changes"
    assert "attributed (revision " in lines[1]
    assert lines[-1] == "400 entries: --only, --key and --seq show some of them, --all shows each"
    assert len(lines) < 20


def test_of_a_small_one_every_entry_is_shown_with_its_ground(small: Path) -> None:
    entries = [line for line in said(str(small)).splitlines() if "←" in line]
    assert len(entries) == 20
    assert "(revision: the answer's resourceVersion 1000000001 is this revision)" in entries[0]


def test_all_shows_each(large: Path) -> None:
    assert sum("←" in line for line in said(str(large), "--all").splitlines()) == 400


def test_entries_are_chosen_by_ground_key_and_request(large: Path) -> None:
    by_object = [line for line in said(str(large), "--only", "object").splitlines() if "←" in line]
    assert by_object
    assert all("(object:" in line and "DELETE" in line for line in by_object)
    pods = [line for line in said(str(large), "--key", "/pods/").splitlines() if "←" in line]
    assert pods
    assert all("/registry/pods/" in line for line in pods)
    (first,) = [line for line in said(str(large), "--seq", "1").splitlines() if "← #1 " in line]
    assert "1000000001" in first


def test_a_consequence_stands_below_its_entry(large: Path) -> None:
    lines = said(str(large), "--only", "consequence").splitlines()
    entry = next(index for index, line in enumerate(lines) if "←" in line)
    assert "consequence of #" in lines[entry + 1]
    assert "deployments.apps/default/" in lines[entry + 1]


def test_json_keeps_its_keys_and_its_entries_are_the_chosen_ones(large: Path) -> None:
    document = json.loads(said(str(large), "--json"))
    assert {
        "revisions",
        "attributed",
        "background",
        "consequence",
        "unattributed",
        "no_op_writes",
        "entries",
        "gaps",
    } <= set(document)
    assert (document["revisions"], len(document["entries"])) == (400, 400)
    assert sum(document["attributed"].values()) == 400
    assert document["consequence"] == sum(entry["consequence"] is not None for entry in document["entries"])
    assert set(document["entries"][0]) == {
        "etcd",
        "revision",
        "type",
        "key",
        "standing",
        "background",
        "seq",
        "basis",
        "evidence",
        "contradictions",
        "consequence",
        "reason",
    }
    assert json.loads(said(str(large), "--json", "--only", "unattributed"))["entries"] == []


def test_a_kept_ledger_says_the_same(small: Path) -> None:
    computed = said(str(small))
    assert said(str(small), "--keep") == computed
    assert said(str(small)) == computed
