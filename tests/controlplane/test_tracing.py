"""Trace context through a real kube-apiserver into etcd: without tracing, for everyone; with it, for nobody's harm."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kproxy.model.etcd import EtcdCall, Operation
from kproxy.model.exchange import Exchange, Seq, header
from kproxy.model.recording import Recording
from kproxy.store.reader import open_recording
from tests.controlplane.traced_session import OF_A_TRACE, PARENT, TRACE
from tests.support import watch_beside

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(240)]

ROOT = Path(__file__).parents[2]
KPROXY = [sys.executable, "-m", "kproxy"]
MAPS = b"/registry/configmaps/default/"
NOBODY = "127.0.0.1:1"
"""Where spans are sent and nobody takes them."""


@pytest.fixture(params=["assets", "older_assets"], ids=["1.37.2", "1.34.4"])
def server(request: pytest.FixtureRequest) -> Path:
    """The folder of each version's binaries."""
    folder: Path = request.getfixturevalue(request.param)
    return folder


def recorded(assets: Path, folder: Path, *lab: str) -> Path:
    """A recording of the session."""
    session = folder / "s.kproxy"
    record = [*KPROXY, "record", "--identity", "pass", "-o", str(session), "--when-stuck", "block", "--"]
    talk = f'exec "{sys.executable}" -m tests.controlplane.traced_session "${{KPROXY_LAB%/*}}"'
    command = [*KPROXY, "lab", "run", "--server", "kube-apiserver", "--assets", str(assets), *lab, "--"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("KPROXY_")}
    env |= {"XDG_STATE_HOME": str(folder / "state"), "PYTHONPATH": str(ROOT)}
    env["PATH"] = f"{assets}:{env['PATH']}"
    beside = [sys.executable, watch_beside.__file__, str(folder / "watch.jsonl")]
    done = subprocess.run(
        [*command, *beside, *record, "sh", "-c", talk], env=env, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert watch_beside.check(folder / "watch.jsonl", str(session)) == []
    return session


def puts_and_deletes(call: EtcdCall) -> list[bytes]:
    """The keys that a call changed."""
    if not call.succeeded:
        return []
    changing = {Operation.PUT, Operation.DELETE}
    return [each.keys.key for each in call.operations if each.operation in changing]


def causes(recording: Recording) -> dict[tuple[int, bytes], list[Seq]]:
    """The exchanges that wrote each (revision, key), by trace context alone."""
    found: dict[tuple[int, bytes], list[Seq]] = {}
    for exchange in recording.exchanges():
        for call in recording.calls_of(exchange):
            for key in puts_and_deletes(call):
                found.setdefault((call.revision, key), []).append(exchange.seq)
    return found


def named(exchange: Exchange, method: str, name: str) -> bool:
    """Whether it is this request; a POST's name is in its answer only."""
    return exchange.request.method == method and exchange.info.name == name


def test_without_tracing_every_write_of_every_caller_names_its_request(server: Path, tmp_path: Path) -> None:
    with open_recording(str(recorded(server, tmp_path))) as recording:
        assert recording.session.traced == "relay"
        assert [gap for gap in recording.gaps() if gap.kind == "calls"] == []
        exchanges = {exchange.seq: exchange for exchange in recording.exchanges()}
        caused = causes(recording)
        changes = [change for change in recording.key_changes() if change.key.startswith(MAPS)]
        assert all(len(caused[change.revision, change.key]) == 1 for change in changes)
        verbs = {(exchanges[caused[each.revision, each.key][0]].info.verb) for each in changes}
        assert verbs == {"create", "patch", "delete", "deletecollection"}
        check_callers(recording, caused)
        check_a_trace_of_the_clients(recording)
        check_retries(recording)
        (collection,) = [each for each in exchanges.values() if each.info.verb == "deletecollection"]
        assert {key for key, seqs in caused.items() if collection.seq in seqs} == {
            (change.revision, change.key)
            for change in changes
            if change.key.startswith(MAPS + b"many-") and not change.value
        }


def check_callers(recording: Recording, caused: dict[tuple[int, bytes], list[Seq]]) -> None:
    """Each caller's three writes are there."""
    for name in (b"of-admin", b"of-viewer", b"of-jane", b"of-a-trace"):
        assert len([key for _, key in caused if key == MAPS + name]) == 3
    assert any(exchange.info.verb == "get" and list(recording.calls_of(exchange)) for exchange in recording.exchanges())


def check_a_trace_of_the_clients(recording: Recording) -> None:
    """One trace over several requests: each has a parent of its own in it, and the client's own went nowhere."""
    joined = [each for each in recording.exchanges() if each.trace_id == TRACE]
    assert len(joined) == 4
    assert len({each.parent_id for each in joined}) == 4
    assert {header(each.request.headers, "traceparent") for each in joined} == {OF_A_TRACE["Traceparent"]}
    assert PARENT not in {call.parent_id for call in recording.etcd_calls()}


def check_retries(recording: Recording) -> None:
    """What the server tried again in one request is of that request."""
    raced = [exchange for exchange in recording.exchanges() if named(exchange, "PATCH", "raced")]
    transactions = [[call for call in recording.calls_of(each) if call.method == "KV/Txn"] for each in raced]
    assert any(call.succeeded is False for calls in transactions for call in calls)
    assert all(sum(bool(puts_and_deletes(call)) for call in calls) == 1 for calls in transactions)


def test_with_tracing_a_privileged_caller_keeps_its_trace_and_nobody_its_parent(server: Path, tmp_path: Path) -> None:
    session = recorded(server, tmp_path, "--spans-to", NOBODY)
    with open_recording(str(session)) as recording:
        assert causes(recording) == {}
        exchanges = {exchange.trace_id: exchange for exchange in recording.exchanges()}
        writes = [
            call for call in recording.etcd_calls() if any(key.startswith(MAPS) for key in puts_and_deletes(call))
        ]
        kept = {call.operations[0].keys.key.rpartition(b"/")[2] for call in writes if call.trace_id in exchanges}
        # Who is authenticated counts, not who is impersonated (apiserver's server/config.go: WithTracing is outside).
        assert {b"of-admin", b"of-jane", b"of-a-trace", b"raced"} <= kept
        assert b"of-viewer" not in kept
        assert all(
            call.parent_id != exchanges[call.trace_id].parent_id for call in writes if call.trace_id in exchanges
        )
    ledger = json.loads(
        subprocess.run([*KPROXY, "correlate", str(session), "--json"], capture_output=True, check=True).stdout
    )
    bases = {(entry["key"], entry["basis"]) for entry in ledger["entries"] if entry["key"].startswith(MAPS.decode())}
    assert {basis for key, basis in bases if key.endswith(("of-viewer", "of-a-trace"))} <= {"revision", "object"}
