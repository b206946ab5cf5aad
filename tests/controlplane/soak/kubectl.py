"""kubectl, and a log of each of its commands with how it ended."""

import json
import os
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE = 150.0  # seconds for one command


@dataclass(frozen=True)
class Kubectl:
    """Runs kubectl with one kubeconfig. Safe for several threads.

    `log` gets a JSON object a line: at (seconds since the epoch), args, code, stderr, fails (whether it was to fail).
    """

    program: str
    kubeconfig: str
    home: Path
    log: Path
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, *args: str, stdin: str = "", fails: bool = False) -> str:
        """One command to its end; what it printed."""
        process = self.begin(*args)
        began = time.time()
        try:
            out, err = process.communicate(stdin, PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            err += f"\nkilled after {PATIENCE:g} s"
        self.said(began, args, process.returncode, err, fails=fails)
        return out

    def begin(self, *args: str) -> subprocess.Popen[str]:
        """Starts one and leaves it running."""
        pipe = subprocess.PIPE
        env = {**os.environ, "HOME": str(self.home), "KUBECONFIG": self.kubeconfig}
        return subprocess.Popen([self.program, *args], env=env, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def for_a_while(self, seconds: float, *args: str) -> str:
        """Starts one that does not end by itself, and ends it; what it printed until then."""
        process = self.begin(*args)
        began = time.time()
        try:
            out, err = process.communicate(timeout=seconds)
            code = process.returncode
        except subprocess.TimeoutExpired:
            process.terminate()
            out, err = process.communicate()
            code = 0  # what it says of being ended is not of interest
        self.said(began, args, code, err, fails=False)
        return out

    def said(self, began: float, args: tuple[str, ...], code: int, err: str, *, fails: bool) -> None:
        """Logs one."""
        line = {"at": began, "args": args, "code": code, "stderr": err.strip(), "fails": fails}
        with self.lock, self.log.open("a") as log:
            log.write(json.dumps(line) + "\n")
