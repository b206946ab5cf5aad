"""The program kproxy: found by KPROXY or on PATH, run as a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

START_SECONDS = 120.0
END_SECONDS = 60.0
_TOLD = ("KUBECONFIG", "KPROXY_URL", "KPROXY_TOKEN", "KPROXY_CA", "KPROXY_LAB", "ETCDCTL_ENDPOINTS")

# Runs as COMMAND: says what it was told, and stays until its standard input is closed.
_HOLDER = """
import json, os, sys
told = {name: os.environ[name] for name in sys.argv[2:] if name in os.environ}
with open(sys.argv[1] + ".part", "w") as file:
    json.dump(told, file)
os.replace(sys.argv[1] + ".part", sys.argv[1])
sys.stdin.read()
"""


class KproxyError(Exception):
    """kproxy is not there, or did not do what it was asked to; the message is a sentence and what it said."""


@dataclass(frozen=True)
class Kproxy:
    """The program. `environment`: what it is given beside this process's own."""

    path: str
    environment: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def find(cls) -> Kproxy:
        """That of KPROXY, else of PATH. KproxyError if there is none."""
        named = os.environ.get("KPROXY", "")
        path = shutil.which(named or "kproxy")
        if path is None:
            where = f"KPROXY={named} is no program" if named else "there is no kproxy on PATH"
            raise KproxyError(f"{where}: install it (`pipx install kproxy`) or name it in KPROXY")
        return cls(path)

    def run(
        self, *arguments: str, codes: Sequence[int] = (0,), seconds: float = 3600
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of kproxy's to its end. KproxyError for an exit code that is not among `codes`."""
        command = [self.path, *arguments]
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            timeout=seconds,
            env=self._env(),
            stdin=subprocess.DEVNULL,
        )
        if done.returncode not in codes:
            raise KproxyError(f"kproxy {' '.join(arguments)} ended with {done.returncode}: {_last(done.stderr)}")
        return done

    def verdict(self, *arguments: str) -> dict[str, object]:
        """The JSON report of `replay` or `diff`, whatever the verdict. KproxyError if there is none."""
        done = self.run(*arguments, "--format", "json", codes=(0, 1, 2))
        try:
            found = json.loads(done.stdout)
        except ValueError:
            raise KproxyError(f"kproxy {' '.join(arguments)}: {_last(done.stderr)}") from None
        if not isinstance(found, dict):
            raise KproxyError(f"kproxy {' '.join(arguments)} gave no report")
        return found

    def hold(self, *words: str) -> Held:
        """Start `kproxy WORDS -- …` and keep it until `Held.end`; words may hold further commands of kproxy's."""
        return Held([self.path, *words], self._env())

    def _env(self) -> dict[str, str]:
        return {**os.environ, **self.environment}


class Held:
    """A running kproxy, and what it tells its COMMAND."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="pytest-kproxy-")
        place = Path(self._folder.name)
        self._told, self._said = place / "told.json", place / "said"
        self.command = [*command, "--", sys.executable, "-c", _HOLDER, str(self._told), *_TOLD]
        with self._said.open("wb") as said:
            self._process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=said, stderr=said, env=dict(env), start_new_session=True
            )

    def told(self) -> dict[str, str]:
        """KUBECONFIG and the rest, as soon as it is there. KproxyError if kproxy ends before."""
        end = time.monotonic() + START_SECONDS
        while not self._told.exists():
            if self._process.poll() is not None or time.monotonic() > end:
                said = self.said()
                self.end()
                raise KproxyError(f"kproxy did not start: {_last(said)}")
            time.sleep(0.02)
        found: dict[str, str] = json.loads(self._told.read_text())
        return found

    def said(self) -> str:
        """What it wrote on its standard output and error."""
        return self._said.read_text(errors="replace") if self._said.exists() else ""

    def end(self) -> str:
        """Let it end, as its COMMAND does; what it said. KproxyError if it failed."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            code = self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        said = self.said()
        self._folder.cleanup()
        if code:
            raise KproxyError(f"kproxy ended with {code}: {_last(said)}")
        return said


def _last(said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip()]
    return " / ".join(lines[-5:]) or "it said nothing"
