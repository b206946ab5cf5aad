"""Both lanes in front of a lab: kproxy's own diff finds their recordings identical, etcd's keys included."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.lab_traffic import SENT
from tests.conformance.lanes import LANES

KPROXY = [sys.executable, "-m", "kproxy"]
ROOT = Path(__file__).parents[2]


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

    recordings = [str(tmp_path / f"{lane}.kproxy") for lane in LANES]
    done = subprocess.run([*KPROXY, "diff", *recordings, "--format", "json"], capture_output=True, check=False)

    found = json.loads(done.stdout)
    assert found["verdict"] == "identical", found
    assert found["exchanges"]["compared"] == found["exchanges"]["identical"] == len(SENT)
    assert found["etcd"]["compared"] >= 1
    assert done.returncode == 0
