"""The etcd relays whose feeds a recording takes calls from."""

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path

from kproxy.errors import UsageError
from kproxy.lab.info import LabInfo

SECONDS = 10.0
"""For a relay on a busy machine to take a connection."""


async def check_relays(feeds: Iterable[Path]) -> None:
    """That somebody listens there: a recording that waits for nobody's calls is refused. UsageError."""
    for feed in feeds:
        try:
            async with asyncio.timeout(SECONDS):
                _, writer = await asyncio.open_unix_connection(feed)
        except OSError as error:
            reason = os.strerror(error.errno).lower() if error.errno else "it takes no connection"
            raise UsageError(
                f"no etcd relay can be reached at {feed}: {reason}; it is the socket that `kproxy etcd-relay` names"
            ) from error
        writer.close()


def lab_relays(lab: LabInfo) -> tuple[Path, ...]:
    """A lab's own."""
    return (Path(lab.etcd_relay),) if lab.etcd_relay else ()
