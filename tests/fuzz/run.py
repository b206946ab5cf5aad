"""All fuzz targets, so many at once, for so many seconds in all: what `make fuzz` runs.

Each has a corpus that grows in .fuzz/corpus and is gone on with the next time; what makes a target fail is kept in
.fuzz/crashes, and belongs into tests/fuzz/found/TARGET/ when it is mended: there the ordinary tests run it.
"""

import argparse
import hashlib
import importlib.util
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).parents[2]
FOUND = Path(__file__).parent / "found"
INPUT_SECONDS = 10
"""What one input may take: more is a hang (on a machine that does other things beside)."""

LOADING_SECONDS = 4
"""What a target's process takes before it begins: each imported function is instrumented."""

START_SECONDS = 60
"""What that may take where much goes on beside."""


@dataclass(frozen=True, slots=True)
class Run:
    """How a target's run ended; `failure`: the end of what it said, "" if it bore everything."""

    name: str
    runs: str
    failure: str


def main() -> int:
    """Run all targets; 1 if one of them failed, 2 where there is no fuzzer."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=int, default=120, help="until all targets are through, about")
    options.add_argument("--jobs", type=int, default=2)
    options.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    asked = options.parse_args()
    if importlib.util.find_spec("atheris") is None:
        print("fuzzing needs atheris, which is built for x86_64 Linux only")  # noqa: T201 - a script
        return 2
    names = asked.targets or list(TARGETS)
    seconds = max(2, asked.seconds * asked.jobs // len(names) - LOADING_SECONDS)
    started = time.monotonic()
    with ThreadPoolExecutor(asked.jobs) as pool:
        ended = list(pool.map(lambda name: fuzz(name, seconds), names))
    for run in ended:
        print(f"{run.name:16} {seconds:5} s  {run.runs:>12} inputs  {'FAILED' if run.failure else 'ok'}")  # noqa: T201 - the same
    for run in ended:
        if run.failure:
            print(f"=== {run.name}\n{run.failure}")  # noqa: T201 - the same
    print(f"{time.monotonic() - started:.0f} s in all")  # noqa: T201 - the same
    return 1 if any(run.failure for run in ended) else 0


def fuzz(name: str, seconds: int) -> Run:
    """One target for so many seconds."""
    corpus, crashes = ROOT / ".fuzz" / "corpus" / name, ROOT / ".fuzz" / "crashes"
    corpus.mkdir(parents=True, exist_ok=True)
    crashes.mkdir(parents=True, exist_ok=True)
    for seed in seeds(name):
        (corpus / hashlib.sha256(seed).hexdigest()[:20]).write_bytes(seed)
    options = (
        f"-max_total_time={seconds}",
        f"-timeout={INPUT_SECONDS}",
        "-rss_limit_mb=1500",
        "-max_len=8192",
        "-print_final_stats=1",
        f"-artifact_prefix={crashes}/{name}-",
    )
    argv = [sys.executable, "-m", "tests.fuzz.one", name, *options, str(corpus)]
    try:
        done = subprocess.run(
            argv,
            cwd=ROOT,
            env=os.environ,
            capture_output=True,
            timeout=seconds + INPUT_SECONDS + START_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Run(name, "?", "it never ended")
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    runs = next((line.split()[-1] for line in said.splitlines() if "number_of_executed_units" in line), "?")
    telling = [line for line in said.splitlines() if not line.startswith(("#", "INFO:", "WARNING:"))]
    return Run(name, runs, "\n".join(telling[-80:]) if done.returncode else "")


def seeds(name: str) -> list[bytes]:
    """A target's own seeds, and what once made it fail."""
    found = sorted(path for path in (FOUND / name).glob("*") if path.is_file())
    return [*TARGETS[name].seeds, *(path.read_bytes() for path in found)]


if __name__ == "__main__":
    sys.exit(main())
