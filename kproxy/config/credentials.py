"""What kproxy shows of itself to an api-server, now: tokens and certificates that may change while it runs.

Files are read again when they have changed or are old. A plugin is asked when its answer has expired, or after the
server has answered 401: for the next request, never for the one that was answered.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from kproxy.config.entry import read_bounded
from kproxy.config.execplugin import ExecCredential, ExecPlugin
from kproxy.config.pluginrun import run_plugin
from kproxy.config.upstream import BearerToken, Upstream
from kproxy.errors import ConfigError

AGAIN_SECONDS = 2.0
"""After a plugin was asked: a 401 within it was given to the answer before, and what failed is not tried again."""

type Run = Callable[[ExecPlugin, bool], Awaitable[ExecCredential]]


async def _run(plugin: ExecPlugin, interactive: bool) -> ExecCredential:  # noqa: FBT001 - Run's signature
    return await run_plugin(plugin, interactive=interactive)


class Credentials:
    """Those of one Upstream. Used from one event loop. `plugged`: whether a plugin gives them."""

    def __init__(
        self,
        upstream: Upstream,
        run: Run = _run,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._upstream = upstream
        self._run = run
        self._clock = clock
        self._wall = wall
        self._bearer = BearerToken(upstream)
        self._files = _CertificateFiles(upstream)
        self._plugin = upstream.plugin
        self.plugged = self._plugin is not None
        self._given: ExecCredential | None = None
        self._authorization: str | None = None  # of what was given
        self._asked_at = float("-inf")
        self._problem: ConfigError | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def due(self) -> bool:
        """Whether a plugin has to be asked before the next request: `renew`."""
        if not self.plugged:
            return False
        given = self._given
        if given is not None and (given.expires is None or given.expires > self._wall()):
            return False
        # What a plugin gave a moment ago is used even if it says that it is old, as client-go does.
        return self._task is not None or self._clock() - self._asked_at > AGAIN_SECONDS

    async def ready(self, *, interactive: bool = False) -> None:
        """Ask the plugin for the first time, and read what is in files. ConfigError."""
        if self.due:
            await self._ask(interactive=interactive)
        self.authorization()

    def renew(self) -> asyncio.Task[None]:
        """Ask the plugin, once for all who wait. The task never fails: `authorization` says what went wrong."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._ask(interactive=False))
            self._task.add_done_callback(self._asked)
        return self._task

    def authorization(self) -> str | None:
        """`Bearer …`, `Basic …` or None. ConfigError if a token file never could be read, or the plugin failed."""
        if not self.plugged:
            return self._bearer.authorization()
        if self._given is None and self._problem is not None:
            raise self._problem
        return self._authorization

    def certificate(self) -> tuple[str, str] | None:
        """The client certificate and its key, PEM; a plugin's goes before the kubeconfig's own."""
        if self._given is not None and self._given.certificate is not None:
            return self._given.certificate
        return self._files.current()

    def refused(self) -> bool:
        """The server answered 401. Whether the connection is of no more use: it has shown a plugin's certificate."""
        given = self._given
        if given is None or self._clock() - self._asked_at <= AGAIN_SECONDS:
            return False
        self._given = None
        return given.certificate is not None

    def applied(self) -> Upstream:
        """The Upstream as it is spoken to now, for who asks once."""
        token = self._given.token if self._given is not None else None
        upstream = replace(self._upstream.showing(self.certificate()), plugin=None)
        return replace(upstream, token=token) if token else upstream

    async def close(self) -> None:
        """Ask no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _ask(self, *, interactive: bool) -> None:
        if self._plugin is None:
            return
        try:
            given = await self._run(self._plugin, interactive)
        except ConfigError as error:
            self._given, self._problem = None, error
        else:
            self._given, self._problem = given, None
            # As client-go: what a kubeconfig says beside its plugin counts where the plugin says nothing.
            self._authorization = f"Bearer {given.token}" if given.token else self._bearer.authorization()
        finally:
            self._asked_at = self._clock()

    def _asked(self, _: asyncio.Task[None]) -> None:
        self._task = None


async def asked_once(upstream: Upstream) -> Upstream:
    """The Upstream with what its plugin gives now, for who is done before that is old. ConfigError."""
    if upstream.plugin is None:
        return upstream
    credentials = Credentials(upstream)
    await credentials.ready()
    return credentials.applied()


class _CertificateFiles:
    """A kubeconfig's client certificate and key, read again when their files have changed."""

    def __init__(self, upstream: Upstream) -> None:
        tls = upstream.tls
        self._pair: tuple[str, str] | None = None
        self._paths: tuple[Path, ...] = ()
        if tls is not None and tls.client_cert_pem is not None and tls.client_key_pem is not None:
            self._pair = tls.client_cert_pem, tls.client_key_pem
            self._paths = tuple(file for file in (tls.client_cert_file, tls.client_key_file) if file is not None)
        self._cert_file = tls.client_cert_file if tls else None
        self._key_file = tls.client_key_file if tls else None
        self._stamp = self._stamped()

    def current(self) -> tuple[str, str] | None:
        """Both, PEM. While a file is not there or cannot be read, what was there before."""
        if not self._paths or self._pair is None:
            return self._pair
        stamp = self._stamped()
        if stamp != self._stamp and stamp is not None:
            try:
                self._pair = (
                    read_bounded(self._cert_file).decode("ascii") if self._cert_file else self._pair[0],
                    read_bounded(self._key_file).decode("ascii") if self._key_file else self._pair[1],
                )
            except (OSError, ValueError):
                return self._pair
            self._stamp = stamp
        return self._pair

    def _stamped(self) -> tuple[tuple[int, int, int], ...] | None:
        try:
            found = [path.stat() for path in self._paths]
        except OSError:
            return None
        return tuple((each.st_ino, each.st_mtime_ns, each.st_size) for each in found)
