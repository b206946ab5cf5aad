"""The server that plays a tape: aiohttp in front of kproxy.play.tape.

A watch's event comes when the writes that were made before it have been played, by whoever plays them: a client that
creates an object and waits for it sees what it saw. Where nobody plays them, it comes after `patience` seconds.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web
from multidict import CIMultiDict

from kproxy.errors import RecordingError, ReplayError
from kproxy.model.exchange import LOG_LINE, WATCH_EVENT, BodyState, End, Frame, Headers, header
from kproxy.play.tape import Episode, Tape, why_not
from kproxy.wire.mediatype import parse_media_type

MAX_BODY = 256 * 1024 * 1024
_NOT_AGAIN = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding", "upgrade", "trailer"}
)
"""What frames the bytes that are sent now."""
_FRAMING = _NOT_AGAIN - {"content-encoding"}
"""The same of an answer whose body goes on as it came."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
_POLL = 0.01
_NOT_THERE = 501
"""Not Implemented: client-go does not try again on it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that no recorded exchange answers."""

    method: str
    target: str
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class FromElsewhere:
    """An answer from elsewhere, its body as it comes."""

    status: int
    headers: Headers
    pieces: AsyncIterator[bytes]


type Elsewhere = Callable[[Asked], Awaitable[FromElsewhere]]
"""Who answers what the tape does not have. ReplayError becomes a 502."""


class Player:
    """Answers requests out of a tape, and from `elsewhere` what it does not have."""

    def __init__(
        self, tape: Tape, *, patience: float = 2.0, elsewhere: Elsewhere | None = None, host: str = "127.0.0.1"
    ) -> None:
        """`host`: where it listens. A page in a browser that names itself so (DNS rebinding) is no client."""
        self._hosts = _LOOPBACK | {host}
        self._tape = tape
        self._patience = patience
        self._elsewhere = elsewhere

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        if self._elsewhere is not None and _name_of(request.host) not in self._hosts:
            return _refusal(f"{request.host} is not where this is played", 403, "Forbidden")
        headers: Headers = tuple((name, value) for name, value in request.headers.items())
        body = await request.read()
        episode = self._tape.next(request.method, request.raw_path, headers)
        if episode is not None and not (reason := why_not(episode)):
            return await self._play(request, episode)
        if self._elsewhere is not None:
            try:
                told = await self._elsewhere(Asked(request.method, request.raw_path, headers, body))
            except ReplayError as error:
                return _refusal(str(error), 502, "BadGateway")
            return await _passed_on(request, told)
        self._tape.miss(request.method, request.raw_path)
        said = reason if episode is not None else "the recording has no such request, or no more of it"
        return _refusal(f"{request.method} {request.raw_path} cannot be played: {said}")

    async def _play(self, request: web.Request, episode: Episode) -> web.StreamResponse:
        answer = episode.answer
        if answer.body.state is BodyState.FRAMES or episode.is_watch:
            return await self._stream(request, episode)
        data = episode.recording.body(answer.body.digest) if answer.body.digest is not None else b""
        fields = _fields(answer.headers)
        response = web.Response(status=answer.status, reason=answer.reason, headers=fields, body=data)
        if "Content-Type" not in fields:
            response.headers.pop("Content-Type", None)
        return response

    async def _stream(self, request: web.Request, episode: Episode) -> web.StreamResponse:
        answer = episode.answer
        response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=_fields(answer.headers))
        response.enable_chunked_encoding()
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            if not (episode.is_watch and episode.again):
                await self._frames(response, episode)
            if episode.is_watch and (episode.again or episode.exchange.end is not End.COMPLETE):
                await asyncio.get_running_loop().create_future()  # as its client did, so this one leaves it: cancelled
            await response.write_eof()
        return response

    async def _frames(self, response: web.StreamResponse, episode: Episode) -> None:
        media_type = header(episode.answer.headers, "content-type")
        for frame in episode.recording.frames(episode.exchange.seq):
            await self._due(episode, frame)
            await response.write(_framed(episode, frame, media_type))

    async def _due(self, episode: Episode, frame: Frame) -> None:
        if frame.kind != WATCH_EVENT or self._tape.is_due(episode.recording, frame.at):
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._patience):
                while not self._tape.is_due(episode.recording, frame.at):  # noqa: ASYNC110 - other requests play them
                    await asyncio.sleep(_POLL)
                return
        self._tape.give_up(episode.recording, frame.at)


def application(player: Player) -> web.Application:
    """The aiohttp application."""
    made = web.Application(client_max_size=MAX_BODY)
    made.router.add_route("*", "/{path:.*}", player.handle)
    made.on_response_prepare.append(_hide_software)
    return made


async def _hide_software(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.pop("Server", None)


async def _passed_on(request: web.Request, told: FromElsewhere) -> web.StreamResponse:
    response = web.StreamResponse(status=told.status, headers=_fields(told.headers, _FRAMING))
    response.enable_chunked_encoding()
    await response.prepare(request)
    async for piece in told.pieces:
        await response.write(piece)
    await response.write_eof()
    return response


def _framed(episode: Episode, frame: Frame, media_type: str) -> bytes:
    """A frame as the stream had it. RecordingError if it was not kept."""
    if frame.body.digest is None:
        raise RecordingError(f"a part of the stream {episode.exchange.seq} is {frame.body.state.value}")
    data = episode.recording.body(frame.body.digest)
    if frame.kind == LOG_LINE or (parsed := parse_media_type(media_type)).is_cbor:
        return data
    return len(data).to_bytes(4) + data if parsed.is_protobuf else data + b"\n"


def _fields(headers: Headers, without: frozenset[str] = _NOT_AGAIN) -> "CIMultiDict[str]":
    return CIMultiDict((name, value) for name, value in headers if name.lower() not in without)


def _name_of(host: str) -> str:
    """A Host's name without its port."""
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host


def _refusal(message: str, code: int = _NOT_THERE, reason: str = "NotRecorded") -> web.Response:
    status = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": f"kproxy: {message}",
        "reason": reason,
        "code": code,
    }
    return web.Response(status=code, text=json.dumps(status), content_type="application/json")
