"""python -m tests.verification: each recording replayed on the same version, so many times, must be no false alarm.

    --times N            of the small recordings, at --pace fast with --concurrency 1 and 16 (default 3)
    --recording NAME     only this one; repeatable. hello-demo, …, services, …, or soak
    --soak-times N       of a control plane's session, the same ways (default: --times)
    --soak SECONDS       its length (default 90; 0: none)
    --long SECONDS       one more of this length, at its recorded pace, once each way (default 0: none)
    --publish            write the table into docs/verification.md

Exit code 1 if a verdict is neither identical nor equivalent.
"""

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from tests.controlplane.soak.make import NoSoak
from tests.verification.runs import Run, Subject, Way, replay
from tests.verification.subjects import NoSubject, control_plane, names, subject
from tests.verification.table import PAGE, published, table

FAST = (Way(concurrency=1), Way(concurrency=16))
RECORDED = (Way(pace="recorded", concurrency=1), Way(pace="recorded", concurrency=16))

type Planned = tuple[Callable[[], Subject], tuple[Way, ...], int]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.verification", description=__doc__)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--recording", action="append", default=[])
    parser.add_argument("--soak-times", type=int)
    parser.add_argument("--soak", type=int, default=90)
    parser.add_argument("--long", type=int, default=0)
    parser.add_argument("--publish", action="store_true")
    return parser.parse_args()


def _planned(given: argparse.Namespace, assets: Path, folder: Path) -> Iterator[Planned]:
    wanted = given.recording or [*names(), "soak"]
    for name in names():
        if name in wanted:
            yield partial(subject, name, assets, folder, os.environ), FAST, given.times
    if "soak" in wanted and given.soak:
        times = given.times if given.soak_times is None else given.soak_times
        yield partial(control_plane, given.soak, assets), FAST, times
    if "soak" in wanted and given.long:
        yield partial(control_plane, given.long, assets), RECORDED, 1


def _all(planned: Iterator[Planned]) -> Iterator[Run]:
    for make, ways, times in planned:
        what = make()
        for way in ways:
            for turn in range(times):
                run = replay(what, way, os.environ)
                say(
                    f"{what.name}, {way.pace}, {way.concurrency} at a time, {turn + 1} of {times}: "
                    f"{run.verdict or 'no verdict'} in {run.seconds:.0f} s"
                )
                if not run.good:
                    say("\n".join(f"    {each}" for each in run.said))
                yield run


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
    with tempfile.TemporaryDirectory(prefix="kproxy-verification-") as folder:
        try:
            runs = list(_all(_planned(given, assets, Path(folder))))
        except (NoSubject, NoSoak) as error:
            say(str(error))
            return 2
    made = table(runs, _machine())
    say(made)
    if given.publish:
        PAGE.write_text(published(PAGE.read_text(), made))
    return 0 if all(run.good for run in runs) else 1


if __name__ == "__main__":
    sys.exit(main())
