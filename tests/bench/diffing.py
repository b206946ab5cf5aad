"""How fast two recordings are compared, in what memory, and beside DeepDiff: python -m tests.bench.diffing [--publish].

Recordings of 1,000 to 1,000,000 exchanges and their replays (tests/support/large_pair.py), over HTTP and with etcd, are
compared, each pair by a process of its own (one_pair.py). Printed are exchanges a second of CPU and of the clock, and
the most memory that the process had. Then the answers of one pair of recordings are compared by kproxy and by DeepDiff
in turns, each decoding both documents and ignoring nothing. `--publish` puts the tables into docs/comparing.md.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import import_module
from itertools import islice
from pathlib import Path

from kproxy.diff.findings import Findings
from kproxy.diff.trees import Comparer, Spot
from kproxy.model.exchange import Body, header
from kproxy.model.recording import Recording
from kproxy.model.verdict import Outcome
from kproxy.renaming.kinds import Owner, resource_of
from kproxy.renaming.learn import Learner
from kproxy.renaming.renaming import Renaming
from kproxy.renaming.traces import Traces
from kproxy.store.reader import open_recording
from kproxy.wire.content import decode
from tests.bench.machine import described
from tests.bench.one_pair import Figures
from tests.support.large_pair import make_pair

SIZES = (1_000, 10_000, 100_000, 1_000_000)
PAGE = Path(__file__).parents[2] / "docs" / "comparing.md"
BEGIN = "<!-- speed: made by `make bench-diff` -->"
END = "<!-- end of speed -->"
GOAL = 20
"""Times DeepDiff."""

_ROUNDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """The same documents compared by both, in seconds of CPU: the best of some rounds in turns."""

    pairs: int
    kproxy: float
    deepdiff: float

    @property
    def times(self) -> float:
        """How much faster kproxy is."""
        return self.deepdiff / self.kproxy

    def text(self) -> str:
        """For people."""
        return (
            f"{self.pairs:,} pairs of answers, both documents decoded: kproxy {self.kproxy} s of CPU for both of its "
            f"passes; DeepDiff {self.deepdiff} s, ignoring nothing: {self.times:.1f} times as long."
        )


def measured(exchanges: int, folder: Path, *, etcd: bool) -> Figures:
    """Make a pair, measure it in another process, and take it away."""
    files = make_pair(folder, exchanges, etcd=etcd)
    found = compared(files, exchanges, etcd=etcd)
    for file in files:
        file.unlink()
    return found


def compared(files: tuple[Path, Path], exchanges: int, *, etcd: bool) -> Figures:
    """Measure a pair in another process."""
    command = [sys.executable, "-m", "tests.bench.one_pair", *map(str, files), str(exchanges)]
    said = subprocess.run([*command, *(["--etcd"] if etcd else [])], check=True, capture_output=True, text=True)
    return Figures(**json.loads(said.stdout))


type Documents = tuple[str, bytes, bytes, Owner]


def documents(recorded: Recording, replayed: Recording) -> Iterator[Documents]:
    """The answers of both recordings that have a body: media type, the two bodies, whose they are."""
    for first, second in zip(recorded.exchanges(), replayed.exchanges(), strict=True):
        if first.answer is None or second.answer is None:
            continue
        bodies: tuple[Body, Body] = first.answer.body, second.answer.body
        if bodies[0].digest is not None and bodies[1].digest is not None:
            owner = Owner(listing=first.info.verb == "list", resource=resource_of(first.info))
            media_type = header(first.answer.headers, "content-type")
            yield media_type, recorded.body(bodies[0].digest), replayed.body(bodies[1].digest), owner


def by_kproxy(found: list[Documents]) -> None:
    """Learn and compare as the comparison of recordings does, each document decoded, in each of the two passes."""
    renaming, findings, traces = Renaming(), Findings(strict=True), Traces()
    for media_type, first, second, owner in found:
        Learner(renaming, traces).learn(decode(media_type, first), decode(media_type, second), owner)
    renaming.settle()
    for media_type, first, second, owner in found:
        comparer = Comparer(renaming, findings, Spot(None, "body"), traces)
        comparer.compare(decode(media_type, first), decode(media_type, second), owner)
    if findings.count:
        raise RuntimeError(f"kproxy finds differences: {findings.differences[0]}")


def by_deepdiff(found: list[Documents]) -> None:
    """Decode and compare."""
    diff = import_module("deepdiff").DeepDiff
    for _, first, second, _ in found:
        diff(json.loads(first), json.loads(second))


def ratio(folder: Path, exchanges: int = 1_000) -> Ratio:
    """Both on the same documents, in turns."""
    with (
        open_recording(str(folder / "recorded.kproxy")) as first,
        open_recording(str(folder / "replayed.kproxy")) as second,
    ):
        found = list(islice(documents(first, second), exchanges))
    times: dict[str, list[float]] = {"kproxy": [], "deepdiff": []}
    for _ in range(_ROUNDS):
        for name, run in (("kproxy", by_kproxy), ("deepdiff", by_deepdiff)):
            times[name].append(_cpu(run, found))
    return Ratio(pairs=len(found), kproxy=round(min(times["kproxy"]), 3), deepdiff=round(min(times["deepdiff"]), 3))


def _cpu(run: Callable[[list[Documents]], None], found: list[Documents]) -> float:
    began = time.process_time()
    run(found)
    return time.process_time() - began


def table(found: list[Figures], beside: Ratio) -> list[str]:
    """In Markdown."""
    lines = [
        "| exchanges | compared | exchanges/s of CPU | exchanges/s of the clock | memory |",
        "| ---: | --- | ---: | ---: | ---: |",
    ]
    for each in found:
        scope = "HTTP and etcd" if each.etcd else "HTTP only"
        rates = f"{each.exchanges / each.cpu:,.0f} | {each.exchanges / each.wall:,.0f}"
        lines.append(f"| {each.exchanges:,} | {scope} | {rates} | {each.memory_mib} MiB |")
    loads = [each.load for each in found]
    return [
        *lines,
        "",
        beside.text(),
        "",
        f"Measured with {described()}; the machine's load was {min(loads)} to {max(loads)}.",
    ]


def publish(lines: list[str]) -> None:
    """Put the table into the page."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text("\n".join([before + BEGIN, "", *lines, "", END]) + after)


def main() -> int:
    """Measure, print, publish."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    arguments.add_argument("--etcd-sizes", type=int, nargs="*", default=[100_000])
    arguments.add_argument("--folder", type=Path, help="where recordings are made (a million exchanges: 3 GiB)")
    arguments.add_argument("--publish", action="store_true")
    options = arguments.parse_args()
    found = []
    wanted = [(size, False) for size in options.sizes] + [(size, True) for size in options.etcd_sizes]
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for exchanges, etcd in wanted:
            found.append(measured(exchanges, Path(folder), etcd=etcd))
            sys.stdout.write(f"{json.dumps(asdict(found[-1]))}\n")
            sys.stdout.flush()
        make_pair(Path(folder), 2_000)
        beside = ratio(Path(folder))
    lines = table(found, beside)
    sys.stdout.write("\n".join(lines) + "\n")
    if options.publish:
        publish(lines)
    return int(beside.times < GOAL or any(each.outcome != Outcome.IDENTICAL for each in found))


if __name__ == "__main__":
    sys.exit(main())
