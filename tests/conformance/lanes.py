"""Both lanes as users start them, each in a process of its own, and all scenarios through it."""

import asyncio
import re
import signal
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from kproxy.addon import SCRIPT
from tests.conformance.scenarios import EVERY, SCENARIOS, STOPPED, UNREACHABLE, Scenario
from tests.conformance.side import PATIENCE, Side
from tests.support.process import listened_to
from tests.support.record_process import record_process, wait_for

LANES = ("tap", "addon")
_NAME = re.compile(rb"/namespaces/([a-z0-9-]+)/")


@dataclass
class Addon:
    """mitmdump or mitmweb with kproxy's addon."""

    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it listens, once it records."""
        wait_for(lambda: any("kproxy: recording into" in line for line in list(self.said)) or None)
        found = wait_for(lambda: next((m for line in list(self.said) if (m := _LISTENING.search(line))), None))
        return f"http://{found[1]}"


@cache
def _confdir() -> tempfile.TemporaryDirectory[str]:
    """Mitmproxy's authority, made once: it takes a second."""
    return tempfile.TemporaryDirectory(prefix="mitmproxy-")


_LISTENING = re.compile(r" listening at (\S+:\d+)\.?$")


@contextmanager
def addon_process(upstream: str, output: Path, *options: str, tool: str = "mitmdump") -> Iterator[Addon]:
    """Stock mitmproxy with kproxy's addon, ended by SIGTERM at the end if nobody did before."""
    arguments = [
        *(str(Path(sys.executable).with_name(tool)), "-s", str(SCRIPT)),
        *("--mode", f"reverse:{upstream}@127.0.0.1:0", "--set", f"confdir={_confdir().name}"),
        *("--set", f"kproxy_output={output}"),
        *options,
    ]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    running = Addon(process)
    with listened_to(process, running.said, signal.SIGTERM):
        yield running


@dataclass
class Played:
    """What the ends of the scenarios got, by their names, and where it is recorded."""

    lane: str
    recording: Path
    to_client: dict[str, bytes] = field(default_factory=dict)
    to_server: dict[str, list[bytes]] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    seen: defaultdict[str, asyncio.Event] = field(default_factory=lambda: defaultdict(asyncio.Event))


def play(lane: str, folder: Path) -> Played:
    """All scenarios through one lane."""
    return asyncio.run(_play(lane, folder))


async def _play(lane: str, folder: Path) -> Played:
    played = Played(lane, folder / f"{lane}.kproxy")
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        side = Side(reader, writer, lane, asyncio.Event())
        await side.until(b"\r\n")
        if found := _NAME.search(side.got):
            name = found[1].decode()
            side.seen = played.seen[name]
            await next(each for each in EVERY if each.name == name).server(side)
            played.to_server.setdefault(name, []).append(bytes(side.got))
        side.close()
        tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    process = record_process if lane == "tap" else addon_process
    with process(url, played.recording) as running:
        place = await asyncio.to_thread(lambda: urlsplit(running.url))
        for scenario in SCENARIOS:
            side = await _one(scenario, place.hostname or "", place.port or 0, played)
            side.close()
        opened = await _one(STOPPED, place.hostname or "", place.port or 0, played)
        server.close()
        (await _one(UNREACHABLE, place.hostname or "", place.port or 0, played)).close()
        running.process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(running.process.wait, PATIENCE)
        opened.close()
    for task in list(tasks):
        task.cancel()
    played.said = running.said
    return played


async def _one(scenario: Scenario, host: str, port: int, played: Played) -> Side:
    reader, writer = await asyncio.open_connection(host, port)
    side = Side(reader, writer, played.lane, played.seen[scenario.name])
    await scenario.client(side)
    played.to_client[scenario.name] = bytes(side.got)
    return side
