"""Runs COMMAND with an independent `etcdctl watch` of the whole keyspace beside it, which FILE keeps as JSON lines.

    python watch_beside.py FILE COMMAND…        (ETCDCTL_ENDPOINTS says where etcd is)

The watch begins at revision 1, so nothing depends on when it stands; it is ended once it has come to the revision that
etcd has after COMMAND. The exit code is COMMAND's. A line is [revision, the key in base64, PUT or DELETE].

    python -m tests.support.watch_beside FILE --check RECORDING

says whether the recording has the very same between its first and its last revision; the exit code is 1 if it does not.
"""

import base64
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

PATIENCE = 60.0

type Event = tuple[int, str, str]


def events(file: Path) -> Iterator[Event]:
    """What the watch saw: (revision, key, PUT or DELETE)."""
    for line in file.read_text().splitlines():
        revision, key, kind = json.loads(line)
        yield revision, base64.b64decode(key).decode(), kind


def differences(file: Path, recorded: Iterable[Event], first: int, last: int) -> list[Event]:
    """What only one of the two has between these revisions, and revisions that neither has."""
    seen = {event for event in events(file) if first <= event[0] <= last}
    missing = set(range(first, last + 1)) - {event[0] for event in seen}
    return sorted(seen ^ set(recorded)) + [(revision, "", "nobody has it") for revision in sorted(missing)]


def revision() -> int:
    """etcd's, now."""
    said = subprocess.run(["etcdctl", "get", "nothing", "-w", "json"], check=True, capture_output=True)
    return int(json.loads(said.stdout)["header"]["revision"])


class Watch:
    """The lines of etcdctl's watch, made short: values may have megabytes."""

    def __init__(self, lines: Iterable[str], file: Path) -> None:
        self._lines = lines
        self._file = file
        self.reached = 0

    def read(self) -> None:
        """To their end."""
        with self._file.open("w") as out:
            for line in self._lines:
                found = json.loads(line).get("Events") or []
                for event in found:
                    kind = "DELETE" if event.get("type") == 1 else "PUT"
                    out.write(json.dumps([event["kv"]["mod_revision"], event["kv"]["key"], kind]) + "\n")
                self.reached = max([self.reached, *(event["kv"]["mod_revision"] for event in found)])


def main(file: Path, command: list[str]) -> int:
    arguments = ["etcdctl", "watch", "", "--prefix", "--rev=1", "-w", "json"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        watch = Watch(process.stdout or (), file)
        reader = threading.Thread(target=watch.read)
        reader.start()
        try:
            code = subprocess.run(command, check=False).returncode
            target, deadline = revision(), time.monotonic() + PATIENCE
            while watch.reached < target:
                if time.monotonic() > deadline:
                    raise SystemExit(f"etcdctl watch did not come to revision {target}")
                time.sleep(0.1)
        finally:
            process.terminate()
            reader.join()
    return code


def check(file: Path, where: str) -> list[Event]:
    """What the watch and the recording at `where` do not agree on; gaps count as missing."""
    from kproxy.model.etcd import key_text  # noqa: PLC0415 - beside a COMMAND this file runs without kproxy
    from kproxy.store.reader import open_recording  # noqa: PLC0415 - the same

    with open_recording(where) as recording:
        start, end = recording.session.etcd_start, recording.session.etcd_end
        changes = list(recording.key_changes())
    assert start is not None
    assert end is not None
    recorded = [(each.revision, key_text(each.key), each.type.value) for each in changes if each.revision > start]
    return differences(file, recorded, start + 1, end)


if __name__ == "__main__":
    if sys.argv[2:3] == ["--check"]:
        found = check(Path(sys.argv[1]), sys.argv[3])
        sys.exit(f"{sys.argv[3]} is not what etcdctl saw: {found[:10]}" if found else 0)
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
