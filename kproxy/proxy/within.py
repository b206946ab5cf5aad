"""The proxy without a listener, for a client in its own process: `async with within(settings, outbox) as proxy: …`."""

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

from kproxy.config.credentials import Credentials
from kproxy.config.upstream import Upstream
from kproxy.model.exchange import IdentityMode
from kproxy.proxy.handover.outbox import Outbox
from kproxy.proxy.identity.judge import Identity
from kproxy.proxy.settings import ProxySettings, tap_maker
from kproxy.proxy.sockets.connection import Wiring
from kproxy.proxy.sockets.inside import InsideConnection
from kproxy.proxy.sockets.listener import Connections
from kproxy.proxy.sockets.reach import dialer_for
from kproxy.proxy.sockets.tls import UpstreamTls

logger = logging.getLogger(__name__)


class Within:
    """Connections of one process to itself. `connect` takes whose credentials they go on with."""

    def __init__(self, settings: ProxySettings, outbox: Outbox) -> None:
        self._settings = settings
        self._outbox = outbox
        self._numbers = itertools.count(1)
        self._wirings: dict[Upstream, Wiring] = {}
        self._own: list[Credentials] = []
        self._live = Connections()

    async def ready(self, upstream: Upstream | None = None) -> None:
        """Get the credentials ready that connections to it will go on with. ConfigError."""
        upstream = upstream or self._settings.upstream
        given = self._settings.credentials if upstream is self._settings.upstream else None
        credentials = given or Credentials(upstream)
        if given is None:
            self._own.append(credentials)
        await credentials.ready()
        judge = Identity(upstream, token=None, local=None, allow_exec=True, credentials=credentials)
        tls = UpstreamTls(upstream, credentials)
        settings = replace(self._settings, upstream=upstream, identity=IdentityMode.ONE)
        self._wirings[upstream] = Wiring(
            dialer=dialer_for(upstream, tls.current, settings.connect_timeout),
            make_tap=partial(tap_maker(settings, judge, self._outbox, upstream), None),
            outbox=self._outbox,
            client_tls=lambda: None,
        )

    def connect(self, upstream: Upstream | None = None) -> InsideConnection:
        """A connection of its own; to which upstream of those that are ready."""
        wiring = self._wirings[upstream or self._settings.upstream]
        connection = InsideConnection(wiring, next(self._numbers))
        self._live.begin(connection)
        return connection

    async def stop(self) -> None:
        """End what goes on, after the settings' `drain` seconds."""
        await self._live.stop(self._settings.drain)
        for credentials in self._own:
            await credentials.close()


@asynccontextmanager
async def within(settings: ProxySettings, outbox: Outbox) -> AsyncIterator[Within]:
    """Serve this process until the block ends."""
    proxy = Within(settings, outbox)
    await proxy.ready()
    try:
        yield proxy
    finally:
        await asyncio.shield(proxy.stop())
