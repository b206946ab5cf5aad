"""Named points in a running recording: `kproxy record` listens on a socket, `kproxy mark` writes to it.

The socket lies in a private folder of the recorder's owner; COMMAND is told its path (KPROXY_MARK). Who only knows the
recording finds it by a symbolic link that is called after the recording's path.

One mark a connection: the text as UTF-8 up to the end of what the client sends, answered by a line of JSON, {"seq": N}
(the number of the next exchange) or {"error": SENTENCE}.
"""

import asyncio
import hashlib
import json
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from kproxy.errors import ProxyError, RecordingError, UsageError
from kproxy.model.exchange import Seq

_MAX_SOCKET = 100
"""Bytes of a socket's path that every system takes."""

MAX_MARK = 1024
"""Bytes of a mark's text."""

PATIENCE = 10.0
"""Seconds for either side to say what it has to."""

type PutMark = Callable[[str], Seq]
"""Puts a mark; says which exchange it comes before."""


@asynccontextmanager
async def mark_socket(folder: Path, link: Path, put: PutMark) -> AsyncIterator[Path]:
    """Take marks until the block ends. Yields the socket's path, which is in `folder`, private; `link` leads there."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError):  # a client that is gone: nobody is there to be told
            async with asyncio.timeout(PATIENCE):
                answer = await _answer(reader, put)
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        writer.close()

    path = folder / "mark"
    try:
        listening = socket.socket(socket.AF_UNIX)
        with _reachable(path) as short:
            listening.bind(short)
        path.chmod(0o600)
        server = await asyncio.start_unix_server(serve, sock=listening, limit=MAX_MARK)
    except OSError as error:
        raise ProxyError(
            f"kproxy cannot take marks at {path}: {error.strerror or error}; name the recording in a folder of yours."
        ) from error
    with _linked(link, path):
        async with server:
            yield path


@contextmanager
def _reachable(path: Path) -> Iterator[str]:
    """A name of this path that a socket takes: the kernel's is 108 bytes at most, and folders may lie deeper."""
    if len(os.fsencode(path)) <= _MAX_SOCKET or not Path("/proc/self/fd").is_dir():
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


@contextmanager
def _linked(link: Path, path: Path) -> Iterator[None]:
    """A symbolic link for as long as the block lasts; without it KPROXY_MARK still says where the socket is."""
    with suppress(OSError):
        link.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        link.unlink(missing_ok=True)  # that of a recording of this name whose owner was killed
        link.symlink_to(path)
    try:
        yield
    finally:
        with suppress(OSError):
            if link.readlink() == path:
                link.unlink()


async def _answer(reader: asyncio.StreamReader, put: PutMark) -> dict[str, object]:
    try:
        data = await reader.readexactly(MAX_MARK + 1)
    except asyncio.IncompleteReadError as whole:
        data = whole.partial
    try:
        return {"seq": put(checked_text(data.decode()))}
    except UnicodeDecodeError:
        return {"error": "a mark's text must be UTF-8"}
    except UsageError as error:
        return {"error": str(error)}


def checked_text(text: str) -> str:
    """The text of a mark. UsageError if it is none."""
    text = text.strip()
    if not text or not text.isprintable():
        raise UsageError("a mark's text is one line of printable characters")
    if len(text.encode("utf-8", "replace")) > MAX_MARK:
        raise UsageError(f"a mark's text is {MAX_MARK} bytes at most")
    return text


def link_of(recording: Path, env: Mapping[str, str], state: Path) -> Path:
    """Where the socket of whoever records into `recording` is found: in $XDG_RUNTIME_DIR, or in kproxy's state."""
    named = env.get("XDG_RUNTIME_DIR", "")
    base = Path(named) if named.startswith("/") else state
    name = hashlib.sha256(str(recording.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return base / "kproxy" / "marks" / name


def send_mark(text: str, place: Path, what: str) -> Seq:
    """Write a mark through the socket at `place`, or at the end of that link. RecordingError names `what` it is."""
    text = checked_text(text)
    try:
        path = place.readlink() if place.is_symlink() else place
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(PATIENCE)
            with _reachable(path) as short:
                sock.connect(short)
            sock.sendall(text.encode("utf-8", "replace"))
            sock.shutdown(socket.SHUT_WR)
            said = _line(sock)
        answer = dict(json.loads(said))
    except (OSError, ValueError, TypeError) as error:
        reason = f": {error.strerror}" if isinstance(error, OSError) and error.strerror else ""
        raise RecordingError(f"no `kproxy record` takes marks for {what}{reason}") from error
    if "error" in answer:
        raise UsageError(str(answer["error"]))
    return Seq(int(answer.get("seq", 0)))


def _line(sock: socket.socket) -> bytes:
    """What the other side says, to its end."""
    said = b""
    while len(said) < 64 * 1024 and (data := sock.recv(4096)):
        said += data
    return said
