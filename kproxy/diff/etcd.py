"""etcd: the histories of the keys that the session changed, and what they end with."""

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field
from functools import partial

from kproxy.diff.documents import Document
from kproxy.diff.gaps import MissingChanges, gap_text
from kproxy.diff.lives import Change, Key, Lives, Rename
from kproxy.diff.noise import EMULATED, STARTUP
from kproxy.diff.pairing import Pairing
from kproxy.diff.sides import Comparison, Side
from kproxy.diff.stored import Stored
from kproxy.diff.trees import Comparer, SeenTime, Spot
from kproxy.diff.unnamed import kind_of, pair_unnamed, parent_of
from kproxy.model.api import metadata_of
from kproxy.model.attribution import Ledger
from kproxy.model.etcd import KeyChange, key_text
from kproxy.model.exchange import Seq
from kproxy.model.jsontypes import JSON, text
from kproxy.model.session import Gap
from kproxy.model.verdict import Tally
from kproxy.renaming.kinds import Kind, Owner

_WEIGHT = 3
"""etcd's own revisions count for more than what an answer says of them."""


@dataclass(slots=True)
class EtcdComparison:
    """Both ledgers, change by change. `see`: takes the times that stand in an order with others."""

    of: Comparison
    baseline: Ledger
    replayed: Ledger
    pairing: Pairing
    see: Callable[[SeenTime], None]
    blameless: Container[Seq | None] = ()
    """Exchanges of the replay whose outcome says nothing of the server, and so does a key from their change on."""
    lives: Lives = field(init=False)
    _stored: Stored = field(init=False)
    _gaps: tuple[MissingChanges, MissingChanges] = field(init=False)
    _quiet: bool = False
    _different: set[int] = field(default_factory=set)  # ids of keys
    _equivalent: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        sides = (self.of.baseline.recording, self.of.replayed.recording)
        self._gaps = MissingChanges(sides[0]), MissingChanges(sides[1])
        self._stored = Stored(self.of)
        self.lives = Lives((self.of.baseline, self.baseline), (self.of.replayed, self.replayed))

    def learn(self) -> None:
        """What stored values and their revisions tell."""
        self.lives.read()
        self._match()
        left, right = self.lives.unmatched()
        unnamed = pair_unnamed(
            _values_of(self.of.baseline, left), _values_of(self.of.replayed, right), self.of.renaming.text
        )
        for name, image in unnamed:
            self.of.renaming.learn_name(kind_of(name), name.rpartition("/")[2], image.rpartition("/")[2])
        self._match()
        for _, a, b in self.lives.beside(lambda key: bool(key.first.count and key.second.count)):
            if a is not None and b is not None:
                self._learn(a, b)
        self._stored.settle()

    def _match(self) -> None:
        renaming = self.of.renaming

        def image(uid: str) -> str:
            return renaming.image(Kind.UID, uid) or ""

        first = partial(_whose, self.of.baseline, image, renaming.common)
        second = partial(_whose, self.of.replayed, str, renaming.merged.text)
        self.lives.match(renaming.common, renaming.merged.text, (first, second))

    def _learn(self, a: Change, b: Change) -> None:
        if a.change.type is not b.change.type:
            return
        scope = _scope(self.of.baseline, a.change)
        self._stored.learn(_known_by(a.change, b.change), scope, self._values(a, b.change))
        self.of.renaming.revisions.learn(scope, str(a.change.revision), str(b.change.revision), _WEIGHT)

    def distrust(self) -> None:
        """What was compared is not to be relied on: everything has to be compared as a whole."""
        self._stored.forget()

    def compare(self) -> Tally:
        """Compare all keys that are in scope."""
        self._match()
        self._quiet = self.of.replay and self.lives.quiet
        compared = 0
        for key in self.lives.keys:
            key.lost = self._lost(key)
            if key.lost is not None:
                self.of.findings.cannot_tell(
                    f"the key {key.name} was changed {key.first.count} and {key.second.count} times, "
                    f"and changes are missing: {gap_text(key.lost)}"
                )
            elif self._is_compared(key):
                compared += 1
                self._theirs(key)
            else:
                self._unexplained(key, key.first.count, key.second.count)
        excused: dict[int, str] = {}
        for key, a, b in self.lives.beside(self._is_compared, ours=self._shared):
            if id(key) in excused or self._is_excused(a, b):
                excused[id(key)] = key.name
                continue
            found, noise = self.of.findings.count, self.of.findings.noise.total()
            self._compare(f"{key.name}[{(a or b).index}]", a, b)  # type: ignore[union-attr] # one of them is there
            if self.of.findings.count > found:
                self._different.add(id(key))
            elif self.of.findings.noise.total() > noise:
                self._equivalent.add(id(key))
        for name in dict.fromkeys(excused.values()):
            self.of.findings.cannot_tell(f"the key {name} was changed by a request that cannot be compared")
        self._stored.forget()
        different, equivalent = len(self._different), len(self._equivalent - self._different)
        identical = compared - different - equivalent
        return Tally(compared=compared, identical=identical, equivalent=equivalent, different=different)

    def _is_excused(self, a: Change | None, b: Change | None) -> bool:
        """Whether an exchange that says nothing of the server made a change, or made the recorded one."""
        image = self.pairing.image(a.seq) if a is not None and a.seq is not None else None
        made = {image, b.seq if b is not None else None} - {None}
        return any(each in self.blameless for each in made)

    def _is_compared(self, key: Key) -> bool:
        """Whether requests explain a key's changes, or both servers made the same ones for no known cause.

        Or none was made there, where nothing was without a cause: then it is the replay's server that writes more.
        """
        invented = self._quiet and not key.first.count and not key.startup
        same = key.explained or key.first.types == key.second.types or invented
        return same and key.lost is None

    def _lost(self, key: Key) -> Gap | None:
        """The gap in one side's history of etcd that may hold the changes which that side lacks."""
        missing = key.second.count - key.first.count
        return self._gaps[0 if missing > 0 else 1].take(abs(missing)) if missing else None

    def _shared(self, key: Key) -> bool:
        """Whether a server writes it for itself, too: then only what requests changed is compared."""
        return key.explained and key.startup

    def _theirs(self, key: Key) -> None:
        """What a server changed for itself in a key that requests changed, too."""
        if self._shared(key) and key.first.theirs != key.second.theirs:
            self._unexplained(key, key.first.count - key.first.ours, key.second.count - key.second.ours)

    def _unexplained(self, key: Key, first: int, second: int) -> None:
        """A key that no request is known to have changed, and that changed in another way in the replay."""
        if not (key.startup and self.of.findings.hide(STARTUP)):
            self.of.findings.cannot_tell(
                f"the key {key.name} was changed {first} and {second} times for no known cause"
            )

    def _compare(self, path: str, a: Change | None, b: Change | None) -> None:
        seq = self._seq(a, b)
        if a is None or b is None:
            shown = [None if each is None else f"{each.change.type} at {each.change.revision}" for each in (a, b)]
            self.of.findings.differ(seq, "etcd", path, "added" if a is None else "removed", *shown)
        else:
            if _stands_still(b) and not _stands_still(a):
                shown = [str(each.change.revision) for each in (a, b)]
                self.of.findings.differ(seq, "etcd", f"{path} mod_revision", "reordered", *shown)
            self._compare_change(path, seq, a, b.change)

    def _seq(self, a: Change | None, b: Change | None) -> Seq | None:
        if a is not None and a.seq is not None:
            return a.seq
        return self.pairing.back(b.seq) if b is not None and b.seq is not None else None

    def _compare_change(self, path: str, seq: Seq | None, a: Change, second: KeyChange) -> None:
        first = a.change
        for what, left, right in (
            ("type", first.type.value, second.type.value),
            ("version", *self._versions(first, second)),
            ("lease", bool(first.lease), bool(second.lease)),
        ):
            if left != right:
                self.of.findings.differ(seq, "etcd", f"{path} {what}", "changed", left, right)
        equal = self._stored.equal(_known_by(first, second))
        scope = _scope(self.of.baseline, first) if equal is None else equal.scope
        for what, x, y in (
            ("mod_revision", first.revision, second.revision),
            ("create_revision", first.create_revision, second.create_revision),
        ):
            if what == "create_revision" and self._was_there(first, second):
                continue  # restored: written more than once, perhaps, before the session
            if not self._same_revision(scope, x, y):
                self.of.findings.differ(seq, "etcd", f"{path} {what}", "renamed", x, y)
        if equal is not None:
            for time in equal.seen(seq, _roots(path)):
                self.see(time)
        elif first.type is second.type:
            self._compare_encodings(path, seq, first, second)
            self._compare_values(path, seq, a, second)

    def _compare_encodings(self, path: str, seq: Seq | None, first: KeyChange, second: KeyChange) -> None:
        left = self.of.baseline.documents.stored(first.value).encoding
        right = self.of.replayed.documents.stored(second.value).encoding
        if left and right and left != right and not (self._one_is_emulated() and self.of.findings.hide(EMULATED)):
            self.of.findings.differ(seq, "etcd", f"{path} encoding", "changed", left, right)

    def _one_is_emulated(self) -> bool:
        kinds = {side.recording.session.server.kind for side in (self.of.baseline, self.of.replayed)}
        return kinds == {"emulated", "kube-apiserver"}

    def _versions(self, first: KeyChange, second: KeyChange) -> tuple[int, int]:
        """Versions of a key that was made in the session; before it, the servers' own starts count."""
        start, other = self.of.baseline.recording.session.etcd_start, self.of.replayed.recording.session.etcd_start
        made = start is not None and other is not None
        if made and first.create_revision > (start or 0) and second.create_revision > (other or 0):
            return first.version, second.version
        return 0, 0

    def _was_there(self, first: KeyChange, second: KeyChange) -> bool:
        """Whether the key was there when each session began."""
        start, other = self.of.baseline.recording.session.etcd_start, self.of.replayed.recording.session.etcd_start
        return first.create_revision <= (start or 0) and second.create_revision <= (other or 0)

    def _same_revision(self, scope: str, first: int, second: int) -> bool:
        image = self.of.renaming.revisions.exact(scope, first)
        return image is None or image == second

    def _compare_values(self, path: str, seq: Seq | None, a: Change, second: KeyChange) -> None:
        for root, (revision, (x, y)) in zip(_roots(path), self._values(a, second), strict=True):
            self._compare_documents(root, seq, revision, x, y)

    def _values(self, a: Change, second: KeyChange) -> tuple[tuple[str, tuple[Document, Document]], ...]:
        """A change's values and its previous ones, each with the revision that the baseline's had."""
        left, right = self.of.baseline.documents, self.of.replayed.documents
        first = a.change
        return (
            (str(first.revision), (left.stored(first.value), right.stored(second.value))),
            (a.before, (left.stored(first.previous), right.stored(second.previous))),
        )

    def _compare_documents(self, root: str, seq: Seq | None, revision: str, a: Document, b: Document) -> None:
        if a.reason or b.reason:
            self.of.findings.cannot_tell(f"{root}: {a.reason or b.reason}")
        elif a.raw is not None or b.raw is not None:
            if a.raw != b.raw:
                self.of.findings.differ(seq, "etcd", root, "changed", _shown(a), _shown(b))
        else:
            comparer = Comparer(self.of.renaming, self.of.findings, Spot(seq, "etcd", root=root), self.of.traces)
            comparer.compare(a.value, b.value, Owner(revision=revision))
            for time in comparer.spot.times:
                self.see(time)


def _roots(path: str) -> tuple[str, str]:
    """What a change's value is called, and its previous one."""
    return path, f"{path} previous "


def _known_by(first: KeyChange, second: KeyChange) -> str:
    """What two changes that stand beside each other are known by, rising with the baseline's revisions."""
    key = first.key.decode("latin-1")  # which takes no two for one
    return f"{first.revision:020} {second.revision} {first.cluster} {second.cluster} {key}"


def _stands_still(change: Change) -> bool:
    """Whether a key's change has no later revision than the one before it."""
    return change.before.isdecimal() and change.change.revision <= int(change.before)


def _values_of(side: Side, changes: Iterable[tuple[str, KeyChange]]) -> list[tuple[str, JSON]]:
    return [(name, _stored(side, change).value) for name, change in changes]


def _stored(side: Side, change: KeyChange) -> Document:
    return side.documents.stored(change.value if change.value is not None else change.previous)


def _whose(side: Side, uid: Rename, words: Rename, change: KeyChange) -> str:
    """Which object of the replay a key's first value is of, an address by whose it is; "" if nobody knows."""
    value = _stored(side, change).value
    parent = parent_of(value)
    return uid(text(metadata_of(value).get("uid"))) if parent is None else words(parent)


def _scope(side: Side, change: KeyChange) -> str:
    """Whose revisions a key's are: its object's uid, else the key itself."""
    value = _stored(side, change).value
    metadata = value.get("metadata") if isinstance(value, dict) else None
    uid = metadata.get("uid") if isinstance(metadata, dict) else None
    return uid if isinstance(uid, str) else key_text(change.key)


def _shown(document: Document) -> str | None:
    if document.raw is None:
        return "a document"
    return f"{len(document.raw)} bytes" if document.raw else None
