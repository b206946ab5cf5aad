"""Runs COMMAND with an independent `etcdctl watch` of the whole keyspace beside it, which writes JSON lines to FILE.

    python watch_beside.py FILE COMMAND…        (ETCDCTL_ENDPOINTS says where etcd is)

The watch begins at revision 1, so nothing depends on when it stands; it is ended once it has come to the revision that
etcd has after COMMAND. The exit code is COMMAND's.
"""

import base64
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

PATIENCE = 60.0


def events(file: Path) -> Iterator[tuple[int, str, str]]:
    """What the watch saw: (revision, key, PUT or DELETE)."""
    for line in file.read_text().splitlines():
        for event in json.loads(line).get("Events") or []:
            kv = event["kv"]
            kind = "DELETE" if event.get("type") == 1 else "PUT"
            yield kv["mod_revision"], base64.b64decode(kv["key"]).decode(), kind


def revision() -> int:
    """etcd's, now."""
    said = subprocess.run(["etcdctl", "get", "nothing", "-w", "json"], check=True, capture_output=True)
    return int(json.loads(said.stdout)["header"]["revision"])


def main(file: Path, command: list[str]) -> int:
    with file.open("wb") as out:
        watch = subprocess.Popen(["etcdctl", "watch", "", "--prefix", "--rev=1", "-w", "json"], stdout=out)
        try:
            code = subprocess.run(command, check=False).returncode
            target, deadline = revision(), time.monotonic() + PATIENCE
            while max((each[0] for each in _whole(file)), default=0) < target:
                if time.monotonic() > deadline:
                    raise SystemExit(f"etcdctl watch did not come to revision {target}")
                time.sleep(0.1)
        finally:
            watch.terminate()
            watch.wait()
    return code


def _whole(file: Path) -> list[tuple[int, str, str]]:
    try:
        return list(events(file))
    except ValueError:  # the last line is still being written
        return []


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
