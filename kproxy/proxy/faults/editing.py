"""A watch's answer as a rule of --fault wants it: events left out, cut off after some, or ended as expired. Sans-I/O.

Events go on byte for byte, each with its stream's framing and in a chunk of its own, as the api-server flushes them.
"""

from collections.abc import Callable

from kproxy.model.api import RequestInfo
from kproxy.model.exchange import header
from kproxy.model.jsontypes import JSONObject
from kproxy.proxy.faults.answers import status_object
from kproxy.proxy.faults.rules import FaultAction, FaultRule
from kproxy.proxy.tap.actions import Act, Action
from kproxy.proxy.tap.inflight import Inflight
from kproxy.wire.cbor import encode_cbor
from kproxy.wire.contenterror import ContentError
from kproxy.wire.handoff import RecordType
from kproxy.wire.http1 import CHUNKED, AnswerEvent, AnswerHead, Body, Informational, parse_head
from kproxy.wire.http1 import End as MessageEnd
from kproxy.wire.jsontext import encode_json
from kproxy.wire.mediatype import parse_media_type
from kproxy.wire.protobuild import encode_watch_event
from kproxy.wire.watchevents import WatchCutter, decode_event


class WatchEdit:
    """One watch: `begins`, then `feed` with its content. `chance` gives numbers in [0, 1).

    `over`: nothing more of the server's goes to the client. `fired`: the rule has changed what the client gets.
    """

    def __init__(self, rule: FaultRule, info: RequestInfo, chance: Callable[[], float]) -> None:
        self.rule = rule
        self.over = False
        self.fired = False
        self._info = info
        self._chance = chance
        self._media_type = ""
        self._cutter: WatchCutter | None = None
        self._raw = bytearray()  # what the cutter has, framing included
        self._base = 0  # the stream's offset of its first byte
        self._passed = 0  # events that went to the client
        self._counted = 0  # events that drop-event counts

    def begins(self, head: AnswerHead) -> bool:
        """Whether this answer is one that can be edited: a watch that was granted, without a content coding."""
        headers = parse_head(head.raw).headers
        if head.status != 200 or head.length >= 0 or header(headers, "content-encoding") not in {"", "identity"}:
            return False
        self._media_type = header(headers, "content-type")
        try:
            self._cutter = WatchCutter(self._media_type)
        except ContentError:
            return False
        self._check_over()
        return True

    def feed(self, content: bytes) -> list[bytes]:
        """The events that go on."""
        self._raw += content
        if self._cutter is None:
            return [self.rest()]
        try:
            events = self._cutter.feed(content)
        except ContentError:  # no watch after all: whatever comes goes on as it is
            self._cutter = None
            return [self.rest()]
        going: list[bytes] = []
        for event, end in events:
            raw = bytes(self._raw[: end - self._base])
            del self._raw[: end - self._base]
            self._base = end
            if self.over:
                continue
            if self._dropped(event):
                self.fired = True
                continue
            self._passed += 1
            going.append(raw)
            self._check_over()
        return going

    def rest(self) -> bytes:
        """What came after the last event's end."""
        rest = bytes(self._raw)
        self._raw.clear()
        return rest

    def expired(self) -> bytes:
        """The ERROR event by which the api-server ends a watch whose resourceVersion it has no more."""
        event = encode_error(self._media_type, self._info)
        self.over = self.fired = True
        return event

    def _check_over(self) -> None:
        after = self.rule.after_events
        if after is not None and self._passed >= after:
            self.over = self.fired = True

    def _dropped(self, event: bytes) -> bool:
        if self.rule.action is not FaultAction.DROP:
            return False
        if self.rule.event_type is not None:
            try:
                found = decode_event(self._media_type, event).type
            except ContentError:
                return False
            if not self.rule.event_type.fits(found):
                return False
        self._counted += 1
        return self.rule.which.meant(self._counted, self._chance)


class EditedAnswer:
    """The answer with an edited watch, on its way to the client and into the recording: what the client gets.

    `cut`: the connection is to be cut now; `expired`: the watch has been ended, the connection is to be closed.
    """

    def __init__(self, edit: WatchEdit, flight: Inflight) -> None:
        self.cut = False
        self.expired = False
        self._edit = edit
        self._flight = flight
        self._chunked = False
        self._told = False  # the recording knows that the rule has fired

    def take(self, events: list[AnswerEvent], now: int) -> list[Action]:
        """What these events of the server's become."""
        actions: list[Action] = []
        for event in events:
            if isinstance(event, AnswerHead):
                actions.append((Act.TO_CLIENT, self._head(event, now)))
            elif isinstance(event, Body):
                actions += self._content(self._edit.feed(event.content), now)
            elif isinstance(event, Informational):
                self._flight.informed(event.raw, now)
                actions.append((Act.TO_CLIENT, event.raw))
            elif isinstance(event, MessageEnd):
                actions += self._content([self._edit.rest()], now) + self._end(now)
            self._tell(now)
            if self._edit.over:
                if self._edit.rule.expires:
                    return actions + self.expire(now)
                self.cut = True
                return actions
        return actions

    def expire(self, now: int) -> list[Action]:
        """End the watch as the api-server does where it has the resourceVersion no more."""
        self.expired = True
        actions = self._content([self._edit.expired()], now)
        self._tell(now)
        return actions + self._end(now)

    def _head(self, head: AnswerHead, now: int) -> bytes:
        self._chunked = head.length == CHUNKED
        raw = head.raw[:-2] + b"Connection: close\r\n\r\n" if self._edit.rule.expires else head.raw
        self._flight.answer_with(RecordType.ANSWER_HEAD, raw, now)
        return raw

    def _content(self, parts: list[bytes], now: int) -> list[Action]:
        actions: list[Action] = []
        for part in filter(None, parts):
            self._flight.answer_with(RecordType.ANSWER_BODY, part, now)
            actions.append((Act.TO_CLIENT, b"%x\r\n%b\r\n" % (len(part), part) if self._chunked else part))
        return actions

    def _end(self, now: int) -> list[Action]:
        self._flight.answered(now)
        return [(Act.TO_CLIENT, b"0\r\n\r\n")] if self._chunked else []

    def _tell(self, now: int) -> None:
        if self._edit.fired and not self._told:
            self._told = True
            self._flight.fault(self._edit.rule.text, now)


def encode_error(media_type: str, info: RequestInfo) -> bytes:
    """An ERROR event with a Status 410, with its framing."""
    event: JSONObject = {"type": "ERROR", "object": status_object(410, info)}
    parsed = parse_media_type(media_type)
    if parsed.is_protobuf:
        data = encode_watch_event(event)
        return len(data).to_bytes(4) + data
    return encode_cbor(event) if parsed.is_cbor else encode_json(event)
