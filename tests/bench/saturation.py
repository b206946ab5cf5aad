"""What happens when more comes than the recorder can store, for a minute.

With `block` nothing is lost, and on each connection everything has its order. With `pass` (and a small buffer) traffic
is as fast as without a recording, and what is recorded and what is in gaps are together what was sent. Both times
memory stays flat.
"""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from kproxy.store.reader import open_recording
from tests.bench.contenders import unrecorded
from tests.bench.kproxy_process import KproxyProcess
from tests.bench.machine import taken
from tests.bench.processes import BenchError
from tests.bench.scenes import Amount, Scene, Server, Workload, flags
from tests.bench.servers import fixed
from tests.bench.usage import resident_bytes, tree

SCENE = Scene("fixed", Workload.GET, tls=False, connections=16)
SMALL_BUFFER = "1MiB"


@dataclass(slots=True)
class Load:
    """A run of the generator, and what the proxy and the recorder held meanwhile, in bytes, each second."""

    requests: int
    rate: float
    proxy: list[int]
    recorder: list[int]

    def growth_mib(self) -> float:
        """From the first third's end to the last third's most, of both."""
        return max(_growth(self.proxy), 0.0) + max(_growth(self.recorder), 0.0)


def saturate(seconds: float, programs: Path, say: Callable[[str], None]) -> dict[str, object]:
    """The report's part. BenchError if something is lost, reordered or made up."""
    when = taken()
    with _place(programs) as (server, folder):
        load = _loads(folder, programs, seconds)
        with unrecorded(SCENE, server, folder) as entry:
            before = load(entry.url, None)
        with KproxyProcess.start(server, folder / "pass.kproxy", folder, "--buffer", SMALL_BUFFER) as kproxy:
            passing = load(kproxy.url, kproxy.pid)
        recorded, missed = _check(folder / "pass.kproxy", passing.requests, lossless=False)
        with unrecorded(SCENE, server, folder) as entry:
            after = load(entry.url, None)
        with KproxyProcess.start(server, folder / "block.kproxy", folder, "--when-stuck", "block") as kproxy:
            blocking = load(kproxy.url, kproxy.pid)
        _check(folder / "block.kproxy", blocking.requests, lossless=True)
    figures = {
        "seconds": seconds,
        "unrecorded_rate": (before.rate + after.rate) / 2,
        "pass_rate": passing.rate,
        "pass_recorded": recorded,
        "pass_in_gaps": missed,
        "pass_growth_mib": passing.growth_mib(),
        "block_rate": blocking.rate,
        "block_recorded": blocking.requests,
        "block_growth_mib": blocking.growth_mib(),
    }
    rounded = {name: round(value, 1) for name, value in figures.items()}
    say("saturation: " + ", ".join(f"{name} {value:,}" for name, value in rounded.items()))
    return {**rounded, "taken": when}


@contextmanager
def _place(programs: Path) -> Iterator[tuple[Server, Path]]:
    with TemporaryDirectory(prefix="kproxy-bench-") as temporary:
        folder = Path(temporary)
        with fixed(programs, folder, tls=False) as server:
            yield server, folder


def _loads(folder: Path, programs: Path, seconds: float) -> Callable[[str, int | None], Load]:
    def load(url: str, pid: int | None) -> Load:
        command = [str(programs / "load"), "--url", url, *flags(SCENE, Amount(seconds), folder)]
        proxy: list[int] = []
        recorder: list[int] = []
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as generator:
            while generator.poll() is None:
                if pid is not None:
                    proxy.append(resident_bytes([pid]))
                    recorder.append(resident_bytes(tree(pid)[1:]))
                time.sleep(min(1.0, seconds / 10))
            found = json.loads(generator.stdout.read() if generator.stdout is not None else "")
        if found["errors"]:
            raise BenchError(f"at saturation {found['errors']} requests went wrong: {found}")
        return Load(found["requests"], found["rps"], proxy, recorder)

    return load


def _check(file: Path, sent: int, *, lossless: bool) -> tuple[int, int]:
    """How many exchanges are recorded and in gaps."""
    last: dict[int, int] = {}
    recorded = 0
    with open_recording(str(file)) as recording:
        for one in recording.exchanges():
            number = int(one.request.target.rpartition("-")[2])
            if number <= last.get(one.connection, -1):
                raise BenchError(f"on connection {one.connection}, {one.request.target} comes after {last}")
            last[one.connection] = number
            recorded += 1
        gaps = list(recording.gaps())
    missed = sum(gap.count for gap in gaps if gap.kind == "exchanges")
    if recorded + missed != sent or (lossless and gaps):
        raise BenchError(f"{sent} requests were sent, {recorded} are recorded and {missed} are in gaps: {gaps[:3]}")
    file.unlink()
    return recorded, missed


def _growth(sizes: list[int]) -> float:
    """MiB."""
    third = max(1, len(sizes) // 3)
    return (max(sizes[-third:]) - max(sizes[:third])) / 2**20 if sizes else 0.0
