"""etcd: the histories of the keys that the session changed, and what they end with."""

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import zip_longest

from kproxy.diff.documents import Document
from kproxy.diff.findings import Counting
from kproxy.diff.noise import STARTUP
from kproxy.diff.sides import Comparison, Side
from kproxy.diff.startup import is_startup
from kproxy.diff.trees import Comparer, SeenTime, Spot
from kproxy.diff.unnamed import pair_unnamed
from kproxy.model.attribution import Ledger, LedgerEntry, Standing
from kproxy.model.etcd import ChangeType, EtcdKey, KeyChange, Revision, key_text
from kproxy.model.exchange import Seq
from kproxy.model.verdict import Tally
from kproxy.renaming.kinds import Kind, Owner
from kproxy.renaming.learn import Learner

_WEIGHT = 3
"""etcd's own revisions count for more than what an answer says of them."""

type History = list[LedgerEntry]


@dataclass(slots=True)
class EtcdComparison:
    """Both ledgers, key by key."""

    of: Comparison
    baseline: Ledger
    replayed: Ledger
    images: dict[Seq, Seq]
    times: list[SeenTime] = field(default_factory=list)
    before: dict[tuple[EtcdKey, Revision], str] = field(init=False)

    def __post_init__(self) -> None:
        self.before = _before(self.baseline)

    def learn(self) -> None:
        """What stored values and their revisions tell."""
        self._learn_unnamed()
        for _, first, second in self._keys():
            for a, b in zip(first, second, strict=False):
                self._learn(a.change, b.change)

    def _learn_unnamed(self) -> None:
        """The names of keys that no answer says."""
        keys = self._keys()
        left = [(name, _stored(self.of.baseline, first[0].change).value) for name, first, second in keys if not second]
        right = [(name, _stored(self.of.replayed, second[0].change).value) for name, first, second in keys if not first]
        for name, image in pair_unnamed(left, right, self.of.renaming.text):
            self.of.renaming.learn_name(Kind.CLUSTER_IP, name.rpartition("/")[2], image.rpartition("/")[2])

    def _learn(self, a: KeyChange, b: KeyChange) -> None:
        if a.type is not b.type:
            return
        for revision, (first, second) in self._values(a, b):
            if all(each.raw is None and not each.reason for each in (first, second)):
                Learner(self.of.renaming).learn(first.value, second.value, Owner(revision=revision))
        scope = _scope(self.of.baseline, a)
        self.of.renaming.revisions.learn(scope, str(a.revision), str(b.revision), _WEIGHT)

    def compare(self) -> Tally:
        """Compare all keys that are in scope."""
        counting = Counting(self.of.findings)
        for name, *histories in self._keys():
            first, second = self._without_startup(name, *histories)
            if not _explained(first, second) and _types(first) != _types(second):
                self._unexplained(name, first, second)
                continue
            with counting:
                self._compare_key(name, first, second)
        return counting.tally()

    def _without_startup(self, name: str, first: History, second: History) -> tuple[History, History]:
        """Of a key that a server writes for itself, too: only what requests changed, when they did."""
        if not _explained(first, second) or not self._is_startup(first, second):
            return first, second
        ours = [[each for each in history if each.attribution is not None] for history in (first, second)]
        theirs = [[each for each in history if each.attribution is None] for history in (first, second)]
        if _types(theirs[0]) != _types(theirs[1]):
            self._unexplained(name, theirs[0], theirs[1])
        return ours[0], ours[1]

    def _is_startup(self, first: History, second: History) -> bool:
        sides = [(each, self.of.baseline) for each in first] + [(each, self.of.replayed) for each in second]
        return all(
            is_startup(entry.change.key, _stored(side, entry.change).value, side.recording.session.etcd_prefix)
            for entry, side in sides
        )

    def _unexplained(self, name: str, first: History, second: History) -> None:
        """A key that no request is known to have changed, and that changed in another way in the replay."""
        if not (self._is_startup(first, second) and self.of.findings.hide(STARTUP)):
            self.of.findings.cannot_tell(
                f"the key {name} was changed {len(first)} and {len(second)} times for no known cause"
            )

    def _keys(self) -> list[tuple[str, History, History]]:
        """Each key in scope, by its name in the baseline, with its two histories."""
        first, second = _histories(self.baseline), _histories(self.replayed)
        found = []
        for name, history in first.items():
            found.append((name, history, second.pop(self.of.renaming.text(name), [])))
        found += [(name, [], history) for name, history in second.items()]
        return found

    def _compare_key(self, name: str, first: History, second: History) -> None:
        for index, (a, b) in enumerate(zip_longest(first, second)):
            path = f"{name}[{index}]"
            if a is None or b is None:
                seq = self._seq(a, b)
                shown = [None if each is None else f"{each.change.type} at {each.change.revision}" for each in (a, b)]
                self.of.findings.differ(seq, "etcd", path, "added" if a is None else "removed", *shown)
            else:
                self._compare_change(path, a, b)

    def _seq(self, a: LedgerEntry | None, b: LedgerEntry | None) -> Seq | None:
        if a is not None and a.attribution is not None:
            return a.attribution.seq
        if b is not None and b.attribution is not None:
            back = {image: seq for seq, image in self.images.items()}
            return back.get(b.attribution.seq)
        return None

    def _compare_change(self, path: str, a: LedgerEntry, b: LedgerEntry) -> None:
        first, second = a.change, b.change
        seq = self._seq(a, b)
        for what, left, right in (
            ("type", first.type.value, second.type.value),
            ("version", *self._versions(first, second)),
            ("lease", bool(first.lease), bool(second.lease)),
        ):
            if left != right:
                self.of.findings.differ(seq, "etcd", f"{path} {what}", "changed", left, right)
        scope = _scope(self.of.baseline, first)
        for what, x, y in (
            ("mod_revision", first.revision, second.revision),
            ("create_revision", first.create_revision, second.create_revision),
        ):
            if not self._same_revision(scope, x, y):
                self.of.findings.differ(seq, "etcd", f"{path} {what}", "renamed", x, y)
        if first.type is second.type:
            self._compare_values(path, seq, first, second)

    def _versions(self, first: KeyChange, second: KeyChange) -> tuple[int, int]:
        """Versions of a key that was made in the session; before it, the servers' own starts count."""
        start, other = self.of.baseline.recording.session.etcd_start, self.of.replayed.recording.session.etcd_start
        made = start is not None and other is not None
        if made and first.create_revision > (start or 0) and second.create_revision > (other or 0):
            return first.version, second.version
        return 0, 0

    def _same_revision(self, scope: str, first: int, second: int) -> bool:
        image = self.of.renaming.revisions.exact(scope, first)
        return image is None or image == second

    def _compare_values(self, path: str, seq: Seq | None, first: KeyChange, second: KeyChange) -> None:
        for root, (revision, (a, b)) in zip((path, f"{path} previous "), self._values(first, second), strict=True):
            self._compare_documents(root, seq, revision, a, b)

    def _values(self, first: KeyChange, second: KeyChange) -> tuple[tuple[str, tuple[Document, Document]], ...]:
        """A change's values and its previous ones, each with the revision that the baseline's had."""
        left, right = self.of.baseline.documents, self.of.replayed.documents
        before = self.before.get((first.key, first.revision), "")
        return (
            (str(first.revision), (left.stored(first.value), right.stored(second.value))),
            (before, (left.stored(first.previous), right.stored(second.previous))),
        )

    def _compare_documents(self, root: str, seq: Seq | None, revision: str, a: Document, b: Document) -> None:
        if a.reason or b.reason:
            self.of.findings.cannot_tell(f"{root}: {a.reason or b.reason}")
        elif a.raw is not None or b.raw is not None:
            if a.raw != b.raw:
                self.of.findings.differ(seq, "etcd", root, "changed", _shown(a), _shown(b))
        else:
            comparer = Comparer(self.of.renaming, self.of.findings, Spot(seq, "etcd", root=root))
            comparer.compare(a.value, b.value, Owner(revision=revision))
            self.times += comparer.spot.times


def _before(ledger: Ledger) -> dict[tuple[EtcdKey, Revision], str]:
    """The revision that a change's previous value had, where the session saw it written."""
    last: dict[EtcdKey, Revision] = {}
    found: dict[tuple[EtcdKey, Revision], str] = {}
    for entry in ledger.entries:
        key, revision = entry.change.key, entry.change.revision
        found[key, revision] = str(last.get(key, ""))
        last[key] = revision
    return found


def _histories(ledger: Ledger) -> dict[str, History]:
    """The changes of each key in the session, but background's."""
    found: dict[str, History] = defaultdict(list)
    for entry in ledger.entries:
        if entry.standing not in {Standing.BACKGROUND, Standing.BEFORE} and not entry.background:
            found[key_text(entry.change.key)].append(entry)
    return found


def _stored(side: Side, change: KeyChange) -> Document:
    return side.documents.stored(change.value if change.value is not None else change.previous)


def _scope(side: Side, change: KeyChange) -> str:
    """Whose revisions a key's are: its object's uid, else the key itself."""
    value = _stored(side, change).value
    metadata = value.get("metadata") if isinstance(value, dict) else None
    uid = metadata.get("uid") if isinstance(metadata, dict) else None
    return uid if isinstance(uid, str) else key_text(change.key)


def changes_by_object(side: Side) -> dict[tuple[str, int], KeyChange]:
    """What etcd's watch saw, by uid of the object and revision."""
    return {(_scope(side, change), change.revision): change for change in side.recording.key_changes()}


def _shown(document: Document) -> str | None:
    if document.raw is None:
        return "a document"
    return f"{len(document.raw)} bytes" if document.raw else None


def _explained(first: History, second: History) -> bool:
    """Whether a request is known to have caused any of a key's changes."""
    return any(entry.standing is Standing.ATTRIBUTED for entry in (*first, *second))


def _types(history: History) -> list[ChangeType]:
    return [entry.change.type for entry in history]
