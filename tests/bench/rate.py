"""How many exchanges a second are compared here: python -m tests.bench.rate [--sizes N…] [--times N].

Each size's pair of recordings (tests/support/large_pair.py) is compared several times, each time by a process of its
own, and a line of each says the median and the best. In a minute it tells a machine, or a change, from another; the
page's table is `make bench-diff`'s. Exit code 1 when the recordings are not identical.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

from kproxy.model.verdict import Outcome
from tests.bench.diffing import compared
from tests.bench.machine import described
from tests.bench.one_pair import Figures
from tests.support.large_pair import make_pair

SIZES = (1_000, 10_000)


def line(found: list[Figures]) -> str:
    """Of one size."""
    exchanges = found[0].exchanges
    middle, best = (exchanges / use([each.wall for each in found]) for use in (median, min))
    rates = f"{middle:,.0f} a second (median of {len(found)}; the best: {best:,.0f})"
    return f"{exchanges:,} exchanges are compared at {rates}, the load at most {max(each.load for each in found)}"


def main() -> int:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    arguments.add_argument("--times", type=int, default=5)
    options = arguments.parse_args()
    same = True
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as folder:
            files = make_pair(Path(folder), size, etcd=False)
            found = [compared(files, size, etcd=False) for _ in range(options.times)]
        sys.stdout.write(f"{line(found)}\n")
        same &= all(each.outcome == Outcome.IDENTICAL for each in found)
    sys.stdout.write(f"Measured with {described()}.\n")
    return int(not same)


if __name__ == "__main__":
    sys.exit(main())
