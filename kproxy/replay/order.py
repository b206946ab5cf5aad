"""The order in which the server took a recorded session's requests, as far as the recording tells it.

Requests that do not overlap went one after the other. Of those that overlap:

- writes went in the order of their revisions, and a list after the writes that it shows and before the others, as a
  watch that begins with what there is. A deletion of two writes has the revision of the first one, which others see
  and act on, unless another request came between the two;
- requests on one object went in an order in which each gets the answer that it got (linear.py): the 404 of a deletion
  after the deletion that was done, the conflict of an update after the update that made it one;
- what none of this tells goes in the order of the answers, or of the calls to etcd that made the first change of each
  (firstwrites.py): from then on others see it, and may act on it. A collection's deletion stands where it began.

A recording is gone through in windows: what went on at the same time lies close together, and only that is looked at.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from heapq import heapify, heappop, heappush
from itertools import batched, pairwise

from kproxy.model.api import WRITE_VERBS, ObjectRef
from kproxy.model.exchange import Digest, Exchange, Nanos, Seq
from kproxy.model.recording import LATELY, SHARE, Recording
from kproxy.replay.firstwrites import FirstWrites
from kproxy.replay.linear import linear_order, over
from kproxy.replay.sights import Sight, initial_state, listed_revision, shown_by, sight

_TELLING = WRITE_VERBS | {"get", "list"}
_NEVER = Nanos(1 << 70)
_CREATED = 201
_WINDOW = 2048
"""Exchanges that are read at a time; about as many of those before are looked at with them once more."""
_SOME = 64
"""Exchanges whose bodies are read at a time."""
_BYTES = LATELY // 2
"""Bytes of them, about: what is read ahead is remembered until it is looked at."""
_LARGEST = LATELY // SHARE
"""Bytes of one: a larger one would not be remembered, and is read when it is looked at."""

type _Edge = tuple[Exchange, Exchange]
type _Time = Callable[[Exchange], tuple[Nanos, Seq]]


def in_order(recording: Recording, written: Mapping[Seq, int]) -> Iterator[Exchange]:
    """The exchanges one after the other, as the server took them; `written`: the revision that each write made."""
    looking = _Looking(recording)
    left: list[Exchange] = []
    for some in batched(recording.exchanges(), _WINDOW):
        looking.look(some, written)
        arranged = looking.arranged([*left, *some])
        middle = some[0].started
        done = next((index for index, (latest, _) in enumerate(arranged) if latest >= middle), len(arranged))
        yield from (each for _, each in arranged[:done])
        left = [each for _, each in arranged[done:]]
        looking.forget(each.seq for _, each in arranged[:done])
    yield from left


class _Looking:
    """Looks at the exchanges of a window, and remembers what it saw until they have left it."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._sights: dict[Seq, Sight | None] = {}
        self._listed: dict[Seq, int] = {}
        self._first_told: dict[Seq, Nanos] = {}
        """When a watch had told the state that it began with."""
        self._first = FirstWrites(recording)
        self._took: dict[Seq, Nanos] = {}
        """When a write's first change was made at the latest."""
        self.written: dict[Seq, int] = {}
        self._began: dict[Seq, int] = {}
        """The first revision of a deletion that made more than one."""

    def look(self, exchanges: Iterable[Exchange], written: Mapping[Seq, int]) -> None:
        """What is known of the writes among these."""
        for each in exchanges:
            if each.info.verb not in WRITE_VERBS:
                continue
            revision, first = written.get(each.seq), self._first.of(each)
            if first is not None:
                self._took[each.seq] = first.at
            if revision is None:
                continue
            self.written[each.seq] = revision
            if first is not None and first.revision < revision:
                if each.info.verb == "deletecollection":
                    self.written[each.seq] = first.revision
                elif each.info.verb == "delete":
                    self._began[each.seq] = first.revision

    def _took_effect(self, exchange: Exchange) -> tuple[Nanos, Seq]:
        answered = exchange.answered or exchange.started
        return max(exchange.started, min(answered, self._took.get(exchange.seq, answered))), exchange.seq

    def arranged(self, exchanges: list[Exchange]) -> list[tuple[Nanos, Exchange]]:
        """The exchanges in their order, each with the latest time at which it took effect."""
        exchanges = sorted(exchanges, key=self._took_effect)
        groups = [group for resource in _by_resource(exchanges) for group in _overlapping(resource)]
        edges = [*self._by_revision(exchanges, groups)]
        for group in groups:
            edges += self._by_answers(group)
        return _sorted(exchanges, [edge for edge in edges if self._may_precede(*edge)], self._took_effect)

    def _may_precede(self, first: Exchange, second: Exchange) -> bool:
        """Whether one can have gone before the other: it did not begin when that was over.

        Of a watch its beginning counts: what it showed then may be as old as another watch's that began seconds later.
        """
        over = self._first_told.get(second.seq, second.ended)
        return over is None or over > first.started

    def forget(self, seqs: Iterable[Seq]) -> None:
        """These have left the window."""
        for seq in seqs:
            self._sights.pop(seq, None)
            self._listed.pop(seq, None)
            self._first_told.pop(seq, None)
            self.written.pop(seq, None)
            self._took.pop(seq, None)
            self._began.pop(seq, None)

    def _ahead(self, exchanges: Iterable[Exchange]) -> Iterator[Exchange]:
        """The same ones; what a sight of them looks at is read some at a time."""
        some: list[Exchange] = []
        wanted: dict[Digest, int] = {}
        for each in exchanges:
            some.append(each)
            if each.seq not in self._sights:
                wanted.update(_sizes(each))
            if len(some) == _SOME or sum(wanted.values()) >= _BYTES:
                self._recording.bodies(wanted)
                yield from some
                some, wanted = [], {}
        self._recording.bodies(wanted)
        yield from some

    def _sight(self, exchange: Exchange) -> Sight | None:
        if exchange.seq not in self._sights:
            self._sights[exchange.seq] = sight(self._recording, exchange)
        return self._sights[exchange.seq]

    def _revision(self, exchange: Exchange) -> int:
        if exchange.seq not in self._listed:
            if exchange.info.verb == "watch":
                self._listed[exchange.seq], self._first_told[exchange.seq] = initial_state(self._recording, exchange)
            else:
                self._listed[exchange.seq] = listed_revision(self._recording, exchange)
        return self._listed[exchange.seq]

    def _by_revision(self, exchanges: list[Exchange], groups: list[list[Exchange]]) -> Iterator[_Edge]:
        """Writes by their revisions; lists, and what watches begin with, between those shown and the others."""
        written = self.written | self._begun_alone(exchanges)
        known = [(written[each.seq], 0, each.seq, each) for each in exchanges if each.seq in written]
        of_this_etcd = [group for group in groups if any(each.seq in written for each in group)]
        lists = [(self._revision(each), each) for group in of_this_etcd for each in group]
        begun = [(self._revision(each), each) for each in exchanges if each.info.verb == "watch"]
        known += [(revision, 1, each.seq, each) for revision, each in (*lists, *begun) if revision]
        for (*_, first), (*_, second) in pairwise(sorted(known, key=lambda each: each[:3])):
            yield first, second

    def _begun_alone(self, exchanges: list[Exchange]) -> dict[Seq, int]:
        """Deletions that made more than one revision, none of the object's others between them; and the first one."""
        if not self._began:
            return {}
        others: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
        for each in exchanges:
            if each.seq in self.written:
                others[_named(each)].append(self.written[each.seq])
        return {
            each.seq: first
            for each in exchanges
            if (first := self._began.get(each.seq)) is not None
            and not any(first < other < self.written[each.seq] for other in others[_named(each)])
        }

    def _by_answers(self, group: list[Exchange]) -> Iterator[_Edge]:
        """The requests on each object of a run, in an order that explains their answers."""
        if all(_made(each) for each in group):
            return  # each made an object of its own
        sights = [found for each in self._ahead(_together(group)) if (found := self._sight(each)) is not None]
        common = [each for each in sights if each.ref is None]
        objects: defaultdict[ObjectRef, list[Sight]] = defaultdict(list)
        for each in sights:
            if each.ref is not None:
                objects[each.ref].append(each)
        for ref, of_object in objects.items():
            wiped = [each.of(ref) for each in common if each.exchange.info.namespace in {"", ref.namespace}]
            for run in _runs([*of_object, *wiped]):
                for first, second in pairwise(linear_order(run, self.written) or ()):
                    yield first.exchange, second.exchange


def _made(exchange: Exchange) -> bool:
    """Whether it made an object: of one name only one can, unless something takes it away between."""
    info, answer = exchange.info, exchange.answer
    return info.verb == "create" and not info.subresource and answer is not None and answer.status == _CREATED


def _named(exchange: Exchange) -> tuple[str, ...]:
    info = exchange.info
    return info.group, info.resource, info.namespace, info.name


def _sizes(exchange: Exchange) -> Iterator[tuple[Digest, int]]:
    """The bodies that are read ahead, with their sizes as far as those are known."""
    for body in shown_by(exchange):
        if body.digest is not None and body.size <= _LARGEST:
            yield body.digest, body.size


def _by_resource(exchanges: Iterable[Exchange]) -> Iterable[list[Exchange]]:
    """The exchanges about one resource, in the order of their beginnings; those of one are left out."""
    found: defaultdict[tuple[str, str], list[Exchange]] = defaultdict(list)
    for exchange in exchanges:
        info = exchange.info
        if info.is_resource and info.verb in _TELLING and not exchange.upgrade and not info.is_log:
            found[info.group, info.resource].append(exchange)
    return (sorted(each, key=lambda exchange: exchange.started) for each in found.values() if len(each) > 1)


def _overlapping(exchanges: list[Exchange]) -> Iterator[list[Exchange]]:
    """Runs of exchanges that hang together in time and hold a write; those of one are left out."""
    run: list[Exchange] = []
    end = Nanos(0)
    for exchange in exchanges:
        if run and exchange.started >= end:
            yield from _told(run)
            run = []
        run.append(exchange)
        end = max(end, _NEVER if exchange.ended is None else exchange.ended)
    yield from _told(run)


def _told(run: list[Exchange]) -> Iterator[list[Exchange]]:
    if len(run) > 1 and any(exchange.info.verb in WRITE_VERBS for exchange in run):
        yield run


def _together(group: list[Exchange]) -> Iterator[Exchange]:
    """Those of a run that may be about one object with another one of it: only they need decoding."""
    names = Counter((each.info.namespace, each.info.name) for each in group)
    unnamed = any(
        not name and verb in WRITE_VERBS for name, verb in ((each.info.name, each.info.verb) for each in group)
    )
    for each in group:
        if unnamed or names[each.info.namespace, each.info.name] > 1:
            yield each


def _runs(sights: list[Sight]) -> Iterator[list[Sight]]:
    """Those that hang together in time, again: what held a run together may have been about another object."""
    run: list[Sight] = []
    end = Nanos(0)
    for each in sorted(sights, key=lambda found: found.exchange.started):
        if run and each.exchange.started >= end:
            if len(run) > 1:
                yield run
            run = []
        run.append(each)
        end = max(end, over(each))
    if len(run) > 1:
        yield run


def _sorted(exchanges: list[Exchange], edges: list[_Edge], took_effect: _Time) -> list[tuple[Nanos, Exchange]]:
    """By the time at which each took effect at the latest, as is known of it (`took_effect`) or another one saw it."""
    after: defaultdict[Seq, set[Seq]] = defaultdict(set)
    before: defaultdict[Seq, set[Seq]] = defaultdict(set)
    for first, second in edges:
        after[first.seq].add(second.seq)
        before[second.seq].add(first.seq)
    latest = _latest(exchanges, after, before, took_effect)
    by_seq = {each.seq: each for each in exchanges}
    waits = {each.seq: len(before[each.seq]) for each in exchanges}
    ready = [(latest[each.seq], *took_effect(each)) for each in exchanges if not waits[each.seq]]
    heapify(ready)
    found: list[tuple[Nanos, Exchange]] = []
    while ready:
        seq = heappop(ready)[2]
        found.append((latest[seq], by_seq.pop(seq)))
        for follower in after[seq]:
            waits[follower] -= 1
            if not waits[follower]:
                heappush(ready, (latest[follower], *took_effect(by_seq[follower])))
    circle = sorted(by_seq.values(), key=took_effect)  # no recording of one server's says such a thing
    return found + [(latest[each.seq], each) for each in circle]


def _latest(
    exchanges: list[Exchange], after: Mapping[Seq, set[Seq]], before: Mapping[Seq, set[Seq]], took_effect: _Time
) -> dict[Seq, Nanos]:
    """The latest time at which each took effect, never before it began."""
    latest = {each.seq: took_effect(each)[0] for each in exchanges}
    started = {each.seq: each.started for each in exchanges}
    waits = {seq: len(after[seq]) for seq in latest}
    ready = [seq for seq in latest if not waits[seq]]
    while ready:
        seq = ready.pop()
        for earlier in before[seq]:
            latest[earlier] = max(started[earlier], min(latest[earlier], latest[seq]))
            waits[earlier] -= 1
            if not waits[earlier]:
                ready.append(earlier)
    return latest
