"""A relay as users start it, and a reader of its feed."""

import contextlib
import json
import queue
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from kproxy.model.etcd import EtcdCall
from kproxy.wire.relayfeed import FeedReader, FeedRecord, Hello, Synced, pack_token

PATIENCE = 60.0
"""Seconds that anything here may take on a slow machine."""


@dataclass
class RelayProcess:
    """`kproxy etcd-relay`, ready."""

    process: subprocess.Popen[str]
    feed: Path
    urls: list[str]
    said: Path

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        self.process.terminate()
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """Kill -9."""
        self.process.kill()
        self.process.wait(PATIENCE)


@contextlib.contextmanager
def relay_process(folder: Path, *etcds: str, more: Sequence[str] = ()) -> Iterator[RelayProcess]:
    """A relay for these etcds; `more`: further options."""
    feed, said = folder / "feed.sock", folder / "relay.err"
    command = [sys.executable, "-m", "kproxy", "etcd-relay", "--feed", str(feed), *more]
    command += [part for url in etcds for part in ("--etcd", url)]
    with said.open("a") as err:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=err, text=True)
    try:
        line = _first_line(process.stdout)
        assert line, said.read_text()
        told = json.loads(line)
        yield RelayProcess(process, Path(told["feed"]), [each["listen"] for each in told["relayed"]], said)
    finally:
        process.kill()
        process.wait(PATIENCE)
        if process.stdout is not None:
            process.stdout.close()


def _first_line(stream: IO[str] | None) -> str:
    assert stream is not None
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=lambda: lines.put(stream.readline()), daemon=True).start()
    return lines.get(timeout=PATIENCE)


@dataclass
class FeedClient:
    """Attached to a feed."""

    sock: socket.socket
    hello: Hello
    reader: FeedReader
    records: list[FeedRecord] = field(default_factory=list)
    tokens: int = 0

    def until_synced(self) -> list[FeedRecord]:
        """All that was told until now and not given before."""
        self.tokens += 1
        self.sock.sendall(pack_token(self.tokens))
        deadline = time.monotonic() + PATIENCE
        while not any(isinstance(each, Synced) and each.token == self.tokens for each in self.records):
            self.sock.settimeout(deadline - time.monotonic())
            data = self.sock.recv(1 << 20)
            assert data, "the relay closed its feed"
            self.records += self.reader.feed(data)
        found: list[FeedRecord] = [each for each in self.records if not isinstance(each, Synced)]
        self.records = []
        return found

    def calls(self) -> list[EtcdCall]:
        """The calls among them."""
        return [each for each in self.until_synced() if isinstance(each, EtcdCall)]


@contextlib.contextmanager
def attached(feed: Path) -> Iterator[FeedClient]:
    """A reader of the feed."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(PATIENCE)
        sock.connect(str(feed))
        reader, records = FeedReader(), list[FeedRecord]()
        while not records:
            records += reader.feed(sock.recv(1 << 16))
        hello = records.pop(0)
        assert isinstance(hello, Hello)
        yield FeedClient(sock, hello, reader, records)
