"""`python -m kproxy.record`: the recorder process. kproxy starts it; people have no use for it."""

import asyncio
import gc
import json
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress

from kproxy.errors import KproxyError
from kproxy.record.recorder import record
from kproxy.record.settings import MAX_LINE, RecorderSettings


def main() -> int:
    """The exit code: 0 when the recording is closed, 2 with one sentence on standard error."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # they are meant for the session, whose end ends us; a terminal tells all
    try:
        asyncio.run(_run())
    except KproxyError as error:
        print(f"kproxy recorder: {error}", file=sys.stderr)  # noqa: T201 - its way to speak to people
        return error.exit_code
    return 0


async def _run() -> None:
    control = asyncio.StreamReader(limit=MAX_LINE)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(control), sys.stdin)
    settings = RecorderSettings.from_json(await control.readline())
    gc.freeze()  # what is there now stays: looking for circular garbage in it again and again was a tenth of our work
    gc.set_threshold(gc.get_threshold()[0] * 10)
    await record(settings, control, _say)


def _say(news: dict[str, object]) -> None:
    """One line of JSON for the session; one that is gone needs none. What people should know goes to them, too."""
    with suppress(BrokenPipeError):
        os.write(sys.stdout.fileno(), json.dumps(news).encode() + b"\n")
    if sentence := sentence_of(news):
        print(f"kproxy recorder: {sentence}", file=sys.stderr)  # noqa: T201 - as above


def sentence_of(news: Mapping[str, object]) -> str:
    """What people should know of it; "" for nothing."""
    match news:
        case {"state": "blocked", "reason": reason}:
            return f"{reason} It is tried again each second."
        case {"state": "etcd", "following": False, "reason": reason}:
            return f"{reason}; what it changes is read when it is back"
        case {"state": "etcd", "again": True}:
            return "etcd is followed again"
        case {"state": "relay", "attached": False, "reason": reason, "feed": feed}:
            return f"{reason} ({feed}); calls to etcd are not recorded until it is back"
        case {"state": "relay", "attached": True, "again": True, "feed": feed}:
            return f"the etcd relay is attached to again ({feed})"
        case _:
            return str(news["reason"]) if news["state"] == "start" else ""


if __name__ == "__main__":
    sys.exit(main())
