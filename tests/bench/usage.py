"""What a process and its children cost, as Linux's /proc tells it: CPU seconds (user and system) and memory."""

import os
import time
from collections.abc import Iterable
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
QUIET = 0.3
"""Seconds without any CPU after which nothing is left to do: a batch waits for 20 ms at most."""

PATIENCE = 120.0


def tree(pid: int) -> list[int]:
    """The process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdecimal() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """What they have used so far, without what has ended."""
    return sum(int(fields[11]) + int(fields[12]) for pid in pids if (fields := _stat(pid))) / TICKS


def peak_bytes(pids: Iterable[int]) -> int:
    """The most that each has held, added up."""
    return sum(_status(pid, "VmHWM") for pid in pids)


def forget_peak(pid: int) -> None:
    """The most that it has held is counted from now on."""
    (PROC / str(pid) / "clear_refs").write_text("5")


def resident_bytes(pids: Iterable[int]) -> int:
    """What they hold now."""
    return sum(_status(pid, "VmRSS") for pid in pids)


def settle(pid: int) -> None:
    """Until nothing is left to do for the process and its children."""
    deadline = time.monotonic() + PATIENCE
    before, since = -1.0, time.monotonic()
    while time.monotonic() < deadline and time.monotonic() - since < QUIET:
        now = cpu_seconds(tree(pid))
        if now - before > 1.5 / TICKS:  # a tick is what an idle event loop may need
            before, since = now, time.monotonic()
        time.sleep(0.05)


def _stat(pid: int) -> list[str]:
    """The fields behind the name, from the state on; [] where there is no such process any more."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return []


def _status(pid: int, name: str) -> int:
    try:
        lines = (PROC / str(pid) / "status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:")), 0)
