"""The versions of a key: one for each change, with what it changed in the object's fields."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kproxy.fields.changes import FieldChange, field_changes
from kproxy.fields.leaves import Leaves, leaves_of
from kproxy.fields.managers import managers_of
from kproxy.fields.shape import Shape
from kproxy.history.stored import Stored, after, before
from kproxy.model.api import metadata_of
from kproxy.model.attribution import LedgerEntry
from kproxy.model.etcd import ChangeType, ClusterId, KeyChange, Revision
from kproxy.model.jsontypes import JSONObject
from kproxy.model.recording import Recording
from kproxy.model.session import Gap


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One change of a key: what it left, and which fields it set, changed or removed.

    `notes` are sentences: what is missing between this version and the one before it, and why fields cannot be told.
    """

    entry: LedgerEntry
    stored: Stored
    previous: Stored
    changes: tuple[FieldChange, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def what(self) -> str:
        """What happened to the key: created, changed or deleted."""
        if self.entry.change.type is ChangeType.DELETE:
            return "deleted"
        return "created" if self.entry.change.create_revision == self.entry.change.revision else "changed"


def versions(recording: Recording, entries: Iterable[LedgerEntry]) -> Iterator[Version]:
    """The versions of one key, from its entries in the order of revisions; one at a time in memory."""
    gaps = [gap for gap in recording.gaps() if gap.kind == "etcd"]
    shape = Shape()
    last: LedgerEntry | None = None
    for entry in entries:
        change = entry.change
        if last is not None and last.change.cluster != change.cluster:
            last = None
        now, then = after(recording, change), before(recording, change, _revision_before(last, change))
        yield Version(
            entry=entry,
            stored=now,
            previous=then,
            changes=tuple(_changes(then, now, shape)),
            notes=tuple(_notes(last, entry, then, now, gaps)),
        )
        last = entry


def _revision_before(last: LedgerEntry | None, change: KeyChange) -> Revision | None:
    """The mod_revision of a change's previous value: that of the change before, if none is missing between."""
    if last is None or change.previous is None:
        return None
    return None if missing_between(last, change) else last.change.revision


def missing_between(last: LedgerEntry, change: KeyChange) -> int:
    """How many versions the key had between two changes that are recorded; a deletion does not say its version."""
    if change.type is ChangeType.DELETE or last.change.create_revision != change.create_revision:
        return 0
    return max(0, change.version - last.change.version - 1)


def _changes(then: Stored, now: Stored, shape: Shape) -> list[FieldChange]:
    """What a version changed, field by field; nothing where one of the two values is not known, or it is no object."""
    known = all(each.document is not None or each.is_gone for each in (then, now))
    if not known or now.document is None:
        return []
    shape.learn(now.document)
    shape.learn(then.document)
    return field_changes(_leaves(then, shape), _leaves(now, shape))


def _leaves(value: Stored, shape: Shape) -> Leaves:
    return leaves_of(value.document, shape) if value.document is not None else {}


def _notes(last: LedgerEntry | None, entry: LedgerEntry, then: Stored, now: Stored, gaps: list[Gap]) -> Iterator[str]:
    change = entry.change
    since = last.change.revision if last is not None else Revision(0)
    for gap in gaps:
        if _within(gap, change.cluster, since, change.revision):
            yield f"etcd's changes {gap_text(gap)} are not in the recording: {gap.reason}"
    if last is not None and (missing := missing_between(last, change)):
        yield f"{missing} {'versions' if missing > 1 else 'version'} between are not in the recording"
    for name, value in (("before", then), ("after", now)):
        if value.reason and not value.is_gone:
            yield f"the value {name} is not in the recording ({value.reason})"
    if then.uid and now.uid and then.uid != now.uid:
        yield f"it is another object: its uid was {then.uid}"
    if then.document is not None and now.document is not None:
        yield from _unseen(then.document, now.document)


def _unseen(then: JSONObject, now: JSONObject) -> Iterator[str]:
    """What is no field's change: who manages the fields, or nothing at all."""
    earlier = {each.identity: each for each in managers_of(then)}
    later = {each.identity: each for each in managers_of(now)}
    came = [_manager_text(identity) for identity in later.keys() - earlier.keys()]
    went = [_manager_text(identity) for identity in earlier.keys() - later.keys()]
    if went:
        came_text = f"{', '.join(sorted(came))} in place of " if came else ""
        yield f"managers of its fields: {came_text}{', '.join(sorted(went))}{'' if came else ' no more'}"
    elif {**then, "metadata": None} == {**now, "metadata": None} and _same_metadata(then, now):
        yield "no field changed" + (": only who manages them" if earlier != later else ", it was written again")


def _same_metadata(then: JSONObject, now: JSONObject) -> bool:
    left_out = {"managedFields", "resourceVersion"}
    first, second = metadata_of(then), metadata_of(now)
    return all(first.get(name) == second.get(name) for name in (first.keys() | second.keys()) - left_out)


def _manager_text(identity: tuple[str, str, str]) -> str:
    name, operation, subresource = identity
    return f"{name} ({operation}{f' {subresource}' if subresource else ''})"


def _within(gap: Gap, cluster: ClusterId, since: Revision, revision: Revision) -> bool:
    """Whether a gap lies between two versions; one without revisions may lie anywhere."""
    if gap.cluster and gap.cluster != cluster:
        return False
    if gap.first_revision is None:
        return since == 0
    return since < (gap.last_revision or gap.first_revision) and gap.first_revision < revision


def gap_text(gap: Gap) -> str:
    """Which revisions a gap is of."""
    if gap.first_revision is None:
        return "of an unknown time"
    return f"from {gap.first_revision} on" if gap.last_revision is None else f"{gap.first_revision}-{gap.last_revision}"
