"""`kproxy record` as it is started by a user, in front of a server."""

import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from kproxy.config.kubeconfig import load_kubeconfig
from tests.bench.processes import BIN, ENDING, ROOT, STARTUP, BenchError, environment
from tests.bench.scenes import Server

_URL = "the api-server is at "
_CONFIG = "export KUBECONFIG="


@dataclass(slots=True)
class KproxyProcess:
    """A running one: what its clients need."""

    process: subprocess.Popen[str]
    url: str = ""
    ca: Path | None = None
    token: str = ""
    said: list[str] = field(default_factory=list)

    @property
    def pid(self) -> int:
        """The proxy's; the recorder is its child."""
        return self.process.pid

    @classmethod
    @contextmanager
    def start(cls, server: Server, recording: Path, folder: Path, *more: str) -> Iterator["KproxyProcess"]:
        """Until the end of the block; then the recording is closed. BenchError if that takes too long, or fails."""
        scheme = "https" if server.tls else "http"
        command = [str(BIN / "python"), "-m", "kproxy", "record", "--force", "-o", str(recording), *more]
        command += ["--listen", f"{scheme}://127.0.0.1:0"]
        command += ["--kubeconfig", str(server.kubeconfig)] if server.tls else ["--upstream", server.url]
        env = environment(XDG_STATE_HOME=str(folder / "state"))
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=env)
        found = cls(process)
        reader = threading.Thread(target=found._listen, daemon=True)
        reader.start()
        try:
            found._await_ready(folder, tls=server.tls)
            yield found
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(2 * ENDING)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise BenchError(f"kproxy did not end: {found.said}") from None
            finally:
                reader.join()

    def _listen(self) -> None:
        if self.process.stderr is not None:
            with self.process.stderr as lines:
                self.said.extend(line.strip() for line in lines)

    def _await_ready(self, folder: Path, *, tls: bool) -> None:
        deadline = time.monotonic() + STARTUP
        while time.monotonic() < deadline and self.process.poll() is None:
            self.url = self.url or self._told(_URL)
            config = self._told(_CONFIG)
            if self.url and (config or not tls):
                if config:
                    self._read_config(Path(config), folder)
                return
            time.sleep(0.02)
        raise BenchError(f"kproxy did not start: {self.said}")

    def _told(self, mark: str) -> str:
        return next((line.partition(mark)[2] for line in list(self.said) if mark in line), "")

    def _read_config(self, config: Path, folder: Path) -> None:
        upstream = load_kubeconfig(config, {}).upstream(None)
        self.token = upstream.token or ""
        if upstream.tls is not None and upstream.tls.ca_pem:
            self.ca = folder / "kproxy-ca.crt"
            self.ca.write_text(upstream.tls.ca_pem)
