"""A real `kproxy record` in a process of its own, and traffic through it."""

import http.client
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.etcd_truth import check_recorded, follows_etcd
from tests.support.process import listened_to

PATIENCE = 60.0


def wait_for[T](what: Callable[[], T | None], patience: float = PATIENCE) -> T:
    """What it gives, once it gives something; fails after `patience` seconds."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if (found := what()) is not None:
            return found
        time.sleep(0.02)
    raise AssertionError(f"nothing within {patience:.0f} s")


@dataclass
class RecordProcess:
    """The command line's process, the URL it serves, and what it said."""

    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where clients come in, once it says so."""
        mark = "the api-server is at "
        return wait_for(lambda: next((line.partition(mark)[2] for line in list(self.said) if mark in line), None))

    def recorder(self) -> int | None:
        """The recorder's process id, None while there is none."""
        found = subprocess.run(
            ["pgrep", "-P", str(self.process.pid), "-f", r"kproxy[.]record"],
            capture_output=True,
            text=True,
            check=False,
        )
        pids = found.stdout.split()
        return int(pids[0]) if pids else None


@contextmanager
def record_process(upstream: str | None, output: Path, *options: str, descriptors: int = 0) -> Iterator[RecordProcess]:
    """`kproxy record` without a COMMAND on a free plain port; ended at the end, if nobody did before.

    `upstream`: a URL, or None for KUBECONFIG's server; `descriptors`: the shell's limit of them, 0: as here.
    What followed an etcd is compared with etcdctl's watch at the end of the block, where etcd must be there still.
    """
    server = ["--upstream", upstream] if upstream is not None else []
    arguments = ["record", *server, "--listen", "http://127.0.0.1:0", "-o", str(output), *options]
    command = [sys.executable, "-m", "kproxy", *arguments]
    if descriptors:
        command = ["sh", "-c", f'ulimit -Sn {descriptors}; exec "$@"', "sh", *command]
    env = dict(os.environ)
    follows = follows_etcd(options, env if upstream is None else {})  # a lab around us is not of another server
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env)
    running = RecordProcess(process)
    with listened_to(process, running.said, signal.SIGINT):
        yield running
    if follows:
        check_recorded(output)


@dataclass
class Traffic:
    """Requests with numbers in their paths; `done`: number to the time its answer was read, CLOCK_MONOTONIC."""

    url: str
    done: dict[int, float] = field(default_factory=dict)
    sent: set[int] = field(default_factory=set)
    failed: set[int] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self, clients: int = 3) -> None:
        """Each client sends one request after the other on its own connection."""
        self._threads = [threading.Thread(target=self._client, daemon=True) for _ in range(clients)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """After the requests that are on their way."""
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive(), "a request was never answered"

    def _client(self) -> None:
        place = urlsplit(self.url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=PATIENCE)
        while not self._stop.is_set():
            number = next(self._numbers)
            self.sent.add(number)
            try:
                connection.request("GET", f"/api/v1/namespaces/default/configmaps/n-{number}")
                connection.getresponse().read()
            except (OSError, http.client.HTTPException):
                self.failed.add(number)
                return
            self.done[number] = time.monotonic()
            time.sleep(0.001)
