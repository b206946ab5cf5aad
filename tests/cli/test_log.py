"""`kproxy log`: the contract's keys, and filters that take words as people write them."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from kproxy.cli.main import _exit_code
from kproxy.store.text import export_text
from kproxy.wire.requestinfo import request_info
from tests.support.made import an_exchange
from tests.support.memory import MemoryRecording

GOLDEN = str(Path(__file__).parents[2] / "recordings" / "hello-demo")
KEYS = {
    "seq", "time", "verb", "method", "path", "group", "version", "resource", "subresource", "namespace", "name",
    "user_agent", "status", "duration_ms", "end", "audit_id", "changes",
}  # fmt: skip


def rows(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, object]]:
    capsys.readouterr()
    assert _exit_code(["log", GOLDEN, "--json", *arguments]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_each_line_of_json_has_the_keys_that_scripts_rely_on(capsys: pytest.CaptureFixture[str]) -> None:
    for row in rows(capsys):
        assert row.keys() >= KEYS
    (create,) = rows(capsys, "--verb", "create")
    changes = create["changes"]
    assert isinstance(changes, list)
    assert changes[0].keys() >= {"revision", "type", "key", "basis"}
    assert changes[0]["type"] == "PUT"


@pytest.mark.parametrize(
    ("filters", "seqs"),
    [
        (["--status", "404"], [4]),
        (["--status", "4XX"], [4]),
        (["--status", "201", "--status", "4xx"], [1, 4]),
        (["--status", "-"], []),
        (["--verb", "GET"], [2, 4]),
        (["--verb", "get", "--status", "200"], [2]),
        (["--changed"], [1, 3]),
        (["--resource", "pods", "-n", "default", "--name", "hello-demo"], [2, 3, 4]),
        (["--resource", "nodes"], []),
    ],
)
def test_filters_narrow_down(capsys: pytest.CaptureFixture[str], filters: list[str], seqs: list[int]) -> None:
    assert [row["seq"] for row in rows(capsys, *filters)] == seqs


def test_a_status_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert _exit_code(["log", GOLDEN, "--status", "40"]) == 2
    assert "'40' is no status" in capsys.readouterr().err


def test_a_fault_on_purpose_is_said_in_log_and_show(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recording = MemoryRecording(exchange_list=[replace(an_exchange(1), fault="delay=1s nth=1")])
    export_text(recording, tmp_path / "faulty")
    where = str(tmp_path / "faulty")

    assert _exit_code(["log", where]) == 0
    assert "fault: delay=1s nth=1)" in capsys.readouterr().out
    assert _exit_code(["log", where, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["fault"] == "delay=1s nth=1"
    assert _exit_code(["show", where, "1"]) == 0
    assert "\nfault: delay=1s nth=1\n" in capsys.readouterr().out


def test_a_dry_run_is_marked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = "/api/v1/namespaces/default/pods?dryRun=All"
    made = replace(an_exchange(1, target), info=request_info("POST", target))
    recording = MemoryRecording(exchange_list=[made])
    export_text(recording, tmp_path / "dry")
    capsys.readouterr()
    assert _exit_code(["log", str(tmp_path / "dry")]) == 0
    assert "(dry run" in capsys.readouterr().out
