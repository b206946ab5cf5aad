"""What a recorded watch had told, event by event, in short: one of ten minutes has told many thousand objects."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from sys import intern

from kproxy.model.exchange import Digest, Exchange, header
from kproxy.model.jsontypes import text
from kproxy.model.recording import Recording
from kproxy.renaming.derived import drawn_for
from kproxy.replay.watched import counts, metadata_in, name_of, revision_of, teaches, watch_events
from kproxy.wire.watchevents import WatchEvent, decode_event


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """A recorded event: its object's namespace and name, uid and revision ("" and 0 if it has none).

    `drawn`: what the object's name was drawn for, "" if it was not; `counts`: whether its coming is awaited; `read`:
    reads it again.
    """

    type: str
    name: str
    uid: str
    revision: int
    drawn: str
    counts: bool
    read: Callable[[], WatchEvent]


def expected(event: WatchEvent, read: Callable[[], WatchEvent]) -> Expected:
    """An event in short."""
    metadata = metadata_in(event.object)
    return Expected(
        type=intern(event.type),
        name=intern(name_of(event)),
        uid=intern(text(metadata.get("uid"))),
        revision=revision_of(event),
        drawn=intern(drawn_for(metadata)),
        counts=counts(event),
        read=read,
    )


def events_of(recording: Recording, exchange: Exchange) -> list[Expected]:
    """The events of a recorded watch that teach."""
    media_type = header(exchange.answer.headers, "content-type") if exchange.answer is not None else ""
    return [
        expected(event, partial(_read, recording, media_type, frame.body.digest))
        for frame, event in watch_events(recording, exchange)
        if teaches(event) and frame.body.digest is not None
    ]


def _read(recording: Recording, media_type: str, digest: Digest) -> WatchEvent:
    return decode_event(media_type, recording.body(digest))
