"""`--at`: a moment of the session, and which of a key's changes had happened by then."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from kproxy.errors import UsageError
from kproxy.model.api import ObjectRef, metadata_of
from kproxy.model.attribution import Basis, LedgerEntry
from kproxy.model.etcd import Revision
from kproxy.model.exchange import Exchange, Nanos, Seq
from kproxy.model.jsontypes import JSON, text
from kproxy.model.recording import Recording
from kproxy.session.contents import decoded_body
from kproxy.session.entries import Entries
from kproxy.session.opened import exchange_at, started_at
from kproxy.wire.storage import object_of

_MAX_DIGITS = 30
_LONGEST = 10.0**12
"""Seconds of an offset at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A moment as it was asked for; nothing set: the session's end."""

    seq: Seq | None = None
    time: Nanos | None = None
    revision: Revision | None = None


def parse_moment(recording: Recording, words: str | None) -> Moment:
    """An exchange's number, `rev:REVISION`, `+SECONDS` since the start, or RFC 3339. UsageError for anything else."""
    if words is None:
        return Moment()
    if _number(words):
        return Moment(seq=exchange_at(recording, int(words)).seq)
    if words.startswith("rev:") and _number(words[4:]):
        return Moment(revision=Revision(int(words[4:])))
    if words.startswith("+"):
        return Moment(time=_offset(words))
    try:
        moment = datetime.fromisoformat(words)
    except ValueError as error:
        raise UsageError(
            f"--at {words!r} is neither an exchange's number nor a time such as 2026-11-23T12:00:00Z, "
            "seconds since the start such as +12.5, or a revision such as rev:123"
        ) from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return Moment(time=Nanos(int((moment - started_at(recording)).total_seconds() * 1e9)))


def _number(words: str) -> bool:
    return words.isascii() and words.isdigit() and len(words) <= _MAX_DIGITS


def _offset(words: str) -> Nanos:
    try:
        seconds = float(words[1:].removesuffix("s"))
    except ValueError as error:
        raise UsageError(f"--at {words!r} is no number of seconds since the start, such as +12.5") from error
    if not 0 <= seconds < _LONGEST:
        raise UsageError(f"--at {words!r} is no time of this session; `kproxy log --json` shows its times")
    return Nanos(int(seconds * 1e9))


class Happened:
    """Which changes of one key had happened at a moment."""

    def __init__(self, recording: Recording, entries: Entries, target: ObjectRef | None) -> None:
        self._recording = recording
        self._entries = entries
        self._target = target

    def by(self, history: list[LedgerEntry], moment: Moment) -> list[LedgerEntry]:
        """Of a key's changes in the order of revisions those that had happened."""
        if moment.seq is not None:
            return self._by_exchange(history, exchange_at(self._recording, moment.seq))
        if moment.revision is not None:
            return _while(history, lambda entry: entry.change.revision <= (moment.revision or 0))
        return history if moment.time is None else self._by_time(history, moment.time)

    def time(self, moment: Moment) -> Nanos | None:
        """The moment as a time, None for the session's end and for a revision."""
        if moment.seq is not None:
            return exchange_at(self._recording, moment.seq).ended
        return moment.time

    def _by_exchange(self, history: list[LedgerEntry], exchange: Exchange) -> list[LedgerEntry]:
        """After its last change in this etcd; of a read, what its answer showed; else what had happened at its end."""
        clusters = {entry.change.cluster for entry in history}
        caused = [each.change for each in self._entries.of_exchange(exchange.seq) if each.change.cluster in clusters]
        revision = max((change.revision for change in caused), default=None)
        if revision is None:
            revision = self._shown(exchange)
        if revision is not None:
            last = revision
            return _while(history, lambda entry: entry.change.revision <= last)
        return history if exchange.ended is None else self._by_time(history, exchange.ended)

    def _shown(self, exchange: Exchange) -> Revision | None:
        """The revision of the object in an answer that shows it."""
        info, answer = exchange.info, exchange.answer
        if self._target is None or answer is None or info.subresource or not 200 <= answer.status < 300:
            return None
        document = decoded_body(self._recording, answer.headers, answer.body)
        items = document.get("items") if isinstance(document, dict) else None
        for each in items if isinstance(items, list) else [document]:
            if _is(each, info.resource, info.group, self._target):
                revision = text(metadata_of(each).get("resourceVersion"))
                return Revision(int(revision)) if _number(revision) else None
        return None

    def _by_time(self, history: list[LedgerEntry], time: Nanos) -> list[LedgerEntry]:
        """What etcd's watch had told by then, which it does a little late: what an ended exchange did was done."""
        for place in range(len(history) - 1, -1, -1):
            entry = history[place]
            if entry.change.at <= time or self._had_ended(entry, time):
                return history[: place + 1]
        return []

    def _had_ended(self, entry: LedgerEntry, time: Nanos) -> bool:
        if entry.attribution is None or entry.attribution.basis not in _LAGS:
            return False
        exchange = self._recording.exchange(entry.attribution.seq)
        if exchange is None or exchange.ended is None or exchange.ended > time:
            return False
        return entry.change.at - exchange.ended <= _LAGS[entry.attribution.basis]


_LAGS = {
    Basis.TRACED: Nanos(60 * 10**9),
    Basis.OTLP: Nanos(60 * 10**9),
    Basis.REVISION: Nanos(60 * 10**9),
    Basis.OBJECT: Nanos(10**9),
}
"""Nanoseconds after an exchange's end by which the watch tells what it did.

By its object a request is given what it only began, too (a pod that takes its time to end); a lease ends by itself, and
by a window alone nobody knows whether the change came after the request.
"""


def _is(document: JSON, resource: str, group: str, target: ObjectRef) -> bool:
    if (resource, group) != (target.resource, target.group):
        return False
    if not isinstance(document, dict):
        return False
    ref = object_of({"apiVersion": "v1", **document}, resource)
    return ref is not None and (ref.namespace, ref.name) == (target.namespace, target.name)


def _while(history: list[LedgerEntry], had: Callable[[LedgerEntry], bool]) -> list[LedgerEntry]:
    return [entry for entry in history if had(entry)]
