"""Who last set each field of an object, held against its managedFields."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from kproxy.errors import UsageError
from kproxy.fields.managers import Manager
from kproxy.fields.paths import path_text
from kproxy.history.agreement import Agreement, Judge, Judged
from kproxy.history.author import Author
from kproxy.history.blame import BEFORE, MISSING, Blame, FieldBlame, Step, steps_of
from kproxy.history.stored import GONE, Stored, before
from kproxy.model.api import ObjectRef
from kproxy.model.attribution import LedgerEntry
from kproxy.model.etcd import key_text
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.recording import Recording
from kproxy.session.authors import Authors
from kproxy.session.entries import Entries
from kproxy.session.history import MentionStep, ground_json, mention_steps
from kproxy.session.mentions import Mention
from kproxy.session.moments import Happened, Moment, parse_moment
from kproxy.session.naming import Target, parse_object, target_text
from kproxy.session.objects import history_of, not_changed, reference, without_etcd
from kproxy.session.opened import clock_time
from kproxy.store.reader import open_recording


@dataclass(frozen=True, slots=True, kw_only=True)
class BlameRow:
    """One field: its value, the change that last set it and who made that, and what managedFields says.

    `known`: "recorded", or "before-session" or "not-recorded" (in a gap), and then nothing is known of its setter.
    """

    path: str
    value: JSON
    known: str
    revision: int | None
    time: str
    author: Author | None
    entry: LedgerEntry | None
    judged: Judged

    def as_json(self) -> JSONObject:
        """As `blame --json` has it."""
        return {
            "path": self.path,
            "value": self.value,
            "known": self.known,
            "revision": self.revision,
            "time": self.time,
            "by": self.author.as_json() if self.author else None,
            **ground_json(self.entry),
            "managed_fields": {
                "agreement": self.judged.agreement.value,
                "owners": [_owner_json(owner) for owner in self.judged.owners],
                "note": self.judged.note,
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectBlame:
    """An object's fields, and where all that was read from."""

    name: str
    key: str
    source: str
    rows: tuple[BlameRow, ...]

    @property
    def figures(self) -> dict[str, int]:
        """How many fields stand how to managedFields."""
        counted = Counter(row.judged.agreement for row in self.rows)
        return {agreement.value: counted[agreement] for agreement in Agreement}

    def as_json(self) -> JSONObject:
        """As `blame --json` has it."""
        return {
            "object": self.name,
            "key": self.key,
            "source": self.source,
            "managed_fields": dict(self.figures),
            "fields": [row.as_json() for row in self.rows],
        }


def _owner_json(owner: Manager) -> JSONObject:
    return {
        "manager": owner.name,
        "operation": owner.operation,
        "subresource": owner.subresource,
        "api_version": owner.api_version,
        "time": owner.time,
    }


def blame_object(where: str, words: str, at: str | None = None, namespace: str = "") -> ObjectBlame:
    """Who set each field of an object as it is at the session's end or at a moment.

    UsageError when it was not there, when its value is not in the recording, or when the recording knows nothing of it.
    """
    target = parse_object(words, namespace)
    with open_recording(where) as recording:
        moment, entries = parse_moment(recording, at), Entries(recording)
        happened = Happened(recording, entries, reference(recording, target))
        found = history_of(recording, entries, target)
        if found:
            return _from_etcd(recording, target, found, happened.by(found, moment))
        if isinstance(target, bytes):
            raise not_changed(words)
        return _from_answers(recording, target, happened, moment)


def blame_entries(
    recording: Recording, ref: ObjectRef | None, first: Stored, entries: list[LedgerEntry], authors: Authors
) -> tuple[BlameRow, ...]:
    """The fields of an object as the last of its key's changes left it; `first` is what was there before them."""
    blame = Blame(first, steps_of(recording, entries))
    judge = Judge(blame, lambda place: authors.of(entries[place]), ref)
    return tuple(_row(recording, each, entries, authors, judge) for each in blame.fields())


def _from_etcd(
    recording: Recording, target: Target, found: list[LedgerEntry], happened: list[LedgerEntry]
) -> ObjectBlame:
    first = before(recording, found[0].change)
    rows = blame_entries(recording, reference(recording, target), first, happened, Authors(recording))
    name, key = target_text(target), key_text(found[0].change.key)
    if not rows:
        last = Blame(first, steps_of(recording, happened)).state
        raise _without_fields(name, last)
    return ObjectBlame(name=name, key=key, source="etcd", rows=rows)


def _without_fields(name: str, state: Stored) -> UsageError:
    if state.is_gone:
        return UsageError(f"{name} was not there then; `kproxy history` tells when it was, --at names a moment")
    return UsageError(f"the value of {name} is no object with fields ({state.reason or 'it cannot be decoded'})")


def _row(
    recording: Recording, field: FieldBlame, entries: list[LedgerEntry], authors: Authors, judge: Judge
) -> BlameRow:
    entry = entries[field.setter] if field.setter >= 0 else None
    return BlameRow(
        path=path_text(field.path),
        value=field.value,
        known=_known(field.setter),
        revision=entry.change.revision if entry else None,
        time=clock_time(recording, entry.change.at) if entry else "",
        author=authors.of(entry) if entry else None,
        entry=entry,
        judged=judge.judge(field.path),
    )


def _known(setter: int) -> str:
    return {BEFORE: "before-session", MISSING: "not-recorded"}.get(setter, "recorded")


def _from_answers(recording: Recording, ref: ObjectRef, happened: Happened, moment: Moment) -> ObjectBlame:
    """Without etcd: between two mentions somebody else may have written; then no request is known."""
    until = happened.time(moment)
    told = [step for step in mention_steps(recording, ref) if until is None or step.mention.at <= until]
    if not told:
        raise UsageError(
            f"no answer in this session tells of {ref} by then ({without_etcd(recording)}); "
            "name it as `kproxy log` does"
        )
    authors = Authors(recording)

    def author(place: int) -> Author | None:
        mention = told[place].mention
        return authors.by_seq(mention.seq) if mention.writes else None

    created = told[0].mention.writes and (first := author(0)) is not None and first.verb == "create"
    seen, rest = (Stored(), told) if created else (_stored(told[0].mention), told[1:])
    offset = len(told) - len(rest)
    blame = Blame(seen, [Step(partial(_stored, step.mention), step.begins) for step in rest])
    judge = Judge(blame, lambda place: author(place + offset), ref)
    rows = tuple(
        _told_row(recording, each, rest, author(each.setter + offset) if each.setter >= 0 else None, judge.judge)
        for each in blame.fields()
    )
    if not rows:
        raise _without_fields(str(ref), blame.state)
    return ObjectBlame(name=str(ref), key="", source=f"answers and watch events; {without_etcd(recording)}", rows=rows)


def _stored(mention: Mention) -> Stored:
    return Stored(reason=GONE) if mention.document is None else Stored(document=mention.document)


def _told_row(
    recording: Recording,
    field: FieldBlame,
    steps: list[MentionStep],
    author: Author | None,
    judge: Callable[[tuple[str, ...]], Judged],
) -> BlameRow:
    mention = steps[field.setter].mention if field.setter >= 0 else None
    return BlameRow(
        path=path_text(field.path),
        value=field.value,
        known=_known(field.setter),
        revision=None,
        time=clock_time(recording, mention.at) if mention else "",
        author=author,
        entry=None,
        judged=judge(field.path),
    )
