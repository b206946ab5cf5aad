"""Runs a COMMAND and looks on, by python -m tests.controlplane.soak.beside FOLDER COMMAND… in a lab.

FOLDER gets

    watch.jsonl   etcdctl's own watch of the whole keyspace (tests/support/watch_beside.py)
    used.jsonl    what each part used (meter.py)
    relay.json    after COMMAND, what etcd says through the lab's relay and directly: {"hash": […, …], "keys": N,
                  "contents": [sha256, sha256]}, all at one revision; without a relay there is none

The exit code is COMMAND's.
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

from kproxy.lab.info import read_lab
from tests.controlplane.soak.meter import Meter
from tests.support import watch_beside
from tests.support.etcd_relay import attached

TRIES = 100
"""The api-server writes now and then by itself: both ways are asked again until their revisions are the same."""


def etcdctl(endpoint: str, *arguments: str) -> bytes:
    """What it says through one way to etcd."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("ETCDCTL_")}
    command = ["etcdctl", f"--endpoints={endpoint}", *arguments]
    return subprocess.run(command, env=env, check=True, capture_output=True).stdout


def compare(feed: str, etcd: str) -> dict[str, object]:
    """What etcd says through the relay of this feed, and directly."""
    with attached(Path(feed)) as client:
        (relayed,) = client.hello.relayed
    ways = (relayed.listen, etcd)
    at = watch_beside.revision()
    hashes: list[tuple[int, int]] = []
    for _ in range(TRIES):
        said = [json.loads(etcdctl(way, "endpoint", "hashkv", "-w", "json"))[0]["HashKV"] for way in ways]
        hashes = [(each["hash"], each["header"]["revision"]) for each in said]
        if hashes[0][1] == hashes[1][1]:
            break
    lists = [etcdctl(way, "get", "", "--prefix", f"--rev={at}", "-w", "json") for way in ways]
    contents = [json.loads(each)["kvs"] for each in lists]
    digests = [hashlib.sha256(json.dumps(each).encode()).hexdigest() for each in contents]
    return {"hash": hashes, "keys": len(contents[0]), "contents": digests}


def main(folder: Path, command: list[str]) -> int:
    """COMMAND's exit code."""
    lab = read_lab(os.environ["KPROXY_LAB"])
    meter = Meter(folder / "used.jsonl", os.getppid())
    meter.start()
    try:
        code = watch_beside.main(folder / "watch.jsonl", command)
        if lab.etcd_relay:
            told = compare(lab.etcd_relay, lab.etcd_endpoints[0])
            (folder / "relay.json").write_text(json.dumps(told))
        return code
    finally:
        meter.end()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
