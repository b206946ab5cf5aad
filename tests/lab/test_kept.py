"""The keeper and its handle: what is started is gone, however its user ends."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kproxy.errors import LabError
from kproxy.lab.kept import Kept

pytestmark = pytest.mark.process

ENV = dict(os.environ)
SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(600)",
]

USER_OF_A_LAB = f"""
import os, sys, time
from pathlib import Path
from kproxy.lab.kept import Kept
kept = Kept(None)
log = kept.folder / "log"
nook = kept.nook()
(nook / "socket").touch()
pids = [kept.start(name, {SLEEPER!r}, dict(os.environ), log) for name in ("one", "two")]
print(kept.folder, nook, *pids, flush=True)
time.sleep(600)
"""


def eventually(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Waits for a condition."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def kept() -> Iterator[Kept]:
    with Kept(None) as kept:
        yield kept


def test_servers_and_folder_are_gone_after_stop_and_a_second_stop_does_nothing() -> None:
    kept = Kept(None)
    assert kept.folder is not None
    pid = kept.start("one", SLEEPER, ENV, kept.folder / "log")
    assert is_alive(pid)
    assert kept.folder.stat().st_mode & 0o777 == 0o700
    nook = kept.nook()
    kept.stop()
    assert not is_alive(pid)
    assert not kept.folder.exists()
    assert not nook.exists()
    kept.stop()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_servers_and_folder_are_gone_when_their_user_is_killed(number: signal.Signals) -> None:
    user = subprocess.Popen([sys.executable, "-c", USER_OF_A_LAB], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert user.stdout is not None
    folder, nook, *pids = user.stdout.readline().decode().split()
    assert Path(folder).is_dir()
    assert len(nook) < 40
    assert all(is_alive(int(pid)) for pid in pids)
    user.send_signal(number)
    user.wait()
    user.stdout.close()
    left = (Path(folder), Path(nook))
    eventually(lambda: not any(is_alive(int(pid)) for pid in pids) and not any(path.exists() for path in left))


def test_a_forked_child_that_still_holds_the_pipe_does_not_keep_the_servers_alive() -> None:
    script = USER_OF_A_LAB + "\n"
    script = script.replace("time.sleep(600)\n", "pid = os.fork()\nif pid: print(pid, flush=True)\ntime.sleep(600)\n")
    user = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert user.stdout is not None
    _, _, *pids = user.stdout.readline().decode().split()
    child = int(user.stdout.readline())
    user.kill()
    user.wait()
    user.stdout.close()
    try:
        assert is_alive(child)
        eventually(lambda: not any(is_alive(int(pid)) for pid in pids))
    finally:
        os.kill(child, signal.SIGKILL)


def test_a_server_that_ignores_sigterm_is_killed() -> None:
    kept = Kept(None, grace=0.2)
    assert kept.folder is not None
    log = kept.folder / "log"
    pid = kept.start("deaf", DEAF, ENV, log)
    eventually(lambda: log.read_bytes() != b"")
    kept.stop()
    assert not is_alive(pid)


def test_a_killed_keeper_is_named_and_its_servers_are_swept_up() -> None:
    kept = Kept(None)
    assert kept.folder is not None
    pid = kept.start("one", SLEEPER, ENV, kept.folder / "log")
    os.kill(kept._process.pid, signal.SIGKILL)
    with pytest.raises(LabError, match="keeper process has ended"):
        kept.ended("one")
    kept.stop()
    eventually(lambda: not is_alive(pid))
    assert not kept.folder.exists()


def test_a_keeper_that_gets_sigterm_ends_the_servers(kept: Kept) -> None:
    assert kept.folder is not None
    pid = kept.start("one", SLEEPER, ENV, kept.folder / "log")
    os.kill(kept._process.pid, signal.SIGTERM)
    eventually(lambda: not is_alive(pid))


def test_the_exit_of_a_server_is_told(kept: Kept) -> None:
    assert kept.folder is not None
    kept.start("quick", [sys.executable, "-c", "raise SystemExit(7)"], ENV, kept.folder / "log")
    eventually(lambda: kept.ended("quick") == 7)
    assert kept.ended("unknown") is None


def test_a_program_that_is_not_there_is_one_sentence(kept: Kept) -> None:
    assert kept.folder is not None
    with pytest.raises(LabError, match=r"the lab cannot be started: .*no-such-program"):
        kept.start("one", ["/no-such-program"], ENV, kept.folder / "log")


def test_a_folder_to_keep_stays_and_must_be_empty(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    with Kept(folder) as kept:
        assert kept.folder == folder
        (folder / "something").touch()
    assert (folder / "something").exists()
    with pytest.raises(LabError, match="is not empty"):
        Kept(folder)
