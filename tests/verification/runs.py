"""One recording replayed on the same version once, by the command that people use."""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from kproxy.model.jsontypes import JSON, JSONObject

KPROXY = [sys.executable, "-m", "kproxy"]
GOOD = frozenset({"identical", "equivalent"})
ALARMS = Path(__file__).parents[2] / "build" / "alarms"
"""Where a replay that was a false alarm is kept, with its report: it does not come again when it is wanted."""
SECONDS = 7200.0
"""That one replay may take: ten minutes of a control plane took more than one hour where others were at work, too."""

_PARTS = ("seq", "where", "path", "kind", "baseline", "replayed")

SHOWN = 5
"""Differences and reasons of a run that are printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is replayed: a recording, its name in the table; `state`: where its pseudonyms' key is, None: the user's."""

    name: str
    recording: Path
    state: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How it is replayed."""

    pace: str = "fast"
    concurrency: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How one replay ended. `verdict`: "" if there was none; `noise`: differences that each rule hid."""

    subject: str
    way: Way
    verdict: str
    seconds: float
    exchanges: int = 0
    noise: tuple[tuple[str, int], ...] = ()
    said: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether it is no false alarm."""
        return self.verdict in GOOD


def replay(subject: Subject, way: Way, env: Mapping[str, str]) -> Run:
    """Replay it on a fresh server of the recorded kind and version, each caller as itself."""
    options = ["--on", "fresh", "--as", "impersonate", "--pace", way.pace, "--concurrency", str(way.concurrency)]
    state = {"XDG_STATE_HOME": str(subject.state)} if subject.state is not None else {}
    began = time.monotonic()
    ALARMS.mkdir(parents=True, exist_ok=True)
    kept = Path(tempfile.mkdtemp(prefix="replay-", dir=ALARMS))
    command = [*KPROXY, "replay", str(subject.recording), *options, "--format", "json", "-o"]
    try:
        done = subprocess.run(
            [*command, str(kept / "replayed.kproxy")],
            env={**env, **state},
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired:
        said = f"it had not ended after {SECONDS:g} seconds; kept: {kept}"
        return Run(subject=subject.name, way=way, verdict="", seconds=time.monotonic() - began, said=(said,))
    run = read(subject.name, way, time.monotonic() - began, done.stdout, done.stderr)
    if run.good:
        shutil.rmtree(kept)
        return run
    (kept / "report.json").write_text(done.stdout)
    return replace(run, said=(*run.said, f"kept: {kept}"))


def read(name: str, way: Way, seconds: float, out: str, err: str) -> Run:
    """A run, as its report says it."""
    try:
        said: JSON = json.loads(out)
    except ValueError:
        said = None
    if not isinstance(said, dict):
        return Run(subject=name, way=way, verdict="", seconds=seconds, said=tuple(err.splitlines()[-SHOWN:]))
    exchanges = said.get("exchanges")
    compared = exchanges.get("compared") if isinstance(exchanges, dict) else 0
    return Run(
        subject=name,
        way=way,
        verdict=str(said.get("verdict")),
        seconds=seconds,
        exchanges=compared if isinstance(compared, int) else 0,
        noise=tuple((str(each.get("rule")), _count(each)) for each in _objects(said.get("noise"))),
        said=tuple(_told(said)),
    )


def _count(rule: JSONObject) -> int:
    count = rule.get("count")
    return count if isinstance(count, int) else 0


def _told(said: JSONObject) -> list[str]:
    reasons, differences = said.get("reasons"), _objects(said.get("differences"))
    told = [str(each) for each in reasons[:SHOWN]] if isinstance(reasons, list) else []
    told += [" ".join(f"{key}={str(each.get(key))[:200]}" for key in _PARTS) for each in differences[:SHOWN]]
    return told


def _objects(value: JSON) -> list[JSONObject]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
