"""One exchange, whole: what went, what came, what it changed."""

from dataclasses import dataclass

from kproxy.errors import RecordingError
from kproxy.model.api import metadata_of
from kproxy.model.exchange import CHANNEL, LOG_LINE, Body, Exchange, Frame, Headers, header
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.recording import Recording
from kproxy.session.calls import CallRow, call_row
from kproxy.session.log import LogRow, change_rows, row_of
from kproxy.session.opened import clock_time, exchange_at, opened
from kproxy.wire.content import ContentError, decode
from kproxy.wire.watchevents import decode_event

INITIAL_EVENTS_END = "k8s.io/initial-events-end"
"""The annotation of the bookmark that ends what a watch with sendInitialEvents begins with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A body for people: decoded where that can be done, else `text`, else only its size and why."""

    state: str
    size: int
    media_type: str
    document: JSON = None
    text: str = ""
    reason: str = ""

    def as_json(self) -> JSONObject:
        """As `show --json` has it."""
        return {
            "state": self.state,
            "size": self.size,
            "media_type": self.media_type,
            "document": self.document,
            "text": self.text,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameView:
    """A frame of a stream: when it came, and of a watch's event type and object, of a log's line its text.

    What went by on a channel has its direction, its `size` in bytes, and a text where that was kept and is one.
    """

    index: int
    time: str
    kind: str
    type: str = ""
    document: JSON = None
    text: str = ""
    direction: str = ""
    channel: str = ""
    size: int = 0
    reason: str = ""

    @property
    def ends_initial(self) -> bool:
        """Whether it is the bookmark behind a WatchList's initial events."""
        annotations = metadata_of(self.document).get("annotations")
        return self.type == "BOOKMARK" and isinstance(annotations, dict) and INITIAL_EVENTS_END in annotations

    def as_json(self) -> JSONObject:
        """As `show --json` has it."""
        common: JSONObject = {"index": self.index, "time": self.time, "kind": self.kind}
        if self.kind == LOG_LINE:
            return {**common, "text": self.text, **({} if self.document is None else {"missing": self.document})}
        if self.kind == CHANNEL:
            said: JSONObject = {"direction": self.direction, "channel": self.channel, "size": self.size}
            return {**common, **said, "text": self.text, "reason": self.reason}
        return {**common, "type": self.type, "object": self.document}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeView:
    """All of an exchange, decoded."""

    row: LogRow
    exchange: Exchange
    request_body: Content
    answer_body: Content
    frames: tuple[FrameView, ...]
    calls: tuple[CallRow, ...] = ()

    def as_json(self) -> JSONObject:
        """`log --json`'s object, request, response and frames in full, and the calls to etcd."""
        request, answer = self.exchange.request, self.exchange.answer
        return {
            **self.row.as_json(),
            "altered": [flag.name.lower() for flag in self.exchange.altered if flag.name],
            "upgrade": self.exchange.upgrade,
            "request": {"headers": _fields(request.headers), "body": self.request_body.as_json()},
            "response": {"headers": _fields(answer.headers), "body": self.answer_body.as_json()} if answer else None,
            "frames": [frame.as_json() for frame in self.frames],
            "trace_id": self.exchange.trace_id,
            "parent_id": self.exchange.parent_id,
            "etcd_calls": [call.as_json() for call in self.calls],
        }


def show_exchange(where: str, seq: int) -> ExchangeView:
    """One exchange of a recording. UsageError when the recording has none of that number."""
    with opened(where) as session:
        exchange = exchange_at(session.recording, seq)
        answer = exchange.answer
        media_type = header(answer.headers, "content-type") if answer else ""
        return ExchangeView(
            row=row_of(session.recording, exchange, change_rows(session.ledger, exchange.seq)),
            exchange=exchange,
            request_body=_content_of(session.recording, exchange.request.headers, exchange.request.body),
            answer_body=_content_of(session.recording, answer.headers, answer.body) if answer else NOTHING,
            frames=tuple(
                _frame_view(session.recording, frame, media_type) for frame in session.recording.frames(exchange.seq)
            ),
            calls=tuple(
                call_row(call, clock_time(session.recording, call.started))
                for call in session.recording.calls_of(exchange)
            ),
        )


NOTHING = Content(state="empty", size=0, media_type="")


def _content_of(recording: Recording, headers: Headers, body: Body) -> Content:
    """A body decoded by its media type; what nobody can decode is shown as text if it is text."""
    media_type = header(headers, "content-type")
    base = Content(state=body.state.value, size=body.size, media_type=media_type, reason=body.reason)
    if body.digest is None:
        return base
    data = recording.body(body.digest)
    try:
        document = decode(media_type, data)
    except ContentError as error:
        return Content(
            state=base.state, size=base.size, media_type=media_type, text=_text(data), reason=body.reason or str(error)
        )
    if isinstance(document, str):
        return Content(state=base.state, size=base.size, media_type=media_type, text=document, reason=body.reason)
    return Content(state=base.state, size=base.size, media_type=media_type, document=document, reason=body.reason)


def _frame_view(recording: Recording, frame: Frame, media_type: str) -> FrameView:
    time = clock_time(recording, frame.at)
    if frame.kind == CHANNEL:
        return _channel_view(recording, frame, time)
    if frame.body.digest is None:
        missing: JSON = {"state": frame.body.state.value, "size": frame.body.size, "reason": frame.body.reason}
        return FrameView(index=frame.index, time=time, kind=frame.kind, document=missing)
    data = recording.body(frame.body.digest)
    if frame.kind == LOG_LINE:
        return FrameView(index=frame.index, time=time, kind=frame.kind, text=data.decode("utf-8", "replace"))
    try:
        event = decode_event(media_type, data)
    except ContentError as error:
        raise RecordingError(f"frame {frame.index} of exchange {frame.seq} cannot be decoded: {error}") from error
    return FrameView(index=frame.index, time=time, kind=frame.kind, type=event.type, document=event.object)


def _channel_view(recording: Recording, frame: Frame, time: str) -> FrameView:
    body = frame.body
    return FrameView(
        index=frame.index,
        time=time,
        kind=frame.kind,
        direction=frame.direction.value,
        channel=frame.channel,
        size=body.size,
        text=_text(recording.body(body.digest)) if body.digest is not None else "",
        reason=body.reason,
    )


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return ""


def _fields(headers: Headers) -> JSON:
    return [[name, value] for name, value in headers]
