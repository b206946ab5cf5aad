"""How fast changes are attributed offline, and whether that stays so: python -m tests.bench.correlating [--publish].

Recordings of 10,000, 100,000 and 1,000,000 changes (tests/support/large.py), with the calls of a relay and without, are
correlated, each by a process of its own that then goes through all entries once. Printed are changes a second of CPU
and of the clock, and the most memory that the process had. `--publish` puts the table into docs/correlation.md.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from kproxy.correlate.coverage import coverage
from kproxy.correlate.ledger import correlate
from kproxy.store.reader import open_recording
from tests.accuracy.table import replace_part
from tests.bench.machine import machine
from tests.bench.usage import peak_bytes
from tests.support.large import make_large

SIZES = (10_000, 100_000, 1_000_000)
BEGIN = "<!-- speed: made by `python -m tests.bench.correlating --publish` -->"
END = "<!-- end of speed -->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Of one recording: seconds of CPU and of the clock to compute the ledger, and seconds of CPU to go through it."""

    changes: int
    traced: bool
    attributed: int
    cpu: float
    wall: float
    entries_cpu: float
    memory_mib: int
    load: float

    @property
    def rate(self) -> float:
        """Changes attributed a second of CPU."""
        return self.changes / self.cpu


def measure(file: Path, changes: int, *, traced: bool) -> Figures:
    """In this process, which should have done nothing else."""
    with open_recording(str(file)) as recording:
        began, clock = time.process_time(), time.monotonic()
        ledger = correlate(recording)
        computed, wall = time.process_time(), time.monotonic() - clock
        found = coverage(ledger)
        return Figures(
            changes=changes,
            traced=traced,
            attributed=sum(found.attributed.values()),
            cpu=round(computed - began, 2),
            wall=round(wall, 2),
            entries_cpu=round(time.process_time() - computed, 2),
            memory_mib=peak_bytes([os.getpid()]) >> 20,  # getrusage tells the most of whoever started it, too
            load=round(os.getloadavg()[0], 1),
        )


def measured(changes: int, folder: Path, *, traced: bool) -> Figures:
    """Make a recording, measure it in another process, and take it away."""
    file = folder / "large.kproxy"
    make_large(file, changes, traced=traced)
    arguments = [sys.executable, "-m", "tests.bench.correlating", "--measure", str(file), "--sizes", str(changes)]
    said = subprocess.run([*arguments, *(["--traced"] if traced else [])], check=True, capture_output=True, text=True)
    file.unlink()
    return Figures(**json.loads(said.stdout))


def table(found: list[Figures]) -> list[str]:
    """In Markdown."""
    lines = [
        "| changes | ground | changes/s of CPU | changes/s of the clock | CPU for all entries | memory |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for each in found:
        ground = "`traced`" if each.traced else "`revision`, `object`"
        lines.append(
            f"| {each.changes:,} | {ground} | {each.rate:,.0f} | {each.changes / each.wall:,.0f} "
            f"| {each.entries_cpu} s | {each.memory_mib} MiB |"
        )
    loads = [each.load for each in found]
    about = machine()
    said = ", ".join(f"{name} {value}" for name, value in about.items() if isinstance(value, str | int | float))
    return [*lines, "", f"Measured with {said}; the machine's load was {min(loads)} to {max(loads)}."]


def main() -> int:
    """Measure, print, publish."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    arguments.add_argument("--measure", type=Path, help="this recording, of the one size given, here and now")
    arguments.add_argument("--traced", action="store_true", help="with --measure: the recording has calls")
    arguments.add_argument("--folder", type=Path, help="where recordings are made (a million changes: 3 GiB)")
    arguments.add_argument("--publish", action="store_true")
    options = arguments.parse_args()
    if options.measure:
        figures = measure(options.measure, options.sizes[0], traced=options.traced)
        sys.stdout.write(json.dumps(asdict(figures)) + "\n")
        return 0
    found = []
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for traced in (True, False):
            for changes in options.sizes:
                found.append(measured(changes, Path(folder), traced=traced))
                sys.stdout.write(f"{json.dumps(asdict(found[-1]))}\n")
                sys.stdout.flush()
    lines = table(found)
    sys.stdout.write("\n".join(lines) + "\n")
    if options.publish:
        replace_part(BEGIN, END, lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
