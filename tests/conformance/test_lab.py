"""Both lanes in front of a lab: kproxy's own diff finds their recordings identical, etcd's keys included."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kproxy.model.etcd import Operation
from kproxy.store.reader import open_recording
from tests.conformance.lab_traffic import SENT
from tests.conformance.lanes import LANES

pytestmark = pytest.mark.process

KPROXY = [sys.executable, "-m", "kproxy"]
ROOT = Path(__file__).parents[2]


def check_traces(path: Path) -> None:
    """Every change is of a call that carried the trace context of exactly one exchange, whose verb it is."""
    with open_recording(str(path)) as recording:
        assert recording.session.traced == "relay"
        wrote = {
            (call.revision, each.keys.key): exchange.info.verb
            for exchange in recording.exchanges()
            for call in recording.calls_of(exchange)
            for each in call.operations
            if each.operation in {Operation.PUT, Operation.DELETE}
        }
        changes = [(change.revision, change.key) for change in recording.key_changes()]
        assert [wrote[change] for change in changes] == ["create", "patch", "delete"]


def test_both_lanes_record_the_same_of_an_emulated_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for lane in LANES:
        traffic = [
            sys.executable,
            "-m",
            "tests.conformance.lab_traffic",
            "record",
            lane,
            str(tmp_path / f"{lane}.kproxy"),
        ]
        subprocess.run([*KPROXY, "lab", "run", "--server", "emulated", "--", *traffic], check=True, cwd=ROOT)

        check_traces(tmp_path / f"{lane}.kproxy")

    recordings = [str(tmp_path / f"{lane}.kproxy") for lane in LANES]
    done = subprocess.run([*KPROXY, "diff", *recordings, "--format", "json"], capture_output=True, check=False)

    found = json.loads(done.stdout)
    assert found["verdict"] == "identical", found
    assert found["exchanges"]["compared"] == found["exchanges"]["identical"] == len(SENT)
    assert found["etcd"]["compared"] >= 1
    assert done.returncode == 0
