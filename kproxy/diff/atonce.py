"""A pair of exchanges learned from and, where nothing differs but what the servers chose, compared at once.

What is said here of a pair must be what kproxy.diff.exchanges would say of it once all was learned: nothing. Whatever
may be something is left to it. tests/diff/test_atonce.py holds the two against each other.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field

from kproxy.diff.documents import is_json
from kproxy.diff.events import Seen
from kproxy.diff.exchanges import may_say_nothing
from kproxy.diff.heads import Heads
from kproxy.diff.items import Item, stand_beside, text_of
from kproxy.diff.learning import is_paged, is_stream, learn_contents, owner_of_answer
from kproxy.diff.order import Learned
from kproxy.diff.pages import Chains
from kproxy.diff.patterns import Patterns
from kproxy.diff.remains import in_part, in_short
from kproxy.diff.short import InShort, Kept
from kproxy.diff.sides import Comparison, Pair
from kproxy.diff.streams import Together, events_of, is_in_order, learn_event
from kproxy.diff.told import Store, Told, told_by
from kproxy.model.exchange import Answer, Body, BodyState, Headers, Request, header
from kproxy.renaming.kinds import Kind, Owner, Place, resource_of
from kproxy.renaming.traces import AskedTheRenaming, Leaf, Trace, Tracer
from kproxy.renaming.walk import Walker

_KNOWN = 48 << 20
"""Bytes of what is remembered of pairs of objects, about: several clients watch the same ones, and one's stream is gone
through to its end before the next one's."""
_LARGEST = 1 << 16
"""Bytes of what a pair tells that is remembered, at most."""
_OF_A_LESSON, _OF_A_NUMBER = 300, 100
"""Bytes of one of a pair's lessons beside its texts, and of a pair of versions or times, about."""
_NOTHING: tuple[Told, ...] = ()
_BOTH_EMPTY = BodyState.EMPTY, BodyState.EMPTY
_BOTH_KEPT = BodyState.KEPT, BodyState.KEPT


@dataclass(slots=True)
class AtOnce:
    """Goes through all pairs for the first time."""

    of: Comparison
    chains: Chains
    store: Store = field(init=False)
    known: Store = field(init=False)
    heads: Heads = field(init=False)
    patterns: Patterns = field(default_factory=Patterns)

    def __post_init__(self) -> None:
        self.store = Store(self.of.renaming)
        self.known = Store(self.of.renaming, _KNOWN)
        self.heads = Heads(self.of.renaming)

    def settle(self) -> None:
        """All was gone through: give the renaming all votes that it has not heard."""
        self.store.settle()
        self.known.settle()
        self.heads.settle()

    def needs_now(self, pair: Pair) -> Iterator[tuple[Body, Body]]:
        """The same, of those that need not wait until the others were gone through."""
        return iter(()) if is_stream(pair.baseline) or is_paged(pair.baseline) else self.needs(pair)

    def needs(self, pair: Pair) -> Iterator[tuple[Body, Body]]:
        """The bodies that have to be read, both sides' together: of others it is known what they tell."""
        first, second = pair.baseline, pair.replayed
        if not self._knows(pair, first.request, second.request):
            yield first.request.body, second.request.body
        if (
            first.answer is not None
            and second.answer is not None
            and not self._knows(pair, first.answer, second.answer)
        ):
            yield first.answer.body, second.answer.body

    def _knows(self, pair: Pair, first: Request | Answer, second: Request | Answer) -> bool:
        """Whether two messages tell something that is known, or nothing as they have no bodies."""
        if first.body.digest is None and second.body.digest is None:
            return True
        return self._key(pair, first, second) in self.store

    def learn(self, pair: Pair) -> tuple[list[Learned], Kept]:
        """Learn from a pair that is no stream: the revisions in its answers, and what is still to be compared."""
        first, second = pair.baseline.answer, pair.replayed.answer
        told = None
        if first is not None and second is not None and not is_paged(pair.baseline):
            told = self._answers(pair, first, second)
        if told is None:
            self.heads.same(pair.baseline, pair.replayed)
            return learn_contents(self.of, pair, self.chains), pair.baseline.seq
        return self._learn(pair, told)

    def learn_list(self, pair: Pair) -> tuple[list[Learned], Kept] | None:
        """The same of a list whose objects are all known; None if it has to wait until others were learned.

        What other requests told of lately need not be cut out of it again.
        """
        first, second = pair.baseline.answer, pair.replayed.answer
        if first is None or second is None or is_paged(pair.baseline):
            return None
        if (first.body.state, second.body.state) != _BOTH_KEPT:
            return None
        key = self._key(pair, first, second)
        told = self.store.get(key)
        if told is None:
            documents = self.of.baseline.documents, self.of.replayed.documents
            data = documents[0].json(first.headers, first.body), documents[1].json(second.headers, second.body)
            told = self._lists(*data, owner_of_answer(pair), known_only=True)
            if told is None:
                return None
            self._put(key, told, first.body, second.body)
        return self._learn(pair, told)

    def _learn(self, pair: Pair, told: tuple[Told, ...]) -> tuple[list[Learned], Kept]:
        heads = self.heads.same(pair.baseline, pair.replayed)
        found = [each for part in told for each in part.learn(self.of.renaming)]
        return found, self._in_short(pair, told) if heads else pair.baseline.seq

    def learn_stream(self, pair: Pair) -> Kept:
        """Learn from two streams, whose revisions stand in no order with what was answered."""
        return self._learn_stream(pair, self._together(pair))

    def learn_known_stream(self, pair: Pair) -> Kept | None:
        """The same of two that were told all that they show; None if they have to wait until others were learned."""
        together = self._together(pair)
        if together is None or not all(self._was_told(a, b) for a, b in together.matched):
            return None
        return self._learn_stream(pair, together)

    def _together(self, pair: Pair) -> Together | None:
        """What two streams may teach."""
        return events_of(self.of, pair) if is_stream(pair.replayed) else None

    def _learn_stream(self, pair: Pair, together: Together | None) -> Kept:
        heads = self.heads.same(pair.baseline, pair.replayed)
        if together is None:
            return pair.baseline.seq
        owner = Owner(resource=resource_of(pair.baseline.info))
        told: list[Told] = []
        events: list[tuple[int, int]] = []
        for a, b in together.matched:
            if a is None or b is None:
                continue
            part = self._shown(a, b, owner)
            if part is None:
                heads = False
                learn_event(self.of, pair, together, a, b)
            else:
                part.learn(self.of.renaming)
                told.append(part)
                events.append((a.index, b.index))
        if heads and is_in_order(self.of, pair, together):
            kept = self._in_short(pair, told)
            if isinstance(kept, InShort):
                first, second = together.bookmarks
                return kept._replace(bookmarks=first != second)
        return in_part(pair, told, events)

    def _was_told(self, first: Seen | None, second: Seen | None) -> bool:
        """Whether two events show one version of one object, by what answers said; of its end nothing says that."""
        if first is None or second is None:
            return False
        if first.event.type == second.event.type == "BOOKMARK":
            return True  # which shows none
        if not first.uid or self.of.renaming.image(Kind.UID, first.uid) != second.uid:
            return False
        version = self.of.renaming.revisions.exact(first.uid, first.revision)
        return first.event.type == "DELETED" or (version is not None and version == second.revision)

    def _in_short(self, pair: Pair, told: Sequence[Told]) -> Kept:
        """What is still to be compared of a pair whose heads say the same, and whose answers tell that."""
        seq = pair.baseline.seq
        if not may_say_nothing(pair) or not all(part.agreed for part in told):
            return seq
        asked = self._told_by(pair, pair.baseline.request, pair.replayed.request)
        if asked is None or not all(map(self._is_settled, asked)):
            return seq
        return in_short(pair, asked, told)

    def _is_settled(self, asked: Told) -> bool:
        """Whether what a request says is what answers told: a client's own words must be looked at when all is known.

        Requests teach nothing, so of their own they agree with what is known by now, or do not.
        """
        if asked.agreed or (asked.plain and asked.clients):
            return True
        return asked.plain and all(map(self.of.renaming.stands, asked.lessons))

    def _answers(self, pair: Pair, first: Answer, second: Answer) -> tuple[Told, ...] | None:
        return _NOTHING if self._is_inert(first, second) else self._told_by(pair, first, second)

    def _is_inert(self, first: Answer, second: Answer) -> bool:
        return (
            first.body.digest is not None
            and first.body.digest == second.body.digest
            and first.body.state is second.body.state
            and header(first.headers, "content-type") == header(second.headers, "content-type")
            and self.of.baseline.documents.inert(first.body.digest)
        )

    @staticmethod
    def _key(pair: Pair, first: Request | Answer, second: Request | Answer) -> Hashable:
        """What two messages' bodies are known by, with all else that what they tell depends on."""
        if first is pair.baseline.answer and pair.known_by is not None:
            return pair.known_by
        info = pair.baseline.info
        key = (
            first.body.digest,
            second.body.digest,
            _media_type(first.headers),
            _media_type(second.headers),
            info.verb == "list",
            info.group,
            info.resource,
        )
        if first is pair.baseline.answer:
            pair.known_by = key
        return key

    def _told_by(self, pair: Pair, first: Request | Answer, second: Request | Answer) -> tuple[Told, ...] | None:
        """What two messages' bodies tell; None where that cannot be told in short."""
        bodies = first.body, second.body
        states = bodies[0].state, bodies[1].state
        if states == _BOTH_EMPTY:
            return _NOTHING
        if states != _BOTH_KEPT or bodies[0].digest is None or bodies[1].digest is None:
            return None
        key = self._key(pair, first, second)
        known = self.store.get(key)
        if known is not None or key in self.store:
            return known
        told = self._read(pair, first, second)
        self._put(key, told, *bodies)
        return told

    def _put(self, key: Hashable, told: tuple[Told, ...] | None, first: Body, second: Body) -> None:
        own = told is not None and len(told) == 1  # of a list's parts each is kept for itself
        self.store.put(key, told, first.size + second.size if own else 0)

    def _read(self, pair: Pair, first: Request | Answer, second: Request | Answer) -> tuple[Told, ...] | None:
        owner = owner_of_answer(pair)
        if is_json(_media_type(first.headers)) and is_json(_media_type(second.headers)):
            sides = self.of.baseline, self.of.replayed
            data = [
                side.documents.data(body.digest)
                for side, body in zip(sides, (first.body, second.body), strict=True)
                if body.digest is not None
            ]
            if owner.listing and (told := self._lists(data[0], data[1], owner)) is not None:
                return told
            items = sides[0].documents.items.whole(data[0]), sides[1].documents.items.whole(data[1])
            if items[0] is not None and items[1] is not None:
                return self._objects(items[0], items[1], owner)
        a = self.of.baseline.documents.body(first.headers, first.body)
        b = self.of.replayed.documents.body(second.headers, second.body)
        if a.raw is not None or b.raw is not None or a.reason or b.reason:
            return None
        if owner.listing and (told := self._lists(text_of(a.value), text_of(b.value), owner)) is not None:
            return told
        items = self.of.baseline.documents.items.of_value(a.value), self.of.replayed.documents.items.of_value(b.value)
        if items[0] is not None and items[1] is not None:
            return self._objects(items[0], items[1], owner)
        return _walked(lambda tracer: Walker(tracer, tracer.text, self.of.traces).walk(a.value, b.value, owner))

    def _lists(
        self, data: bytes | None, other: bytes | None, owner: Owner, *, known_only: bool = False
    ) -> tuple[Told, ...] | None:
        """What two lists tell, object by object; `known_only`: None if it is not known that these are the same ones."""
        if data is None or other is None:
            return None
        first, second = self.of.baseline.documents.items.list_of(data), self.of.replayed.documents.items.list_of(other)
        if first is None or second is None or first.head != second.head:
            return None
        if not stand_beside(first.items, second.items, self.of.renaming.text):
            return None
        if known_only and not all(map(self._are_known, first.items, second.items)):
            return None
        parts = [_of_list(first.revision, second.revision, owner)]
        inner = Owner("", listing=True, resource=owner.resource)
        for a, b in zip(first.items, second.items, strict=True):
            part = self._objects(a, b, inner)
            if part is None:
                return None
            parts += part
        return tuple(parts)

    def _are_known(self, first: Item, second: Item) -> bool:
        """Whether two objects are one by their uids."""
        uid = first.about.uid
        return bool(uid) and self.of.renaming.image(Kind.UID, uid) == second.about.uid

    def _shown(self, a: Seen, b: Seen, owner: Owner) -> Told | None:
        """What two events' objects tell; None for Tables, which depend on what came before."""
        key = a.digest, b.digest, owner.resource
        found = self.known.get(key)
        if found is None and key not in self.known:
            found = self._read_shown(a, b, owner)
            self._keep(key, found)  # counted twice where the objects are known, too
        return None if found is None else found[0]

    def _read_shown(self, a: Seen, b: Seen, owner: Owner) -> tuple[Told, ...] | None:
        items = a.cut, b.cut
        if _is_table(a, items[0]) or _is_table(b, items[1]):
            return None
        if items[0] is not None and items[1] is not None:
            return self._objects(items[0], items[1], owner)
        first, second = a.event.object, b.event.object
        return _walked(lambda tracer: Walker(tracer, tracer.text, self.of.traces).walk(first, second, owner))

    def _objects(self, first: Item, second: Item, owner: Owner) -> tuple[Told, ...] | None:
        """What two objects tell."""
        key = first.digest, second.digest, owner.listing and not first.owns, owner.resource
        found = self.known.get(key)
        if found is None and key not in self.known:
            found = self._compared(first, second, owner)
            self._keep(key, found)
        return found

    def _keep(self, key: Hashable, told: tuple[Told, ...] | None) -> None:
        size = sum(map(_size_of, told or ()))
        if size < _LARGEST:
            self.known.put(key, told, size)

    def _compared(self, first: Item, second: Item, owner: Owner) -> tuple[Told, ...] | None:
        if first.cut is not None and second.cut is not None:
            told = self.patterns.told(first.cut, second.cut, owner)
            if told is not None:
                return (told,)
        return _walked(lambda tracer: Walker(tracer, tracer.text).walk(first.value, second.value, owner))


def _is_table(seen: Seen, cut: Item | None) -> bool:
    if cut is not None and b"Table" not in cut.data and b"\\u" not in cut.data:  # most are not decoded for it
        return False
    return seen.event.object.get("kind") == "Table"


def _size_of(told: Told) -> int:
    """In bytes, about."""
    texts = sum(len(each.baseline) + len(each.replayed) for each in told.lessons)
    texts += sum(len(first) + len(second) for first, second in told.texts)
    return texts + _OF_A_LESSON * len(told.lessons) + _OF_A_NUMBER * (len(told.revisions) + len(told.times))


def _walked(walk: Callable[[Tracer], None]) -> tuple[Told, ...] | None:
    tracer = Tracer()
    try:
        walk(tracer)
    except AskedTheRenaming:
        return None
    return (told_by(tracer.trace),)


def _of_list(baseline: str, replayed: str, owner: Owner) -> Told:
    """What the heads of two lists tell: their revisions."""
    place = Place(
        "resourceVersion",
        {"resourceVersion": baseline},
        {"resourceVersion": replayed},
        Owner("", listing=True, resource=owner.resource),
        "",
        ("metadata", "resourceVersion"),
    )
    leaf = Leaf(((None, "metadata"), "resourceVersion"), place, Kind.REVISION, baseline, replayed)
    return told_by(Trace((leaf,)))


def _media_type(headers: Headers) -> str:
    return header(headers, "content-type")
