"""Processes that a run starts, and ends."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parents[2]
STARTUP = 60.0
"""Seconds in which whoever is measured has to be there."""

ENDING = 60.0
"""Seconds in which it has to end: a recorder stores what it was given."""


class BenchError(Exception):
    """A run that measured nothing, in a sentence."""


@contextmanager
def running(
    command: list[str], *, env: dict[str, str] | None = None, stdout: int = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[str]]:
    """A process that is ended with SIGTERM, or killed if it stays."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.DEVNULL, text=True, cwd=ROOT, env=env
    )
    try:
        yield process
    finally:
        end(process)


def end(process: subprocess.Popen[str]) -> int:
    """Its exit code, once it has ended."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(ENDING)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()
    return process.returncode


def printed(*command: str, env: dict[str, str] | None = None, given: str = "") -> str:
    """What a command prints. BenchError with what it complained about if it fails."""
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False, cwd=ROOT, env=env)
    if done.returncode:
        raise BenchError(f"{command[0]} failed ({done.returncode}): {(done.stderr + done.stdout)[-2000:]}")
    return done.stdout.strip()


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def wait_for_port(port: int) -> None:
    """Until somebody listens there."""
    deadline = time.monotonic() + STARTUP
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise BenchError(f"nobody listens on port {port} after {STARTUP:g} seconds")


def environment(**more: str) -> dict[str, str]:
    """Ours without what a kproxy or a cluster around us would add."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KPROXY_", "KUBECONFIG"))}
    return {**kept, **more}
