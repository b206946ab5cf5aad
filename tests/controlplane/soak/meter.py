"""What each part of a control plane costs while it works: CPU and memory of its processes, from /proc."""

import json
import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

EVERY = 2.0
"""Seconds between two looks."""
TICKS = os.sysconf("SC_CLK_TCK")
KPROXYS = {"etcd-relay": "relay", "kproxy.record": "recorder", "record": "proxy"}
"""Parts of kproxy, by a word of their command line; the first that is there."""
PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")


def part(arguments: list[str]) -> str:
    """Which part a command line is, "" for what is none."""
    program = Path(arguments[0]).name if arguments else ""
    if program in PROGRAMS:
        return program
    if not any(argument == "kproxy" or argument.endswith(("/kproxy", "kproxy.record")) for argument in arguments):
        return ""
    words = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return next((name for word, name in KPROXYS.items() if word in words), "")


class Meter(threading.Thread):
    """Looks at the processes below one until it is ended, and writes a line for each look.

    A line: {PART: {"cpu": seconds, "rss": bytes}, …}; of a part with several processes their sum.
    """

    def __init__(self, file: Path, root: int) -> None:
        super().__init__(daemon=True)
        self._file = file
        self._root = root
        self._over = threading.Event()

    def run(self) -> None:
        """Until it is ended."""
        with self._file.open("w") as out:
            while not self._over.wait(EVERY):
                out.write(json.dumps(look(self._root)) + "\n")

    def end(self) -> None:
        """Ends it."""
        self._over.set()
        self.join()


def look(root: int) -> dict[str, dict[str, float]]:
    """What the parts below a process have used until now."""
    found: dict[str, dict[str, float]] = {}
    for pid in below(root):
        try:
            arguments = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
            fields = _stat(pid)
        except OSError:
            continue  # it has ended meanwhile
        if name := part(arguments):
            used = found.setdefault(name, {"cpu": 0.0, "rss": 0})
            used["cpu"] += (int(fields[11]) + int(fields[12])) / TICKS
            used["rss"] += int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
    return found


def below(root: int) -> Iterator[int]:
    """All processes that descend from one."""
    children: dict[int, list[int]] = {}
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            try:
                children.setdefault(int(_stat(int(each.name))[1]), []).append(int(each.name))
            except OSError:
                continue
    waiting = [root]
    while waiting:
        for child in children.get(waiting.pop(), ()):
            yield child
            waiting.append(child)


def used(lines: Iterable[dict[str, dict[str, float]]]) -> dict[str, tuple[float, float]]:
    """CPU seconds and the most bytes that each part had."""
    found: dict[str, tuple[float, float]] = {}
    for line in lines:
        for name, each in line.items():
            cpu, most = found.get(name, (0.0, 0.0))
            found[name] = max(cpu, each["cpu"]), max(most, each["rss"])
    return found


def _stat(pid: int) -> list[str]:
    """The fields behind the name, which may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
