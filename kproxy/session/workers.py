"""Further processes of the proxy: all of them serve one address, and hand over to one recorder.

They are forked before anything runs, so that they share what was made before: the bound sockets (the kernel gives each
new connection to one of them, SO_REUSEPORT), kproxy's authority, and the numbers of exchanges. This process tells each
of them, over a socket, which recorder to hand over to and when to end; what a worker says back are lines of JSON.
"""

import asyncio
import json
import os
import secrets
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field

from kproxy.config.credentials import Credentials
from kproxy.errors import ProxyError
from kproxy.proxy.handover.numbers import SharedNumbers
from kproxy.proxy.handover.outbox import Outbox
from kproxy.proxy.launch import Stand, serve, take_stand
from kproxy.session.recordsettings import RecordSettings, asking, proxy_settings

ANSWER_SECONDS = 60.0
"""For a worker on a busy machine to do what it is told."""

_EXIT_SECONDS = 10.0
_LAST_SECONDS = 2.0
"""For a worker whose session is gone to hand over what it has."""

_MAX_TOLD = 65536


@dataclass(slots=True)
class Team:
    """What is shared. `controls`: this end of each further worker's socket, in their order from worker 1."""

    stand: Stand
    token: str = field(repr=False)
    numbers: SharedNumbers | None = None
    controls: list[socket.socket] = field(default_factory=list)


@contextmanager
def hired(settings: RecordSettings) -> Iterator[Team]:
    """Bind the address and fork the further workers; they end with the block.

    ConfigError, ProxyError. Not to be called while threads or an event loop run.
    """
    token = secrets.token_urlsafe(32)
    stand = take_stand(proxy_settings(settings, token, Credentials(asking(settings))), settings.workers)
    team = Team(stand, token, SharedNumbers() if settings.workers > 1 else None)
    pids = [_fork(settings, team, number) for number in range(1, settings.workers)]
    try:
        yield team
    finally:
        for control in team.controls:
            control.close()
        for pid in pids:
            _await(pid)


def _fork(settings: RecordSettings, team: Team, number: int) -> int:
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid:
        theirs.close()
        team.controls.append(ours)
        return pid
    code = 1
    try:
        for other in (ours, *team.controls):
            other.close()
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)  # they are meant for the session; a terminal tells all
        asyncio.run(_work(settings, team, number, theirs))
        code = 0
    finally:
        os._exit(code)


def _await(pid: int) -> None:
    """A worker whose socket is closed ends; one that does not is ended."""
    deadline = time.monotonic() + _EXIT_SECONDS
    with suppress(ChildProcessError):
        while os.waitpid(pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                return
            time.sleep(0.01)


async def _work(settings: RecordSettings, team: Team, number: int, control: socket.socket) -> None:
    """A worker's life: serve, do what is told, end when told or when nobody tells any more."""
    outbox = Outbox(settings.buffer_bytes, settings.when_stuck, numbers=team.numbers)
    ward = _Ward(control, outbox)
    credentials = Credentials(asking(settings))
    await credentials.ready()
    async with serve(proxy_settings(settings, team.token, credentials), outbox, team.stand, number):
        await ward.stopped.wait()
    await credentials.close()
    ward.say({"said": "stopped", "left_out": outbox.left_out})
    await ward.alone.wait()
    if outbox.attached:
        await outbox.drain(_LAST_SECONDS)
        await outbox.detach()


class _Ward:
    """The worker's end of its control."""

    def __init__(self, control: socket.socket, outbox: Outbox) -> None:
        self.stopped = asyncio.Event()
        self.alone = asyncio.Event()
        self._control = control
        self._outbox = outbox
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        control.setblocking(False)
        self._loop.add_reader(control.fileno(), self._read)

    def say(self, news: dict[str, object]) -> None:
        """A line; a session that is gone needs none."""
        with suppress(OSError):
            self._control.send(json.dumps(news).encode() + b"\n")

    def _read(self) -> None:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._control, _MAX_TOLD, 1)
        except BlockingIOError:
            return
        except OSError:
            data, descriptors = b"", []
        if not data:
            self._loop.remove_reader(self._control.fileno())
            self.stopped.set()
            self.alone.set()
            return
        for line in data.splitlines():
            order = json.loads(line)
            self._begin(self._obey(order, descriptors.pop() if order["do"] == "attach" else -1))

    def _begin(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _obey(self, order: dict[str, str | float], descriptor: int) -> None:
        what, seconds = order["do"], float(order.get("seconds", 0))
        answer: dict[str, object] = {"said": what, "ok": True}
        if what == "attach":
            try:
                await self._outbox.attach(socket.socket(fileno=descriptor), seconds)
                self._begin(self._tell_of_a_loss())
            except ProxyError as error:
                answer |= {"ok": False, "why": str(error)}
        elif what == "detach":
            await self._outbox.detach()
        elif what == "drain":
            answer["ok"] = await self._outbox.drain(seconds)
            answer |= {"blocked": self._outbox.blocked, "progressed": self._outbox.progressed}
        else:
            self.stopped.set()
            return
        self.say(answer)

    async def _tell_of_a_loss(self) -> None:
        await self._outbox.lost.wait()
        self.say({"said": "lost", "why": self._outbox.failure})


class RemoteOutbox:
    """A further worker's outbox, as the session has it. A worker that is gone has nothing to hand over any more."""

    def __init__(self, number: int, control: socket.socket) -> None:
        self.number = number
        self.lost = asyncio.Event()
        self.failure = ""
        self.blocked = 0
        self.progressed = False
        self.left_out = 0
        self.attached = False
        self.gone = asyncio.Event()
        self.stopped = asyncio.Event()
        self._control = control
        self._answers: dict[str, asyncio.Future[dict[str, object]]] = {}
        self._hearing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen to what it says."""
        reader, self._writer = await asyncio.open_connection(sock=self._control.dup())
        self._hearing = asyncio.create_task(self._hear(reader))

    async def attach(self, sock: socket.socket, timeout: float) -> None:  # noqa: ASYNC109 - a deadline
        """Hand the socket on. ProxyError."""
        with sock:
            answer = await self._ask("attach", timeout, sock.fileno())
        if not answer.get("ok", True):
            raise ProxyError(str(answer.get("why", "")))
        self.attached = not self.gone.is_set()
        self.lost.clear()

    async def detach(self) -> None:
        """Let go of the recorder."""
        self.attached = False
        await self._ask("detach", ANSWER_SECONDS)

    async def drain(self, timeout: float) -> bool:  # noqa: ASYNC109 - how long the caller is ready to wait
        """Whether all it had was committed in time."""
        answer = await self._ask("drain", timeout)
        blocked = answer.get("blocked", 0)
        self.blocked = blocked if isinstance(blocked, int) else 0
        self.progressed = bool(answer.get("progressed", False))
        return bool(answer.get("ok", True))

    def stop(self) -> None:
        """Tell it to serve nobody any more: `stopped` when that is so."""
        self._send("stop", 0.0, None)

    async def close(self) -> None:
        """Listen no more."""
        if self._hearing is not None:
            self._hearing.cancel()
            self._writer.close()

    async def _ask(self, what: str, seconds: float, descriptor: int | None = None) -> dict[str, object]:
        """Its answer; {} if it is gone, or does not answer."""
        if self.gone.is_set():
            return {}
        answer: asyncio.Future[dict[str, object]] = asyncio.get_running_loop().create_future()
        self._answers[what] = answer
        self._send(what, seconds, descriptor)
        try:
            async with asyncio.timeout(seconds + ANSWER_SECONDS):
                return await answer
        except TimeoutError:
            return {"ok": False, "why": f"worker {self.number} of the proxy does not answer"}

    def _send(self, what: str, seconds: float, descriptor: int | None) -> None:
        line = json.dumps({"do": what, "seconds": seconds}).encode() + b"\n"
        with suppress(OSError):  # it is gone: the end of its lines tells
            if descriptor is None:
                self._control.send(line)
            else:
                socket.send_fds(self._control, [line], [descriptor])

    async def _hear(self, reader: asyncio.StreamReader) -> None:
        with suppress(OSError):
            async for line in reader:
                self._take(json.loads(line))
        self.gone.set()
        self.stopped.set()
        self.attached = False
        for answer in self._answers.values():
            if not answer.done():
                answer.set_result({})

    def _take(self, news: dict[str, object]) -> None:
        said = str(news["said"])
        if said == "lost":
            self.failure, self.attached = str(news["why"]), False
            self.lost.set()
        elif said == "stopped":
            left_out = news["left_out"]
            self.left_out = left_out if isinstance(left_out, int) else 0
            self.stopped.set()
        elif said in self._answers and not self._answers[said].done():
            self._answers[said].set_result(news)


@asynccontextmanager
async def directed(team: Team | None, tell: Callable[[str], None]) -> AsyncIterator[list[RemoteOutbox]]:
    """The further workers, from within the session's event loop."""
    workers = [RemoteOutbox(number, control) for number, control in enumerate(team.controls if team else (), 1)]
    watching = [asyncio.create_task(_tell_of_its_end(worker, tell)) for worker in workers]
    for worker in workers:
        await worker.start()
    try:
        yield workers
    finally:
        for task in watching:
            task.cancel()
        for worker in workers:
            await worker.close()


async def _tell_of_its_end(worker: RemoteOutbox, tell: Callable[[str], None]) -> None:
    await worker.gone.wait()
    tell(f"worker {worker.number} of the proxy was gone; the others go on with the recording")


@asynccontextmanager
async def stopping(workers: Sequence[RemoteOutbox]) -> AsyncIterator[None]:
    """When the block ends, all of them stop at once, and it is waited until they have."""
    try:
        yield
    finally:
        for worker in workers:
            worker.stop()
        for worker in workers:
            await worker.stopped.wait()
