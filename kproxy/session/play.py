"""Playing recordings to a client: `kproxy play`."""

import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from kproxy.config.hosts import is_this_machine
from kproxy.config.kubeconfig import load_kubeconfig
from kproxy.config.written import minimal_kubeconfig
from kproxy.errors import UsageError
from kproxy.play.server import Asked, Elsewhere, FromElsewhere, Player, application
from kproxy.play.tape import Tape
from kproxy.replay.transport import Reply, Transport, WireRequest
from kproxy.session.command import run_command
from kproxy.session.private import private_file, private_folder
from kproxy.session.record import until_signal
from kproxy.store.reader import open_recording


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaySettings:
    """What is played, where. `otherwise`: a kubeconfig whose server answers what the recordings do not have."""

    files: tuple[str, ...]
    host: str = "127.0.0.1"
    port: int = 0
    repeat: bool = True
    patience: float = 2.0
    otherwise: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """How it went: COMMAND's exit code (128 + n where a signal ended it), and what was played and missing."""

    code: int
    recorded: int
    played: int
    missing: tuple[str, ...]


async def play(settings: PlaySettings, command: Sequence[str], tell: Callable[[str], None]) -> Played:
    """Play until COMMAND ends, or without one until a signal comes. RecordingError, UsageError."""
    if settings.otherwise is not None and not is_this_machine(settings.host):
        raise UsageError(
            f"--otherwise lends credentials to whoever asks: --listen {settings.host} would be open to other machines"
        )
    with ExitStack() as stack:
        recordings = [stack.enter_context(open_recording(file)) for file in settings.files]
        tape = Tape(recordings, repeat=settings.repeat)
        folder = stack.enter_context(private_folder())
        async with _elsewhere(settings.otherwise) as elsewhere, _served(settings, tape, elsewhere) as url:
            told = _handed_out(folder, url)
            if command:
                code = await run_command(command, os.environ | told)
            else:
                tell(f"{tape.recorded} exchanges are played at {url}; Ctrl-C ends it")
                tell(f"in another terminal: export KUBECONFIG={told['KUBECONFIG']}")
                code = 128 + await until_signal()
        return Played(code=code, recorded=tape.recorded, played=tape.played, missing=tuple(tape.missing))


@asynccontextmanager
async def _served(settings: PlaySettings, tape: Tape, elsewhere: Elsewhere | None) -> AsyncIterator[str]:
    player = Player(tape, patience=settings.patience, elsewhere=elsewhere, host=settings.host)
    runner = web.AppRunner(application(player), access_log=None, handler_cancellation=True, shutdown_timeout=0.2)
    await runner.setup()
    try:
        site = web.TCPSite(runner, settings.host, settings.port)
        try:
            await site.start()
        except OSError as error:
            reason = error.strerror or str(error)
            raise UsageError(
                f"{settings.host}:{settings.port} cannot be listened at: {reason}; choose another --listen"
            ) from error
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _elsewhere(kubeconfig: Path | None) -> AsyncIterator[Elsewhere | None]:
    if kubeconfig is None:
        yield None
        return
    open_ones: set[Transport] = set()
    upstream = load_kubeconfig(kubeconfig, {}).upstream(None)

    async def ask(asked: Asked) -> FromElsewhere:
        transport = Transport(upstream)  # of its own: what is new may be a watch
        open_ones.add(transport)
        request = WireRequest(method=asked.method, target=asked.target, headers=asked.headers, body=asked.body)
        reply = await transport.send(request, alone=True)
        return FromElsewhere(reply.status, reply.headers, pieces(reply, transport))

    async def pieces(reply: Reply, transport: Transport) -> AsyncIterator[bytes]:
        try:
            async for piece in reply.pieces():
                yield piece
        finally:
            transport.close()
            open_ones.discard(transport)

    try:
        yield ask
    finally:
        for transport in open_ones:
            transport.close()


def _handed_out(folder: Path, url: str) -> Mapping[str, str]:
    kubeconfig = private_file(folder / "kubeconfig", minimal_kubeconfig(server=url))
    return {"KUBECONFIG": str(kubeconfig), "KPROXY_URL": url}
