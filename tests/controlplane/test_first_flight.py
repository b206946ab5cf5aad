"""The first flight on a real kube-apiserver: nothing missing, nothing made up."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import watch_beside

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(300)]

KPROXY = [sys.executable, "-m", "kproxy"]
RECORDINGS = Path(__file__).parents[2] / "recordings"
OUR_OWN = {"kproxy-lab", "system:apiserver"}


def run(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*KPROXY, *arguments], env=env, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def flight(assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """hello-kubectl recorded on a lab, the server's audit log and etcdctl's own watch beside it."""
    folder = tmp_path_factory.mktemp("flight")
    env = {**os.environ, "PATH": f"{assets}:{os.environ['PATH']}"}
    env["XDG_STATE_HOME"] = str(folder / "state")
    record = [*KPROXY, "record", "-o", str(folder / "s.kproxy"), "--when-stuck", "block"]
    session = ["sh", str(RECORDINGS / "make" / "hello-kubectl.sh")]
    beside = [sys.executable, watch_beside.__file__, str(folder / "watch.jsonl")]
    lab = ["lab", "run", "--server", "kube-apiserver", "--assets", str(assets), "--audit-log", str(folder / "a.log")]
    done = run(*lab, "--", *beside, *record, "--", *session, env=env)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_request_of_the_audit_log_is_in_the_log_and_no_other(flight: Path, real_env: dict[str, str]) -> None:
    said = run("log", str(flight / "s.kproxy"), "--json", env=real_env)
    rows = [json.loads(line) for line in said.stdout.splitlines()]
    audited = [json.loads(line) for line in (flight / "a.log").read_text().splitlines()]
    theirs = {event["auditID"] for event in audited if event["user"]["username"] not in OUR_OWN}
    assert len(rows) > 30
    assert len({row["audit_id"] for row in rows}) == len(rows)
    assert {row["audit_id"] for row in rows} == theirs


def test_the_ledger_has_the_very_keys_and_revisions_that_etcdctl_saw(flight: Path, real_env: dict[str, str]) -> None:
    ledger = json.loads(run("correlate", str(flight / "s.kproxy"), "--json", env=real_env).stdout)
    shown = run("export", str(flight / "s.kproxy"), "--to", str(flight / "text"), env=real_env)
    assert shown.returncode == 0
    header = (flight / "text" / "session.yaml").read_text()
    first, last = (
        int(line.partition(":")[2]) for line in header.splitlines() if line.startswith(("etcd_start:", "etcd_end:"))
    )
    seen = {event for event in watch_beside.events(flight / "watch.jsonl") if first < event[0] <= last}
    assert {(entry["revision"], entry["key"], entry["type"]) for entry in ledger["entries"]} == seen
    assert len(seen) >= 15
    assert ledger["gaps"] == []


def test_every_change_has_its_ground_and_the_second_apply_wrote_nothing(flight: Path, real_env: dict[str, str]) -> None:
    ledger = json.loads(run("correlate", str(flight / "s.kproxy"), "--json", env=real_env).stdout)
    assert [entry for entry in ledger["entries"] if entry["standing"] == "unattributed"] == []
    assert ledger["attributed"]["traced"] >= 15
    assert ledger["attributed"]["revision"] == ledger["attributed"]["object"] == 0
    assert [no_op["key"] for no_op in ledger["no_op_writes"]] == ["/registry/configmaps/default/hello-settings"]


def test_a_recorded_secret_is_nowhere_in_the_text_form(flight: Path, real_env: dict[str, str]) -> None:
    run("export", str(flight / "s.kproxy"), "--to", str(flight / "searched"), env=real_env)
    words = b"".join(path.read_bytes() for path in (flight / "searched").iterdir())
    assert b"hello-secret" in words
    for secret in (b"correct-horse-battery-staple", b"Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5LXN0YXBsZQ"):
        assert secret not in words
