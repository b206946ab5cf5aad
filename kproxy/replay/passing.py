"""States that controllers went on from by themselves: who saw one saw it in passing, and it need not come again.

Where only people's requests are driven, a read shows how far the controllers were just then: a Deployment of which two
replicas of three are there, a list of pods one of which is pending. How fast they are is the machine's business. So it
is asked of etcd's history what became of the state that was seen: what somebody who is not driven changed next, before
anybody who is driven wrote there again (or, later than that, as a consequence of what had been written before), went
on by itself. All other states stay until somebody does something, and must come.
"""

from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import NamedTuple

from kproxy.model.api import ObjectRef, RequestInfo, metadata_of
from kproxy.model.attribution import LedgerEntry, Standing
from kproxy.model.etcd import ChangeType, EtcdKey
from kproxy.model.exchange import Exchange, Nanos, Seq, header
from kproxy.model.jsontypes import JSON
from kproxy.model.recording import Recording
from kproxy.renaming.kinds import is_revision
from kproxy.replay.effects import changes, group_of
from kproxy.wire.content import ContentError, decode
from kproxy.wire.storage import PREFIX, object_keys
from kproxy.wire.watchevents import WatchEvent

_LOOKED_AT = 64
"""Changes behind a state that are looked at."""

_NEVER = Nanos(1 << 62)
_NOT_FOUND = 404


class _Change(NamedTuple):
    """One change of a key. `driven`: by a request that is driven. `cause`: when what it follows up was asked for."""

    revision: int
    at: Nanos
    key: EtcdKey
    gone: bool
    driven: bool
    cause: Nanos


@dataclass(slots=True)
class Passing:
    """Which states of a recording were seen in passing. None are, where it has no history of etcd's."""

    prefix: str = PREFIX
    keys: "defaultdict[EtcdKey, list[_Change]]" = field(default_factory=lambda: defaultdict(list))
    folders: "defaultdict[EtcdKey, list[_Change]]" = field(default_factory=lambda: defaultdict(list))
    """The changes below a key: of a namespace's collection, and of all namespaces'."""
    writes: "defaultdict[str, array[int]]" = field(default_factory=lambda: defaultdict(lambda: array("q")))
    """When those who are driven wrote, by namespace."""

    @classmethod
    def of(cls, recording: Recording, entries: Iterable[LedgerEntry], driven: Container[int]) -> "Passing":
        """What is known of a recording: `entries` of its whole ledger; `driven`: whose requests are sent again."""
        made = cls(recording.session.etcd_prefix)
        started = _Started(recording)
        for entry in entries:
            if entry.standing is not Standing.BEFORE:
                made.take(_change_of(entry, driven, started))
        for each in (*made.keys.values(), *made.folders.values()):
            each.sort(key=lambda change: (change.revision, change.key))
        for exchange in recording.exchanges():
            if exchange.seq in driven and changes(exchange):
                made.writes[exchange.info.namespace].append(exchange.started)
        return made

    def take(self, change: _Change) -> None:
        """One more."""
        self.keys[change.key].append(change)
        parts = change.key.rsplit(b"/", 2)
        for folder in (b"/".join(parts[:2]), parts[0]):
            self.folders[EtcdKey(folder)].append(change)

    def read(self, recording: Recording, exchange: Exchange) -> bool:
        """Whether the state that a read showed was left by itself."""
        return bool(self._left(recording, exchange))

    def comes_or_goes(self, recording: Recording, exchange: Exchange) -> bool:
        """Whether what a read asked for was made or deleted then."""
        absent = exchange.answer is not None and exchange.answer.status == _NOT_FOUND
        left = self._left(recording, exchange)
        return bool(left) and (absent or any(each.gone for each in left))

    def _left(self, recording: Recording, exchange: Exchange) -> list[_Change]:
        """The changes by which the state that a read showed was left by itself."""
        if not self.keys or exchange.info.verb not in {"get", "list"} or exchange.answer is None:
            return []
        shown = _shown(recording, exchange)
        if shown is None and exchange.answer.status != _NOT_FOUND:
            return []
        return list(self._by_itself(self._behind(exchange, shown), exchange.info, exchange.started))

    def event(self, info: RequestInfo, event: WatchEvent) -> bool:
        """Whether the state that a watch's event showed was left by itself."""
        metadata = metadata_of(event.object)
        revision, name, namespace = (metadata.get(each) for each in ("resourceVersion", "name", "namespace"))
        if not isinstance(revision, str) or not is_revision(revision) or not isinstance(name, str):
            return False
        ref = info.ref(namespace if isinstance(namespace, str) else "", name)
        behind = [change for key in object_keys(ref, self.prefix) for change in self.keys.get(key, ())]
        place = bisect_right(behind, int(revision), key=lambda change: change.revision)
        if not place or behind[place - 1].revision != int(revision):
            return False  # it was there before the session
        about = replace(info, namespace=ref.namespace)
        return any(self._by_itself(_until_driven(behind[place:]), about, behind[place - 1].at))

    def _behind(self, exchange: Exchange, shown: int | None) -> Iterable[_Change]:
        """What came after the state that a read showed."""
        info = exchange.info
        ref = ObjectRef(
            group=group_of(exchange), resource=info.resource, namespace=info.within, name=info.name or "any"
        )
        for key in object_keys(ref, self.prefix):
            of = self.keys.get(key, []) if info.name else self.folders.get(EtcdKey(key.rpartition(b"/")[0]), [])
            if shown is None:
                later = _from_creation(of, exchange.started)
            else:
                later = of[bisect_right(of, shown, key=lambda change: change.revision) :]
            return _until_driven(later) if info.name else later
        return ()

    def _by_itself(self, behind: Iterable[_Change], info: RequestInfo, seen: Nanos) -> Iterator[_Change]:
        """Of these changes, those that belong to what had begun when the state was seen."""
        until = self._written_next(info, seen)
        for change in islice(behind, _LOOKED_AT):
            if not change.driven and (change.at < until or change.cause <= seen):
                yield change

    def _written_next(self, info: RequestInfo, after: Nanos) -> Nanos:
        """When somebody who is driven wrote there again: in the same namespace, or to what has none."""
        places = {"", info.namespace} if info.namespace else self.writes.keys()
        return min((_first_after(self.writes[each], after) for each in places if each in self.writes), default=_NEVER)


@dataclass(slots=True)
class _Started:
    """When an exchange began."""

    recording: Recording
    known: dict[Seq, Nanos] = field(default_factory=dict)

    def __call__(self, seq: Seq) -> Nanos:
        if seq not in self.known:
            exchange = self.recording.exchange(seq)
            self.known[seq] = exchange.started if exchange is not None else _NEVER
        return self.known[seq]


def _change_of(entry: LedgerEntry, driven: Container[int], started: Callable[[Seq], Nanos]) -> _Change:
    change, cause = entry.change, entry.consequence
    return _Change(
        revision=change.revision,
        at=change.at,
        key=change.key,
        gone=change.type is ChangeType.DELETE,
        driven=entry.attribution is not None and entry.attribution.seq in driven,
        cause=started(cause.seq) if cause is not None else _NEVER,
    )


def _until_driven(behind: Iterable[_Change]) -> Iterator[_Change]:
    """An object's changes until somebody who is driven changes it."""
    for change in behind:
        if change.driven:
            return
        yield change


def _from_creation(of: Sequence[_Change], after: Nanos) -> Sequence[_Change]:
    """What became of an object that was not there, from its creation on: a deletion may be seen late."""
    for place, change in enumerate(of):
        absent = place == 0 or of[place - 1].gone
        if absent and not change.gone and change.at > after:
            return of[place:]
    return ()


def _first_after(times: "array[int]", after: Nanos) -> Nanos:
    place = bisect_right(times, after)
    return Nanos(times[place]) if place < len(times) else _NEVER


def _shown(recording: Recording, exchange: Exchange) -> int | None:
    """The revision that a read's answer has; None: it has none."""
    answer = exchange.answer
    if answer is None or answer.body.digest is None:
        return None
    try:
        document: JSON = decode(header(answer.headers, "content-type"), recording.body(answer.body.digest))
    except ContentError:
        return None
    revision = metadata_of(document).get("resourceVersion")
    return int(revision) if isinstance(revision, str) and is_revision(revision) else None
