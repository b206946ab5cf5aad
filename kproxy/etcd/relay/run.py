"""The relay as a process: until a signal ends it."""

import asyncio
import gc
import signal
from collections.abc import Callable

from kproxy.etcd.relay.relay import Relay
from kproxy.etcd.relay.settings import RelaySettings
from kproxy.wire.relayfeed import Hello

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def run_relay(settings: RelaySettings, ready: Callable[[Hello], None], say: Callable[[str], None]) -> int:
    """Relays until a signal comes; gives the exit code that tells of it. `ready`: clients may come. EtcdError."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int] = loop.create_future()

    def end(number: int) -> None:
        if not ended.done():
            ended.set_result(number)

    async with Relay(settings, say) as relay:
        for number in _ENDING:
            loop.add_signal_handler(number, end, number)
        gc.collect()
        gc.freeze()  # what is there now stays: no collection looks at it again
        ready(relay.hello())
        return 128 + await ended
