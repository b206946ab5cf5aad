"""The keeper as its user sees it: servers that are gone when this process is."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from kproxy.errors import LabError
from kproxy.model.jsontypes import JSONObject

GRACE = 5.0  # seconds that a server gets between SIGTERM and SIGKILL
_STOP_TIMEOUT = 30.0  # seconds that the keeper gets for all of it


class Kept:
    """A keeper process, its folder and its servers. A context manager; not safe for several threads."""

    def __init__(self, keep: Path | None, grace: float = GRACE) -> None:
        """Starts the keeper. LabError if the folder cannot be made or, with `keep`, is not empty."""
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(Path(__file__).with_name("keeper.py")), str(os.getpid()), str(grace)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self._temporary = keep is None
        self._nooks: list[Path] = []
        self.folder: Path | None = None
        try:
            answer = self._ask({"do": "folder", "keep": None if keep is None else str(keep.absolute())})
            self.folder = Path(str(answer["folder"]))
        except BaseException:
            self.stop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()

    def start(self, name: str, argv: list[str], env: dict[str, str], log: Path) -> int:
        """Starts a server (in place of the one that had this name) and returns its pid. LabError if it cannot."""
        environment: JSONObject = dict(env)
        answer = self._ask({"do": "start", "name": name, "argv": list(argv), "env": environment, "log": str(log)})
        pid = answer["pid"]
        if not isinstance(pid, int):
            raise LabError(f"the lab's keeper gave no pid for {name}")
        return pid

    def nook(self) -> Path:
        """A further folder, gone with the lab; its path is short, for sockets."""
        folder = Path(str(self._ask({"do": "nook"})["folder"]))
        self._nooks.append(folder)
        return folder

    def ended(self, name: str) -> int | None:
        """The exit code of a server that has ended (-n: by signal n), None while it runs."""
        exits = self._ask({"do": "poll"})["exits"]
        code = exits.get(name) if isinstance(exits, dict) else None
        return code if isinstance(code, int) else None

    def stop(self) -> None:
        """Ends the servers and removes the folder; again does nothing."""
        with contextlib.suppress(LabError, ValueError):  # the keeper is gone, or stopped already
            self._ask({"do": "stop"})
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        try:
            self._process.wait(_STOP_TIMEOUT)
        finally:
            self._sweep()

    def _sweep(self) -> None:
        """What the keeper could not do if somebody killed it: its servers share its process group."""
        if self._process.returncode == 0:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        temporary = [self.folder] if self._temporary and self.folder is not None else []
        for folder in (*self._nooks, *temporary):
            shutil.rmtree(folder, ignore_errors=True)

    def _ask(self, request: JSONObject) -> JSONObject:
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise LabError("the lab's keeper has no pipes")
        try:
            stdin.write(json.dumps(request).encode() + b"\n")
            stdin.flush()
            line = stdout.readline()
        except BrokenPipeError:
            line = b""
        if not line:
            raise LabError("the lab's keeper process has ended: somebody killed it")
        answer = json.loads(line)
        if not isinstance(answer, dict):
            raise LabError("the lab's keeper answered what it should not")
        if "error" in answer:
            raise LabError(f"the lab cannot be started: {answer['error']}")
        return answer
