"""A session's header: who records what, from when on."""

import secrets
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

from kproxy import __version__
from kproxy.etcd.client import Etcd, connect
from kproxy.etcd.settings import EtcdSettings
from kproxy.model.api import metadata_of
from kproxy.model.etcd import EtcdKey, Revision
from kproxy.model.jsontypes import text
from kproxy.model.session import Server, Session
from kproxy.wire.content import ContentError
from kproxy.wire.storage import decode_value


async def begin_session(  # noqa: PLR0913 - what a header holds, all named
    server: Server,
    etcd: EtcdSettings | None,
    *,
    when_stuck: str,
    lane: str = "tap",
    program: str = "",
    capture: str = "",
    traced: str = "",
) -> tuple[Session, int]:
    """The header, and the session's beginning on CLOCK_MONOTONIC in nanoseconds. EtcdError if etcd does not answer."""
    start: Revision | None = None
    if etcd is not None:
        async with await connect(etcd) as store:
            server, start = await _etcd_facts(store, server)
    wall, epoch = time.time_ns(), time.monotonic_ns()
    seconds, nanos = divmod(wall, 1_000_000_000)
    session = Session(
        id=secrets.token_hex(16),
        kproxy_version=__version__,
        started_at=f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{nanos:09d}Z",
        server=server,
        etcd_start=start,
        when_stuck=when_stuck,
        lane=lane,
        capture=capture,
        traced=traced,
        command=(program,) if program else (),
    )
    return session, epoch


async def _etcd_facts(etcd: Etcd, server: Server) -> tuple[Server, Revision]:
    """Which etcd, at which revision; and kube-system's uid from its own key, where the api-server did not tell it."""
    status = await etcd.status()
    server = replace(server, etcd_version=status.version, etcd_cluster=status.cluster)
    if not server.system_uid:
        stored = await etcd.get(EtcdKey(b"/registry/namespaces/kube-system"))
        if stored is not None:
            with suppress(ContentError):  # encrypted at rest: the cluster's id still tells it apart
                server = replace(server, system_uid=text(metadata_of(decode_value(stored.value)).get("uid")))
    return server, await etcd.revision()
