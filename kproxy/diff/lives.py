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

    def match(self, text: Rename, said: Rename) -> None:
        """Put names side by side: the baseline's as `text` has them, the replay's as `said` does.

        Of several that are one then, on either side, the first life stands beside the first.
        """
        self.keys, self._names, self._images = [], _Named(), _Named()
        beside: _Named[Key] = _Named()
        for name, life in self._first.items:
            key = Key(name, life)
            self.keys.append(key)
            self._names.add(name, key)
            beside.add(text(name), key)
        numbers: Counter[str] = Counter()
        for name, life in self._second.items:
            image = said(name)
            found = beside.get(image, numbers[image])
            numbers[image] += 1
            if found is None:
                found = Key(name)
                self.keys.append(found)
            found.second = life
            self._images.add(name, found)

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
    return found
