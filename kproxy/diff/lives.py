"""The keys of two ledgers side by side: what is known of each before its changes are, and its changes two by two."""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from kproxy.diff.sides import Side
from kproxy.diff.startup import is_startup
from kproxy.diff.unnamed import FOLDER
from kproxy.model.attribution import Ledger, LedgerEntry, Standing
from kproxy.model.etcd import ChangeType, EtcdKey, KeyChange, Revision, key_text
from kproxy.model.exchange import Seq
from kproxy.model.jsontypes import JSON
from kproxy.model.session import Gap
from kproxy.renaming.derived import looks_drawn


@dataclass(slots=True)
class Life:
    """What is known of one key's changes in the session on one side, background's left out."""

    count: int = 0
    types: int = 0  # a hash of their types, in order
    ours: int = 0  # those that requests are known to have caused
    theirs: int = 0  # a hash of the types of the others
    explained: bool = False
    startup: bool = True  # each of them is one that a server makes for itself
    first: KeyChange | None = None  # of a key whose name no answer says

    def see(self, entry: LedgerEntry, *, startup: bool) -> None:
        """One more change."""
        self.count += 1
        self.types = hash((self.types, entry.change.type))
        self.explained |= entry.standing is Standing.ATTRIBUTED
        self.startup &= startup
        if entry.attribution is not None:
            self.ours += 1
        else:
            self.theirs = hash((self.theirs, entry.change.type))


@dataclass(slots=True)
class Key:
    """A key by its name in the baseline (one that only the replay has: by its name there), and its two lives.

    A name that was drawn again when its object was gone is another key for each of its objects.
    """

    name: str
    first: Life = field(default_factory=Life)
    second: Life = field(default_factory=Life)
    lost: Gap | None = None  # which may hold the changes that one side lacks

    @property
    def explained(self) -> bool:
        """Whether a request is known to have caused any of its changes."""
        return self.first.explained or self.second.explained

    @property
    def startup(self) -> bool:
        """Whether a server writes it for itself, too."""
        return self.first.startup and self.second.startup


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a key, its place among the key's, the exchange that caused it, the revision of what was before."""

    change: KeyChange
    index: int
    seq: Seq | None
    before: str


type Beside = tuple[Key, Change | None, Change | None]
type Which = Callable[[Key], bool]
type Rename = Callable[[str], str]
type Whose = Callable[[KeyChange], str]
"""Which object a key's first value is of; "" if nothing says so."""


class Lives:
    """Both ledgers."""

    def __init__(self, baseline: tuple[Side, Ledger], replayed: tuple[Side, Ledger]) -> None:
        self._sides = baseline, replayed
        self._first: _Named[Life] = _Named()
        self._second: _Named[Life] = _Named()
        self.keys: list[Key] = []
        self._names: _Named[Key] = _Named()  # by the baseline's name
        self._images: _Named[Key] = _Named()  # by the replay's

    def read(self) -> None:
        """Go through both ledgers once."""
        self._first, self._second = (_lives(side, ledger) for side, ledger in self._sides)

    @property
    def quiet(self) -> bool:
        """Whether the baseline has no change of a key that neither a request nor a server's start explains."""
        return all(life.explained or life.startup for _, life in self._first.items)

    def match(self, text: Rename, said: Rename, whose: tuple[Whose, Whose]) -> None:
        """Put names side by side: the baseline's as `text` has them, the replay's as `said` does.

        Of several that are one then, on either side, those stand beside each other that `whose` says the same of (in
        the replay's words), of the others the first beside the first.
        """
        self.keys, self._names, self._images = [], _Named(), _Named()
        beside: _Named[Key] = _Named()
        for name, life in self._first.items:
            ours = Key(name, life)
            self.keys.append(ours)
            self._names.add(name, ours)
            beside.add(text(name), ours)
        theirs: _Named[tuple[str, Life]] = _Named()
        for name, life in self._second.items:
            theirs.add(said(name), (name, life))
        found = _together(beside, theirs, whose)
        for (_, (name, life)), key in zip(theirs.items, found, strict=True):
            one = Key(name) if key is None else key
            if key is None:
                self.keys.append(one)
            one.second = life
            self._images.add(name, one)

    def unmatched(self) -> tuple[list[tuple[str, KeyChange]], list[tuple[str, KeyChange]]]:
        """The keys without a name that is known whose first change is kept, on one side only."""
        alone = [key for key in self.keys if not (key.first.count and key.second.count)]
        first = [(key.name, key.first.first) for key in alone if key.first.first is not None]
        return first, [(key.name, key.second.first) for key in alone if key.second.first is not None]

    def beside(
        self, wanted: Callable[[Key], bool], *, ours: Callable[[Key], bool] = lambda _: False
    ) -> Iterator[Beside]:
        """The changes of the wanted keys, two by two, about in the order of revisions; `ours`: requests' only."""
        streams = (self._changes(0, wanted, ours), self._changes(1, wanted, ours))
        waiting: tuple[dict[int, deque[Change]], dict[int, deque[Change]]] = {}, {}
        open_ = [True, True]
        while any(open_):
            for which in (0, 1):
                found = next(streams[which], None)
                if found is None:
                    open_[which] = False
                    continue
                key, change, is_more = found
                mine, theirs = waiting[which], waiting[1 - which]
                if (queue := theirs.get(id(key))) is not None:
                    other = queue.popleft()
                    if not queue:
                        del theirs[id(key)]
                    yield (key, change, other) if which == 0 else (key, other, change)
                elif is_more:
                    yield (key, change, None) if which == 0 else (key, None, change)
                else:
                    mine.setdefault(id(key), deque()).append(change)

    def _changes(self, which: int, wanted: Which, ours: Which) -> Iterator[tuple[Key, Change, bool]]:
        """A side's changes of wanted keys, and whether the other side has fewer of the key."""
        keys = self._names if which == 0 else self._images
        last: dict[EtcdKey, Revision] = {}
        counts: Counter[EtcdKey] = Counter()
        lives: Counter[int] = Counter()
        again = _Again()
        for entry in self._sides[which][1].entries:
            change = entry.change
            before = str(last.get(change.key, ""))
            last[change.key] = change.revision
            if not _in_scope(entry):
                continue
            name = key_text(change.key)
            if (key := keys.get(name, again.number(name, change))) is None or not wanted(key):
                continue
            mine = ours(key)
            seq = entry.attribution.seq if entry.attribution is not None else None
            if mine and seq is None:
                continue
            other = key.second if which == 0 else key.first
            is_more = lives[id(key)] >= (other.ours if mine else other.count)
            yield key, Change(change, counts[change.key], seq, before), is_more
            counts[change.key] += 1
            lives[id(key)] += 1


class _Named[T]:
    """What has a name, or several one after the other: nearly all names are had once."""

    def __init__(self) -> None:
        self.items: list[tuple[str, T]] = []
        """All of them with their names, as they came."""
        self._first: dict[str, T] = {}
        self._later: dict[str, list[T]] = {}

    def add(self, name: str, value: T) -> None:
        """One more."""
        self.items.append((name, value))
        if name in self._first:
            self._later.setdefault(name, []).append(value)
        else:
            self._first[name] = value

    def get(self, name: str, number: int) -> T | None:
        """The one with this number among those of a name."""
        if not number:
            return self._first.get(name)
        later = self._later.get(name, ())
        return later[number - 1] if number <= len(later) else None

    def several(self) -> set[str]:
        """The names that were had more than once."""
        return set(self._later)

    def all(self, name: str) -> list[T]:
        """Those of a name, as they came."""
        return [self._first[name], *self._later.get(name, ())] if name in self._first else []


def _together(beside: _Named[Key], theirs: _Named[tuple[str, Life]], whose: tuple[Whose, Whose]) -> list[Key | None]:
    """The key for each of the replay's lives."""
    found: dict[int, Key] = {}
    several = beside.several() | theirs.several()
    for name in several:
        keys, lives = beside.all(name), [life for _, life in theirs.all(name)]
        told = {whose[0](key.first.first): key for key in reversed(keys) if key.first.first is not None}
        told.pop("", None)
        own = [told.pop(whose[1](life.first), None) if life.first is not None else None for life in lives]
        taken = {id(key) for key in own if key is not None}
        rest = iter([key for key in keys if id(key) not in taken])
        for life, key in zip(lives, own, strict=True):
            if (one := key or next(rest, None)) is not None:
                found[id(life)] = one
    return [found.get(id(life)) if name in several else beside.get(name, 0) for name, (_, life) in theirs.items]


class _Again:
    """Which of the objects of one name a change is about, where names are drawn: of others', all are one's."""

    def __init__(self) -> None:
        self._ended: dict[str, int] = {}

    def number(self, name: str, change: KeyChange) -> int:
        """Its number, as changes come."""
        ended = self._ended.get(name)
        if ended is None:
            if change.type is ChangeType.DELETE and _may_be_drawn(name):
                self._ended[name] = 1
            return 0
        if change.type is ChangeType.DELETE:
            self._ended[name] = ended + 1
        return ended


def _may_be_drawn(name: str) -> bool:
    return FOLDER in name or looks_drawn(name)


def _in_scope(entry: LedgerEntry) -> bool:
    return entry.standing not in {Standing.BACKGROUND, Standing.BEFORE} and not entry.background


def _lives(side: Side, ledger: Ledger) -> _Named[Life]:
    found: _Named[Life] = _Named()
    again = _Again()
    prefix = side.recording.session.etcd_prefix
    for entry in ledger.entries:
        if not _in_scope(entry):
            continue
        change = entry.change
        name = key_text(change.key)
        if (life := found.get(name, again.number(name, change))) is None:
            life = Life(first=change if _may_be_drawn(name) else None)
            found.add(name, life)
        value: JSON = side.documents.stored(change.value or change.previous).value if FOLDER in name else None
        life.see(entry, startup=life.startup and is_startup(change.key, value, prefix))
    for name in found.several():  # a person's name may look drawn, too: who has written it once has it again
        lives = found.all(name)
        explained = any(life.explained for life in lives)
        for life in lives:
            life.explained = explained
    return found
