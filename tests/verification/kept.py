"""Runs that have ended, in a file, a line each, written at once: whoever is interrupted loses none of them."""

import json
from dataclasses import asdict
from pathlib import Path
from threading import Lock

from kproxy.model.jsontypes import JSON
from tests.verification.runs import Run, Way


class Kept:
    """The runs of one code on one control plane (`key`) in a file. `begin` leaves those of others out of it."""

    def __init__(self, path: Path, key: str) -> None:
        self._path = path
        self._key = key
        self._lock = Lock()
        self.runs: list[Run] = []

    def begin(self, *, resume: bool) -> None:
        """Begin with no run, or with those of this key that the file has."""
        lines = self._path.read_text().splitlines() if resume and self._path.exists() else []
        self.runs = [run for line in lines if (run := _run_of(line, self._key)) is not None]
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text("".join(self._line(run) for run in self.runs))

    def of(self, subject: str, way: Way) -> int:
        """How many runs of a subject there are, done in one way."""
        return sum((run.subject, run.way) == (subject, way) for run in self.runs)

    def add(self, run: Run) -> None:
        """One more has ended; from any thread."""
        with self._lock, self._path.open("a") as file:
            file.write(self._line(run))
            self.runs.append(run)

    def _line(self, run: Run) -> str:
        return json.dumps({"key": self._key, "run": asdict(run)}) + "\n"


def _run_of(line: str, key: str) -> Run | None:
    """A line's run, None if it is of another key, or was cut off."""
    try:
        said: JSON = json.loads(line)
    except ValueError:
        return None
    if not isinstance(said, dict) or said.get("key") != key or not isinstance(kept := said.get("run"), dict):
        return None
    way, noise, told = kept.get("way"), kept.get("noise"), kept.get("said")
    if not isinstance(way, dict) or not isinstance(noise, list) or not isinstance(told, list):
        return None
    return Run(
        subject=str(kept.get("subject")),
        way=Way(pace=str(way.get("pace")), concurrency=_int(way.get("concurrency"))),
        verdict=str(kept.get("verdict")),
        seconds=_float(kept.get("seconds")),
        exchanges=_int(kept.get("exchanges")),
        noise=tuple((str(each[0]), _int(each[1])) for each in noise if isinstance(each, list) and len(each) == 2),
        said=tuple(str(each) for each in told),
    )


def _int(value: JSON) -> int:
    return value if isinstance(value, int) else 0


def _float(value: JSON) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
