"""The truth beside a recording: what etcdctl's own watch of the whole keyspace says of the same etcd."""

import base64
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kproxy.model.etcd import ClusterId
from kproxy.model.recording import Recording
from kproxy.store.reader import open_recording

PATIENCE = 120.0
"""Seconds until etcdctl must have come to a revision."""

type Entry = tuple[int, bytes]
"""A revision and a key: what a ledger's entry is named by, within one etcd."""


def etcdctl_binary(beside: Path | None = None) -> Path:
    """The etcdctl beside an etcd, or beside this Python, or on PATH; skips the test without one."""
    places = [str(beside.parent)] if beside is not None else []
    for path in (*places, str(Path(sys.executable).parent), None):
        if found := shutil.which("etcdctl", path=path):
            return Path(found)
    pytest.skip("no etcdctl is installed")


@dataclass
class Truth:
    """A running `etcdctl watch "" --prefix`, and what it has said."""

    process: subprocess.Popen[str]
    entries: set[Entry] = field(default_factory=set)
    reached: int = 0
    complaint: str = ""

    def up_to(self, revision: int) -> set[Entry]:
        """Everything up to this revision, once it has come so far. AssertionError if it does not."""
        deadline = time.monotonic() + PATIENCE
        while self.reached < revision:
            ended = self.process.poll()
            assert ended is None, f"etcdctl's watch ended ({ended}) at {self.reached}: {self.complaint[-500:]}"
            assert time.monotonic() < deadline, f"etcdctl's watch is at {self.reached}, not at {revision}"
            time.sleep(0.02)
        return {entry for entry in self.entries if entry[0] <= revision}

    def read(self, lines: Iterable[str]) -> None:
        """Its output, to the end."""
        for line in lines:
            try:
                answer = json.loads(line)
            except ValueError:
                self.complaint += line
                continue
            events = [event["kv"] for event in answer.get("Events") or ()]
            self.entries |= {(int(kv["mod_revision"]), base64.b64decode(kv["key"])) for kv in events}
            self.reached = max([self.reached, *(int(kv["mod_revision"]) for kv in events)])


@contextmanager
def truth(endpoints: Iterable[str], start: int, *, etcdctl: Path, flags: Iterable[str] = ()) -> Iterator[Truth]:
    """What etcd says of every revision from `start` on, by a client that is not ours."""
    command = [str(etcdctl), f"--endpoints={','.join(endpoints)}", *flags]
    command += ["watch", "", "--prefix", f"--rev={start}", "-w", "json"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("ETCDCTL_")}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)
    running = Truth(process)
    reader = threading.Thread(target=running.read, args=(process.stdout,), daemon=True)
    reader.start()
    try:
        yield running
    finally:
        process.kill()
        process.wait()
        reader.join()


def recorded(recording: Recording, cluster: ClusterId, after: int) -> set[Entry]:
    """The ledger's entries of one etcd behind a revision."""
    changes = (change for change in recording.key_changes() if change.cluster == cluster)
    return {(change.revision, bytes(change.key)) for change in changes if change.revision > after}


def check_complete(recording: Recording, *, etcdctl: Path, flags: Iterable[str] = ()) -> int:
    """That a closed recording's entries are those that etcd itself has; how many they are.

    To be called while the etcds still have the session's revisions. Nothing may be within a gap.
    """
    assert not [gap for gap in recording.gaps() if gap.kind == "etcd"]
    count = 0
    stores = list(recording.etcds())
    assert stores, "no etcd was followed"
    for store in stores:
        assert store.start is not None
        assert store.end is not None
        found = recorded(recording, store.cluster, store.start)
        assert {revision for revision, _ in found} == set(range(store.start + 1, store.end + 1))
        if store.end > store.start:
            with truth(store.endpoints, store.start + 1, etcdctl=etcdctl, flags=flags) as watched:
                assert found == watched.up_to(store.end)
        count += len(found)
    return count


def check_recorded(path: Path, *, flags: Iterable[str] = ()) -> int:
    """The same for the recording at this place, with whichever etcdctl is there."""
    with open_recording(str(path)) as recording:
        return check_complete(recording, etcdctl=etcdctl_binary(), flags=flags)


def follows_etcd(options: Iterable[str], env: Mapping[str, str]) -> bool:
    """Whether `kproxy record` with these options and environment, before its lab's server, has an etcd to follow."""
    return "--etcd" in options or bool(env.get("KPROXY_LAB"))
