"""A `kproxy record` that goes on while a test talks through it, as its COMMAND would, and reads what is recorded."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kproxy.model.exchange import Direction, End, Exchange, Frame
from kproxy.store.reader import open_recording
from tests.support.etcd_truth import check_recorded, follows_etcd
from tests.support.record_process import PATIENCE, wait_for

# The COMMAND: it hands its KUBECONFIG over and waits for the end of its input.
HAND_OVER = 'cp "$KUBECONFIG" "$0.part" && mv "$0.part" "$0" && exec cat'


@dataclass(frozen=True)
class LiveRecord:
    """`env`: for clients that are to go through it."""

    process: subprocess.Popen[bytes]
    path: Path
    env: dict[str, str]

    def last(self) -> int:
        """The number of the last exchange so far."""
        with open_recording(str(self.path)) as recording:
            return max((exchange.seq for exchange in recording.exchanges()), default=0)

    def exchanges(self, after: int, subresource: str) -> list[Exchange]:
        """Of a pod's subresource, behind this number."""
        with open_recording(str(self.path)) as recording:
            return [each for each in recording.exchanges() if each.seq > after and each.info.subresource == subresource]

    def ended(self, after: int, subresource: str, count: int = 1) -> list[Exchange]:
        """So many of them, once all have ended."""

        def found() -> list[Exchange] | None:
            all_ = self.exchanges(after, subresource)
            over = len(all_) >= count and all(each.end is not End.UNKNOWN for each in all_)
            return all_ if over else None

        made = wait_for(found)
        assert len(made) == count
        return made

    def frames(self, exchange: Exchange) -> list[Frame]:
        """Of one of them."""
        with open_recording(str(self.path)) as recording:
            return list(recording.frames(exchange.seq))

    def frame(self, after: int, subresource: str, wanted: Callable[[Frame], bool]) -> Frame:
        """A frame as soon as it is recorded, of an exchange that goes on."""

        def found() -> Frame | None:
            all_ = [frame for each in self.exchanges(after, subresource) for frame in self.frames(each)]
            return next((frame for frame in all_ if wanted(frame)), None)

        return wait_for(found)

    def shown(self, exchange: Exchange) -> str:
        """What `kproxy show` prints."""
        command = [sys.executable, "-m", "kproxy", "show", str(self.path), str(exchange.seq)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def recorder(self) -> int:
        """The recorder's process id, as soon as there is one."""

        def found() -> int | None:
            asked = ["pgrep", "-P", str(self.process.pid), "-f", "kproxy.record"]
            pids = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.split()
            return int(pids[0]) if pids else None

        return wait_for(found)

    def terminate(self) -> int:
        """SIGTERM; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


@contextmanager
def live_record(folder: Path, env: Mapping[str, str], *options: str) -> Iterator[LiveRecord]:
    """Recording into FOLDER/s.kproxy until the block ends; `env`: with the server's KUBECONFIG.

    What followed an etcd (KPROXY_LAB in `env`) is compared with etcdctl's watch at the end.
    """
    kubeconfig, path = folder / "through.kubeconfig", folder / "s.kproxy"
    command = ["sh", "-c", HAND_OVER, str(kubeconfig)]
    record = [sys.executable, "-m", "kproxy", "record", "-o", str(path), *options, "--", *command]
    with (folder / "record.err").open("wb") as errors:
        process = subprocess.Popen(record, stdin=subprocess.PIPE, stdout=errors, stderr=errors, env=dict(env))
    try:
        wait_for(lambda: True if kubeconfig.exists() or process.poll() is not None else None)
        assert process.poll() is None, (folder / "record.err").read_text()
        yield LiveRecord(process, path, {**env, "KUBECONFIG": str(kubeconfig)})
    finally:
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if follows_etcd(options, env):
        check_recorded(path)


def carried(frames: list[Frame], channel: str, direction: Direction) -> int:
    """Bytes that a channel carried that way."""
    return sum(frame.body.size for frame in frames if frame.channel == channel and frame.direction is direction)
