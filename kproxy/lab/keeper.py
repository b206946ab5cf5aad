"""The keeper: a process that starts servers and ends them when whoever asked for them is gone.

Run as a file with Python's standard library only. It reads requests as JSON lines from its standard input and answers
each with one line. When the input ends (its other end was closed, or its holder was killed), when its parent changed
(a forked process may still hold the other end), or on SIGTERM, it ends the servers, the last started first, and removes
the folders that it had made. It lives in a session of its own, so that a terminal's Ctrl-C does not reach the servers
before COMMAND has had its say.

    {"do": "folder", "keep": PATH or null}                     -> {"folder": PATH}
    {"do": "nook"}                                             -> {"folder": PATH}, a further one with a short path
    {"do": "start", "name": N, "argv": […], "env": {…}, "log": PATH} -> {"pid": P}
    {"do": "poll"}                                             -> {"exits": {N: code or null}}
    {"do": "stop"}                                             -> {"stopped": true}, and the keeper ends
    any of them, failed                                        -> {"error": SENTENCE}
"""

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import FrameType

_PARENT_CHECK = 0.5  # seconds


class Keeper:
    """The servers and the folder, and what is done to them."""

    def __init__(self, grace: float) -> None:
        self.grace = grace
        self.asked_to_end = False
        self.folder: Path | None = None
        self.temporary = False
        self.nooks: list[Path] = []
        self.servers: dict[str, subprocess.Popen[bytes]] = {}

    def answer(self, request: dict[str, object]) -> dict[str, object]:
        """Does what a request says. OSError, ValueError, KeyError if that cannot be done."""
        match request["do"]:
            case "folder":
                return {"folder": str(self.make_folder(request.get("keep")))}
            case "nook":
                self.nooks.append(Path(tempfile.mkdtemp(prefix="kproxy-", dir="/tmp")))
                return {"folder": str(self.nooks[-1])}
            case "start":
                return {"pid": self.start(request)}
            case "poll":
                return {"exits": {name: server.poll() for name, server in self.servers.items()}}
            case "stop":
                self.end()
                return {"stopped": True}
        raise ValueError(f"unknown request {request['do']!r}")

    def make_folder(self, keep: object) -> Path:
        """A temporary folder, or the one that is to stay."""
        if keep is None:
            self.folder, self.temporary = Path(tempfile.mkdtemp(prefix="kproxy-lab-")), True
            return self.folder
        folder = Path(str(keep))
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise ValueError(f"the folder {folder} is not empty")
        folder.chmod(0o700)
        self.folder = folder
        return folder

    def start(self, request: dict[str, object]) -> int:
        """Starts one server; one of the same name must have ended."""
        argv, env, name = request["argv"], request["env"], str(request["name"])
        if not isinstance(argv, list) or not isinstance(env, dict):
            raise TypeError("argv is no list, or env no mapping")
        old = self.servers.pop(name, None)
        if old is not None:
            end(old, self.grace)
        with Path(str(request["log"])).open("wb") as log:
            server = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder)
        self.servers[name] = server
        return server.pid

    def end(self) -> None:
        """Ends the servers, the last started first, and removes a temporary folder."""
        for name in reversed(list(self.servers)):
            end(self.servers.pop(name), self.grace)
        while self.nooks:
            shutil.rmtree(self.nooks.pop(), ignore_errors=True)
        if self.folder is not None and self.temporary:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None


def end(server: subprocess.Popen[bytes], grace: float) -> None:
    """SIGTERM, and SIGKILL if it is still there after so many seconds."""
    server.terminate()
    try:
        server.wait(grace)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def lines(keeper: Keeper, parent: int) -> list[bytes]:
    """Blocks until there are whole lines of input; none when it is time to end."""
    while not keeper.asked_to_end and os.getppid() == parent:
        ready, _, _ = select.select([0], [], [], _PARENT_CHECK)
        if ready:
            data = os.read(0, 65536)
            if not data:
                return []
            while not data.endswith(b"\n"):
                more = os.read(0, 65536)
                if not more:
                    return []
                data += more
            return data.splitlines()
    return []


def serve(keeper: Keeper, parent: int) -> None:
    """Answers requests until there are no more."""
    while requests := lines(keeper, parent):
        for line in requests:
            try:
                answer = keeper.answer(json.loads(line))
            except (OSError, ValueError, KeyError, TypeError) as error:
                answer = {"error": str(error)}
            os.write(1, json.dumps(answer).encode() + b"\n")
            if "stopped" in answer:
                return


def main() -> None:
    """The keeper's life. Arguments: the pid of the process that it belongs to, a server's seconds to end itself."""
    keeper = Keeper(float(sys.argv[2]))

    def on_term(_number: int, _frame: FrameType | None) -> None:
        # Only a flag: an exception could come between a server's start and our knowing of it.
        keeper.asked_to_end = True

    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, on_term)
    with contextlib.suppress(BrokenPipeError):  # nobody is left to read the answer
        serve(keeper, int(sys.argv[1]))
    keeper.end()


if __name__ == "__main__":
    main()
