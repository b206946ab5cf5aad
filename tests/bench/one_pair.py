"""How fast one pair of recordings is compared: python -m tests.bench.one_pair RECORDED REPLAYED EXCHANGES [--etcd].

A process of its own, which imports what a comparison needs and no more: its memory is measured.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from kproxy.diff.compare import compare
from kproxy.model.exchange import Seq
from kproxy.session.opened import opened
from tests.bench.usage import peak_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Of one pair of recordings: seconds of CPU and of the clock, the peak of memory, the machine's load."""

    exchanges: int
    etcd: bool
    outcome: str
    cpu: float
    wall: float
    memory_mib: int
    load: float


def measure(recorded: Path, replayed: Path, exchanges: int, *, etcd: bool) -> Figures:
    """In this process."""
    with opened(str(recorded)) as first, opened(str(replayed)) as second:
        ledgers = first.ledger, second.ledger
        began, clock = time.process_time(), time.monotonic()
        pairs = ((Seq(seq), Seq(seq)) for seq in range(1, exchanges + 1))
        verdict = compare(first.recording, ledgers[0], second.recording, ledgers[1], pairs)
        return Figures(
            exchanges=exchanges,
            etcd=etcd,
            outcome=verdict.outcome.value,
            cpu=round(time.process_time() - began, 2),
            wall=round(time.monotonic() - clock, 2),
            memory_mib=peak_bytes([os.getpid()]) >> 20,  # getrusage tells the most of whoever started it, too
            load=round(os.getloadavg()[0], 1),
        )


def main() -> int:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("recorded", type=Path)
    arguments.add_argument("replayed", type=Path)
    arguments.add_argument("exchanges", type=int)
    arguments.add_argument("--etcd", action="store_true", help="the recordings have etcd's changes")
    given = arguments.parse_args()
    figures = measure(given.recorded, given.replayed, given.exchanges, etcd=given.etcd)
    sys.stdout.write(json.dumps(asdict(figures)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
