"""An upgraded connection's frames, on their way from the bytes that go by into the backlog.

Nothing here may come between the traffic: bytes that cannot be read end the reading, with its reason as a gap of
unknown size, and go on all the same.
"""

from kproxy.model.exchange import End
from kproxy.proxy.handover.backlog import Backlog
from kproxy.proxy.handover.held import Held
from kproxy.wire.channels import ChannelFrame, Channels, channels_of
from kproxy.wire.handoff import RecordType, pack_channel
from kproxy.wire.http1 import parse_head
from kproxy.wire.stretch import StreamError
from kproxy.wire.watchsocket import WatchSocket, is_watch_socket

MAX_CONTENT = 256 * 1024
"""Bytes of one frame's content that are kept, where content is asked for."""

_BY_CLOSING = frozenset({End.COMPLETE, End.CLIENT_GONE, End.SERVER_GONE})

MAX_NAME = 255
"""Bytes of a channel's name."""


class UpgradedConnection:
    """What is recorded of one: frames of channels (exec and the like), or a watch's events.

    `answer`: the head of the 101; `keep`: bytes of each frame's content to be kept.
    """

    def __init__(self, backlog: Backlog, held: Held, target: bytes, answer: bytes, keep: int, now: int) -> None:  # noqa: PLR0913, PLR0917 - made in one place
        self._backlog = backlog
        self._held = held
        self._channels: Channels | None = None
        self._over = False  # one side has said that this is the end
        self._first: tuple[bool, bool] | None = None  # whose end came first (the server's?), and whether that was said
        self._watch: WatchSocket | None = None
        fields = {name.lower(): value for name, value in parse_head(answer).headers}
        if is_watch_socket("GET", target.decode("latin-1"), fields.get("upgrade", "")):
            self._watch = WatchSocket()
            return
        try:
            self._channels = channels_of(
                target.decode("latin-1"), fields.get("upgrade", ""), fields.get("sec-websocket-protocol", ""), keep
            )
        except StreamError as error:
            self._fall_silent(error, now)

    def passed(self, data: bytes, now: int, *, answer: bool) -> None:
        """Bytes went by."""
        self._backlog.tunnel(self._held, answer=answer, count=len(data), at=now)
        if self._watch is not None:
            self._watched(self._watch, data, now, answer=answer)
        if self._channels is None:
            return
        try:
            for frame in self._channels.feed(data, answer=answer):
                self._record(frame, now)
        except StreamError as error:
            self._fall_silent(error, now)

    def side_ended(self, *, answer: bool) -> None:
        """The client, or the server, sends nothing more."""
        if self._first is None:
            self._first = answer, self._over

    def farewell(self) -> bytes:
        """What tells the client in good order that the connection ends now, b"" where that cannot be said."""
        return b"" if self._channels is None or self._over else self._channels.farewell()

    def ended(self, end: End, detail: str, now: int) -> tuple[End, str]:
        """Nothing more goes by: what there is of frames that broke off is recorded. How it ended, where frames tell.

        Both sides of a connection close in the end, whoever was killed: it is complete if one of them had said so in
        its protocol before.
        """
        channels, self._channels = self._channels, None
        if channels is None and self._watch is None:
            return end, detail
        for frame in channels.rest() if channels is not None else ():
            self._record(frame, now)
        if end not in _BY_CLOSING:
            return end, detail
        answer, said = self._first or (end is End.SERVER_GONE, self._over)
        if said:
            return End.COMPLETE, ""
        if answer:
            return End.SERVER_GONE, "the server closed the connection before its streams' end"
        return End.CLIENT_GONE, "the client closed the connection before its streams' end"

    def _watched(self, watch: WatchSocket, data: bytes, now: int, *, answer: bool) -> None:
        if not answer:
            return  # pings, and its end
        try:
            for piece in watch.feed(data):
                self._backlog.add(self._held, RecordType.ANSWER_BODY, piece, now)
        except StreamError as error:
            self._watch = None
            self._fall_silent(error, now)
        self._over = self._over or watch.over

    def _record(self, frame: ChannelFrame, now: int) -> None:
        if frame.channel == "close" or (frame.channel == "error" and frame.answer and frame.size):
            self._over = True
        payload = pack_channel(
            answer=frame.answer, channel=frame.channel.encode()[:MAX_NAME], size=frame.size, content=frame.content
        )
        self._backlog.channel(self._held, payload, frame.size, now)

    def _fall_silent(self, error: StreamError, now: int) -> None:
        self._channels = None
        self._backlog.unreadable(self._held, f"its frames cannot be read from here on: {error}", now)
