"""A session's header: who records what, from when on."""

import secrets
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from kproxy import __version__
from kproxy.model.session import Server, Session
from kproxy.record.settings import Followed
from kproxy.wire.storage import PREFIX


def begin_session(  # noqa: PLR0913 - what a header holds, all named
    server: Server,
    etcds: Sequence[Followed],
    *,
    when_stuck: str,
    prefix: str = PREFIX,
    lane: str = "tap",
    program: str = "",
    capture: str = "",
    traced: str = "",
) -> tuple[Session, int]:
    """The header, and the session's beginning on CLOCK_MONOTONIC in nanoseconds. `etcds`: the main one first."""
    wall, epoch = time.time_ns(), time.monotonic_ns()
    seconds, nanos = divmod(wall, 1_000_000_000)
    session = Session(
        id=secrets.token_hex(16),
        kproxy_version=__version__,
        started_at=f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{nanos:09d}Z",
        server=server,
        etcd_start=etcds[0].store.start if etcds else None,
        etcd_prefix=prefix,
        when_stuck=when_stuck,
        lane=lane,
        capture=capture,
        traced=traced,
        command=(program,) if program else (),
    )
    return session, epoch
