"""Why a key changed at a revision: its request and the ground, what that one did too, what came before and after."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from kproxy.errors import UsageError
from kproxy.history.author import Author
from kproxy.history.versions import versions
from kproxy.model.attribution import LedgerEntry
from kproxy.model.etcd import EtcdCall, KeyChange, KeyOperation, key_text
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.recording import Recording
from kproxy.session.authors import Authors
from kproxy.session.entries import Entries
from kproxy.session.history import HistoryRow, ground_json, row_of_version
from kproxy.session.naming import parse_object
from kproxy.session.objects import history_of
from kproxy.store.reader import open_recording

_MAX_LINKS = 20
"""Steps up the chain of follow-ups; it is one of owners, and short."""

_MAX_DIGITS = 30
MAX_SHOWN = 1000
"""Etcd calls, changes and follow-ups of a request that are kept of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caused:
    """A change, in one line's worth of facts."""

    revision: int
    type: str
    key: str
    entry: LedgerEntry

    def as_json(self) -> JSONObject:
        """As `why --json` has it."""
        return {"revision": self.revision, "type": self.type, "key": self.key, **ground_json(self.entry)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Upward:
    """A step up: the request whose object the follow-up reconciled, the evidence for it, what that request wrote."""

    author: Author | None
    seq: int
    evidence: str
    wrote: tuple[Caused, ...]

    def as_json(self) -> JSONObject:
        """As `why --json` has it."""
        return {
            "seq": self.seq,
            "evidence": self.evidence,
            "by": self.author.as_json() if self.author else None,
            "wrote": [each.as_json() for each in self.wrote],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """The whole chain for one change.

    `row` is the version itself; `request` and `status` are the exchange's first line and answer; `others` the other
    changes of the same request; `upward` what it follows from, nearest first; `followed` the follow-ups to the same
    request; `next` the key's next change. `left_out` counts what is beyond MAX_SHOWN.
    """

    key: str
    row: HistoryRow
    request: str
    status: int | None
    calls: tuple[EtcdCall, ...]
    others: tuple[Caused, ...]
    upward: tuple[Upward, ...]
    followed: tuple[Caused, ...]
    next: Caused | None

    def as_json(self) -> JSONObject:
        """As `why --json` has it."""
        return {
            "key": self.key,
            "change": self.row.as_json(),
            "request": self.request,
            "status": self.status,
            "etcd_calls": [_call_json(call) for call in self.calls],
            "other_changes": [each.as_json() for each in self.others],
            "follows_from": [each.as_json() for each in self.upward],
            "followed_by": [each.as_json() for each in self.followed],
            "next_change": self.next.as_json() if self.next else None,
        }


def _call_json(call: EtcdCall) -> JSONObject:
    """A call to etcd, without its conditions."""
    operations: list[JSON] = [operation_text(each) for each in call.operations[:MAX_SHOWN]]
    return {
        "number": call.number,
        "method": call.method,
        "operations": operations,
        "succeeded": call.succeeded,
        "revision": call.revision,
        "duration_ms": round((call.ended - call.started) / 1e6, 3) if call.ended is not None else None,
    }


def operation_text(operation: KeyOperation) -> str:
    """`put /registry/pods/default/a`, `range /registry/pods/… (12 keys)`."""
    keys = operation.keys
    text = f"{operation.operation.value} {key_text(keys.key)}" + ("…" if keys.end else "")
    return f"{text} ({operation.count} keys)" if operation.count > 1 else text


def why_change(where: str, words: str, namespace: str = "") -> Why:
    """The chain for `KEY@REVISION` (or OBJECT@REVISION). UsageError when the recording has no such change."""
    name, _, revision = words.rpartition("@")
    if not name or not (revision.isascii() and revision.isdigit() and len(revision) <= _MAX_DIGITS):
        raise UsageError(f"{words!r} names no change: it is KEY@REVISION, such as /registry/pods/default/hello-demo@6")
    target = parse_object(name, namespace)
    with open_recording(where) as recording:
        entries, authors = Entries(recording), Authors(recording)
        found = history_of(recording, entries, target)
        row = next((each for each in _rows(recording, found, authors) if each.revision == int(revision)), None)
        if row is None or row.entry is None:
            known = ", ".join(f"@{entry.change.revision}" for entry in found[:10])
            there = f"it changed at {known}{' and more' if len(found) > 10 else ''}" if found else "it did not change"
            raise UsageError(
                f"{name} has no change at revision {revision} in this recording: {there}; `kproxy history` lists them"
            )
        return _why(recording, entries, authors, found, row)


def _rows(recording: Recording, found: list[LedgerEntry], authors: Authors) -> Iterator[HistoryRow]:
    for version in versions(recording, found):
        yield row_of_version(recording, version, authors.of(version.entry))


def _why(recording: Recording, entries: Entries, authors: Authors, found: list[LedgerEntry], row: HistoryRow) -> Why:
    entry = row.entry
    if entry is None:
        raise TypeError("a row out of etcd has its entry")
    change, ground = entry.change, entry.attribution
    exchange = recording.exchange(ground.seq) if ground is not None else None
    same = entries.of_exchange(ground.seq) if ground is not None else []
    later = [each for each in found if (each.change.cluster, each.change.revision) > (change.cluster, change.revision)]
    return Why(
        key=key_text(change.key),
        row=row,
        request=f"{exchange.request.method} {exchange.request.target}" if exchange else "",
        status=exchange.answer.status if exchange is not None and exchange.answer is not None else None,
        calls=tuple(islice(recording.calls_of(exchange), MAX_SHOWN)) if exchange else (),
        others=tuple(_caused(each) for each in same[:MAX_SHOWN] if not _is(each.change, change)),
        upward=tuple(_upward(entries, authors, entry)),
        followed=tuple(_caused(each) for each in entries.after_exchange(ground.seq)[:MAX_SHOWN]) if ground else (),
        next=_caused(later[0]) if later else None,
    )


def _upward(entries: Entries, authors: Authors, entry: LedgerEntry) -> Iterator[Upward]:
    """From a follow-up to the request whose object it reconciled, and on from what that one followed from."""
    seen: set[int] = set()
    link = entry.consequence
    while link is not None and link.seq not in seen and len(seen) < _MAX_LINKS:
        seen.add(link.seq)
        wrote = entries.of_exchange(link.seq)
        yield Upward(
            author=authors.by_seq(link.seq),
            seq=link.seq,
            evidence=link.evidence,
            wrote=tuple(_caused(each) for each in wrote[:MAX_SHOWN]),
        )
        link = next((each.consequence for each in wrote if each.consequence is not None), None)


def _caused(entry: LedgerEntry) -> Caused:
    change = entry.change
    return Caused(revision=change.revision, type=change.type.value, key=key_text(change.key), entry=entry)


def _is(change: KeyChange, other: KeyChange) -> bool:
    return (change.cluster, change.revision, change.key) == (other.cluster, other.revision, other.key)
