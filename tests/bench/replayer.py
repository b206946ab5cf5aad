"""A replay without guard and verdict, as `kproxy replay` does it between the two: sent, and recorded itself.

    python -m tests.bench.replayer FILE --concurrency N (--upstream URL | --kubeconfig FILE) -o OUTPUT [--profile FILE]

Prints {"requests", "seconds" (until the last answer), "stored" (seconds until the recording is closed), "cpu" (seconds
of both processes), "peak" (bytes)}.
"""

import argparse
import cProfile
import json
import os
import sys
import time
from pathlib import Path

from kproxy.config.kubeconfig import load_kubeconfig
from kproxy.config.upstream import upstream_from_url
from kproxy.replay.engine import Drive, replay
from kproxy.replay.events import ReplayEnded, ReplayEvent, RequestSent
from kproxy.session.acting import Acting, senders
from kproxy.session.driving import collected_seldom, preempting_nobody
from kproxy.session.recording import recording
from kproxy.session.recordsettings import RecordSettings
from kproxy.session.turns import run_in_turns
from kproxy.store.reader import open_recording
from tests.bench.usage import cpu_seconds, peak_bytes, tree


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("file")
    arguments.add_argument("--concurrency", type=int, default=1)
    arguments.add_argument("--upstream")
    arguments.add_argument("--kubeconfig", type=Path)
    arguments.add_argument("-o", "--output", type=Path, required=True)
    arguments.add_argument("--profile", type=Path)
    options = arguments.parse_args()
    if options.profile is None:
        told = run_in_turns(driven(options))
    else:
        profile = cProfile.Profile(time.process_time)
        told = profile.runcall(run_in_turns, driven(options))
        profile.dump_stats(options.profile)
    sys.stdout.write(json.dumps(told) + "\n")


async def driven(options: argparse.Namespace) -> dict[str, float]:
    """The figures of one."""
    target = upstream_from_url(options.upstream) if options.upstream else load_kubeconfig(options.kubeconfig).upstream()
    settings = RecordSettings(
        output=options.output, upstream=target, state_home=options.output.parent, force=True, when_stuck="block"
    )
    times: list[float] = []

    def hear(event: ReplayEvent) -> None:
        if (not times and isinstance(event, RequestSent)) or isinstance(event, ReplayEnded):
            times.append(time.monotonic())

    with open_recording(options.file) as recorded:
        async with recording(settings, lambda _: None, own=True) as live:
            if live.within is None:
                raise RuntimeError("a replay has a proxy of its own")
            who = await senders(Acting(), target, {}, live.within)
            drive = Drive(concurrency=options.concurrency)
            before = cpu_seconds(tree(os.getpid()))
            with collected_seldom(), preempting_nobody():
                result = await replay(recorded, who, drive=drive, notify=hear)
            await live.outbox.drain(120)
            stored = time.monotonic()
            pids = tree(os.getpid())
            spent, peak = cpu_seconds(pids) - before, peak_bytes(pids)
    return {
        "requests": len(result.pairs),
        "seconds": times[1] - times[0],
        "stored": stored - times[0],
        "cpu": spent,
        "peak": peak,
    }


if __name__ == "__main__":
    main()
