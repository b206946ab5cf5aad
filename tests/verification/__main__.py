"""python -m tests.verification: each recording replayed on the same version, so many times, must be no false alarm.

    --times N            of the recordings in recordings/, at --pace fast with --concurrency 1 and 16 (default 3)
    --script-times N     of the sessions that scripts make, the same ways (default: --times)
    --recording NAME     only this one; repeatable. hello-demo, …, services, …, or soak
    --soak-times N       of a control plane's session, the same ways (default: --times)
    --soak-alone N       of those with --concurrency 1 (default: --soak-times)
    --soak SECONDS       its length (default 90; 0: none)
    --long SECONDS       one more of this length, at its recorded pace, once each way (default 0: none)
    --beside N           replays beside each other (default: as many as there are processors)
    --kept FILE          where each run is kept as soon as it has ended (default build/verification.jsonl)
    --resume             go on with those that are there, of the same code and control plane (--times 0: add none)
    --publish            write the table into docs/verification.md: of all that ran, if this is interrupted, too

Exit code 1 if a verdict is neither identical nor equivalent.
"""

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from tests.controlplane.soak.make import NoSoak, key
from tests.verification.crew import Planned, all_runs
from tests.verification.kept import Kept
from tests.verification.runs import Run, Subject, Way, replay
from tests.verification.subjects import ROOT, NoSubject, control_plane, is_kept, names, session_name, subject
from tests.verification.table import PAGE, published, table

ALONE, MANY = Way(concurrency=1), Way(concurrency=16)
RECORDED = ((Way(pace="recorded", concurrency=1), 1), (Way(pace="recorded", concurrency=16), 1))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.verification", description=__doc__)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--script-times", type=int)
    parser.add_argument("--recording", action="append", default=[])
    parser.add_argument("--soak-times", type=int)
    parser.add_argument("--soak-alone", type=int)
    parser.add_argument("--soak", type=int, default=90)
    parser.add_argument("--long", type=int, default=0)
    parser.add_argument("--beside", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--kept", type=Path, default=ROOT / "build" / "verification.jsonl")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--publish", action="store_true")
    return parser.parse_args()


def _planned(given: argparse.Namespace, assets: Path, folder: Path) -> Iterator[Planned]:
    wanted = given.recording or [*names(), "soak"]
    scripted = given.times if given.script_times is None else given.script_times
    for name in names():
        if name in wanted:
            times = given.times if is_kept(name) else scripted
            ways = (ALONE, times), (MANY, times)
            yield Planned(name=name, make=partial(subject, name, assets, folder, os.environ), ways=ways)
    times = given.times if given.soak_times is None else given.soak_times
    fast = (MANY, times), (ALONE, times if given.soak_alone is None else given.soak_alone)
    for seconds, ways in (given.soak, fast), (given.long, RECORDED):
        if "soak" in wanted and seconds:
            yield Planned(name=session_name(seconds), make=partial(control_plane, seconds, assets), ways=ways)


def _replay(what: Subject, way: Way) -> Run:
    return replay(what, way, os.environ)


def _all(planned: list[Planned], kept: Kept, beside: int) -> None:
    for what, run in all_runs(planned, kept, beside, _replay):
        times = dict(what.ways)[run.way]
        say(
            f"{run.subject}, {run.way.pace}, {run.way.concurrency} at a time, "
            f"{kept.of(run.subject, run.way)} of {times}: {run.verdict or 'no verdict'} in {run.seconds:.0f} s"
        )
        if not run.good:
            say("\n".join(f"    {each}" for each in run.said))


def _machine() -> str:
    load = " ".join(f"{each:.1f}" for each in os.getloadavg())
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d} with {os.cpu_count()} CPUs, Python {platform.python_version()}; "
        f"the load at the end was {load}."
    )


def say(words: str) -> None:
    """To whoever waits."""
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def main() -> int:
    """See above."""
    given = _arguments()
    assets = Path(os.environ["KUBEBUILDER_ASSETS"])
    kept = Kept(given.kept, key(assets))
    kept.begin(resume=given.resume)
    code = 0
    with tempfile.TemporaryDirectory(prefix="kproxy-verification-") as folder:
        try:
            _all(list(_planned(given, assets, Path(folder))), kept, given.beside)
        except (NoSubject, NoSoak) as error:
            say(str(error))
            code = 2
        except KeyboardInterrupt:
            code = 130
    made = table(kept.runs, _machine())
    say(made)
    if given.publish and kept.runs:
        PAGE.write_text(published(PAGE.read_text(), made))
    return code or (0 if all(run.good for run in kept.runs) else 1)


if __name__ == "__main__":
    sys.exit(main())
