"""`python -m kproxy.record`: the recorder process. kproxy starts it; people have no use for it."""

import asyncio
import gc
import os
import signal
import sys
from contextlib import suppress

from kproxy.errors import KproxyError
from kproxy.record.news import News, sentence_of, to_line
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


def _say(news: News) -> None:
    """A line for the session; one that is gone needs none. What people should know goes to them, too."""
    with suppress(BrokenPipeError):
        os.write(sys.stdout.fileno(), to_line(news))
    if sentence := sentence_of(news):
        print(f"kproxy recorder: {sentence}", file=sys.stderr)  # noqa: T201 - as above


if __name__ == "__main__":
    sys.exit(main())
