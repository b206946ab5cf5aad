"""The keys of two ledgers side by side: what is known of each before its changes are, and its changes two by two."""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from kproxy.diff.sides import Side
from kproxy.diff.startup import is_startup
from kproxy.diff.unnamed import FOLDER
from kproxy.model.attribution import Ledger, LedgerEntry, Standing
from kproxy.model.etcd import EtcdKey, KeyChange, Revision, key_text
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
    """A key by its name in the baseline (one that only the replay has: by its name there), and its two lives."""

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


class Lives:
    """Both ledgers. `text`: a name of the baseline in the replay's words."""

    def __init__(self, baseline: tuple[Side, Ledger], replayed: tuple[Side, Ledger]) -> None:
        self._sides = baseline, replayed
        self._first: dict[str, Life] = {}  # by name
        self._second: dict[str, Life] = {}
        self.keys: dict[str, Key] = {}
        self._images: dict[str, Key] = {}  # by the replay's name

    def read(self) -> None:
        """Go through both ledgers once."""
        self._first, self._second = (_lives(side, ledger) for side, ledger in self._sides)

    @property
    def quiet(self) -> bool:
        """Whether the baseline has no change of a key that neither a request nor a server's start explains."""
        return all(life.explained or life.startup for life in self._first.values())

    def match(self, text: Callable[[str], str]) -> None:
        """Put names side by side."""
        self.keys = {name: Key(name, life) for name, life in self._first.items()}
        self._images = {text(name): key for name, key in self.keys.items()}
        for name, life in self._second.items():
            key = self._images.get(name)
            if key is None:
                key = Key(name)
                self.keys[name if name not in self.keys else f"{name} of the replay"] = self._images[name] = key
            key.second = life

    def unmatched(self) -> tuple[list[tuple[str, KeyChange]], list[tuple[str, KeyChange]]]:
        """The keys without a name that is known whose first change is kept, on one side only."""
        alone = [key for key in self.keys.values() if not (key.first.count and key.second.count)]
        first = [(key.name, key.first.first) for key in alone if key.first.first is not None]
        return first, [(key.name, key.second.first) for key in alone if key.second.first is not None]

    def beside(
        self, wanted: Callable[[Key], bool], *, ours: Callable[[Key], bool] = lambda _: False
    ) -> Iterator[Beside]:
        """The changes of the wanted keys, two by two, about in the order of revisions; `ours`: requests' only."""
        streams = (self._changes(0, wanted, ours), self._changes(1, wanted, ours))
        waiting: tuple[dict[str, deque[Change]], dict[str, deque[Change]]] = {}, {}
        open_ = [True, True]
        while any(open_):
            for which in (0, 1):
                found = next(streams[which], None)
                if found is None:
                    open_[which] = False
                    continue
                key, change, others = found
                mine, theirs = waiting[which], waiting[1 - which]
                if (queue := theirs.get(key.name)) is not None:
                    other = queue.popleft()
                    if not queue:
                        del theirs[key.name]
                    yield (key, change, other) if which == 0 else (key, other, change)
                elif change.index >= others:
                    yield (key, change, None) if which == 0 else (key, None, change)
                else:
                    mine.setdefault(key.name, deque()).append(change)

    def _changes(self, which: int, wanted: Which, ours: Which) -> Iterator[tuple[Key, Change, int]]:
        """A side's changes of wanted keys, and how many the other side has of the key."""
        keys = self.keys if which == 0 else self._images
        last: dict[EtcdKey, Revision] = {}
        counts: Counter[EtcdKey] = Counter()
        for entry in self._sides[which][1].entries:
            change = entry.change
            before = str(last.get(change.key, ""))
            last[change.key] = change.revision
            if not _in_scope(entry) or (key := keys.get(key_text(change.key))) is None or not wanted(key):
                continue
            mine = ours(key)
            seq = entry.attribution.seq if entry.attribution is not None else None
            if mine and seq is None:
                continue
            other = key.second if which == 0 else key.first
            yield key, Change(change, counts[change.key], seq, before), other.ours if mine else other.count
            counts[change.key] += 1


def _in_scope(entry: LedgerEntry) -> bool:
    return entry.standing not in {Standing.BACKGROUND, Standing.BEFORE} and not entry.background


def _lives(side: Side, ledger: Ledger) -> dict[str, Life]:
    found: dict[str, Life] = {}
    prefix = side.recording.session.etcd_prefix
    for entry in ledger.entries:
        if not _in_scope(entry):
            continue
        change = entry.change
        name = key_text(change.key)
        if (life := found.get(name)) is None:
            life = found[name] = Life()
            if FOLDER in name or looks_drawn(name):
                life.first = change
        value: JSON = side.documents.stored(change.value or change.previous).value if FOLDER in name else None
        life.see(entry, startup=life.startup and is_startup(change.key, value, prefix))
    return found
