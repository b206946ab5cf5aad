"""Revisions that are gone: 410, and the lists that follow."""

from dataclasses import dataclass

from kproxy.insight.check.finding import MAX_GROUPS, Finding, Seen
from kproxy.insight.clients import Client
from kproxy.insight.stats import resource_of
from kproxy.model.exchange import WATCH_EVENT, Exchange, Frame, Seq
from kproxy.model.recording import Recording
from kproxy.wire.content import ContentError
from kproxy.wire.watchevents import decode_event

_LARGEST_ERROR = 16 * 1024


@dataclass(slots=True)
class _Gone:
    first: Seq
    count: int = 0
    relists: int = 0
    relisted: int = 0
    due: bool = False


class Expired:
    """Watches and continued lists that came too late: their revision was compacted, and all is listed again."""

    name = "expired"
    explains = "revisions that were gone (410), and lists that followed"

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._gone: dict[tuple[Client, str], _Gone] = {}

    def see(self, seen: Seen) -> None:
        """A 410, or a list after one."""
        exchange = seen.exchange
        key = (seen.client, resource_of(exchange.info))
        if _is_gone(self._recording, exchange):
            if key in self._gone or len(self._gone) < MAX_GROUPS:
                gone = self._gone.setdefault(key, _Gone(exchange.seq))
                gone.count += 1
                gone.due = True
            return
        gone_before = self._gone.get(key)
        lists = exchange.info.verb == "list" or "sendInitialEvents=true" in exchange.request.target
        if gone_before is not None and gone_before.due and lists and exchange.answer is not None:
            gone_before.due = False
            gone_before.relists += 1
            gone_before.relisted += exchange.answer.body.size

    def findings(self) -> list[Finding]:
        """All of them."""
        return [
            Finding(
                rule=self.name,
                client=client,
                count=gone.count,
                says=f"its revision of {resource} was gone {gone.count}x, and was listed again {gone.relists}x "
                f"({gone.relisted / 2**20:.1f} MiB)",
                first=gone.first,
            )
            for (client, resource), gone in sorted(self._gone.items(), key=lambda item: -item[1].count)
        ]


def _is_gone(recording: Recording, exchange: Exchange) -> bool:
    """410 as a status, or as the event that ends a watch."""
    if exchange.answer is None or exchange.info.verb not in {"list", "watch", "get"}:
        return False
    if exchange.answer.status == 410:
        return True
    return exchange.info.verb == "watch" and _ends_gone(recording, exchange)


def _ends_gone(recording: Recording, exchange: Exchange) -> bool:
    last: Frame | None = None
    for frame in recording.frames(exchange.seq):
        last = frame
    if last is None or last.kind != WATCH_EVENT or last.body.digest is None or last.body.size > _LARGEST_ERROR:
        return False
    headers = exchange.answer.headers if exchange.answer else ()
    media_type = next((value for name, value in headers if name.lower() == "content-type"), "")
    try:
        event = decode_event(media_type, recording.body(last.body.digest))
    except ContentError:
        return False
    return event.type == "ERROR" and event.object.get("code") == 410
