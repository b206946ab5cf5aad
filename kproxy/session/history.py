"""The life of an object or of a key: each version, who made it on what ground, and what it changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from kproxy.errors import UsageError
from kproxy.fields.changes import FieldChange, field_changes
from kproxy.fields.leaves import leaves_of
from kproxy.fields.shape import Shape
from kproxy.history.author import Author
from kproxy.history.versions import Version, versions
from kproxy.model.api import ObjectRef, metadata_of
from kproxy.model.attribution import LedgerEntry
from kproxy.model.etcd import ClusterId, key_text
from kproxy.model.jsontypes import JSON, JSONObject, text
from kproxy.model.recording import Recording
from kproxy.session.authors import Authors
from kproxy.session.entries import Entries
from kproxy.session.mentions import Mention, mentions
from kproxy.session.naming import parse_object, target_text
from kproxy.session.objects import history_of, not_changed, raw_text, reference, without_etcd
from kproxy.session.opened import clock_time
from kproxy.store.reader import open_recording


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRow:
    """One version of an object or of a key.

    `type` is PUT or DELETE; `what` created, changed or deleted ("seen": without etcd, the first that was said of it).
    `value` is that of a key which holds no object. `source` says where the version is known from, without etcd.
    """

    revision: int | None
    type: str
    what: str
    time: str
    uid: str
    author: Author | None
    entry: LedgerEntry | None = None
    changes: tuple[FieldChange, ...] = ()
    notes: tuple[str, ...] = ()
    value: str | None = None
    source: str = ""
    lease: int = 0

    def as_json(self) -> JSONObject:
        """As `history --json` has it."""
        return {
            "revision": self.revision,
            "type": self.type,
            "what": self.what,
            "time": self.time,
            "uid": self.uid,
            "by": self.author.as_json() if self.author else None,
            **ground_json(self.entry),
            "changes": [change.as_json() for change in self.changes],
            "value": self.value,
            "lease": self.lease,
            "source": self.source,
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Whose life it is, where it was read from, and its rows, one at a time."""

    name: str
    key: str
    cluster: ClusterId
    source: str
    rows: Iterator[HistoryRow]


def ground_json(entry: LedgerEntry | None) -> JSONObject:
    """Where a change stands in the ledger, as every JSON output has it."""
    ground, link = (entry.attribution, entry.consequence) if entry is not None else (None, None)
    linked: JSON = {"seq": link.seq, "evidence": link.evidence} if link is not None else None
    return {
        "standing": entry.standing.value if entry is not None else "",
        "basis": ground.basis.value if ground is not None else None,
        "evidence": ground.evidence if ground is not None else None,
        "background": entry.background if entry is not None else "",
        "consequence_of": linked,
        "contradictions": list(entry.contradictions) if entry is not None else [],
        "reason": entry.reason if entry is not None else "",
    }


@contextmanager
def history(where: str, words: str, namespace: str = "") -> Iterator[History]:
    """The life of what `words` names. UsageError when the recording knows nothing of it."""
    target = parse_object(words, namespace)
    with open_recording(where) as recording:
        entries = Entries(recording)
        found = history_of(recording, entries, target)
        if found:
            change = found[0].change
            rows = _from_etcd(recording, found)
            yield History(
                name=target_text(target), key=key_text(change.key), cluster=change.cluster, source="etcd", rows=rows
            )
            return
        if (ref := reference(recording, target)) is None or isinstance(target, bytes):
            raise not_changed(words)
        told = mention_steps(recording, ref)
        if not told:
            raise UsageError(
                f"no answer in this session tells of {ref} ({without_etcd(recording)}); name it as `kproxy log` does"
            )
        source = f"answers and watch events; {without_etcd(recording)}"
        yield History(name=str(ref), key="", cluster=ClusterId(""), source=source, rows=_from_answers(recording, told))


def _from_etcd(recording: Recording, entries: list[LedgerEntry]) -> Iterator[HistoryRow]:
    authors = Authors(recording)
    for version in versions(recording, entries):
        yield row_of_version(recording, version, authors.of(version.entry))


def row_of_version(recording: Recording, version: Version, author: Author | None) -> HistoryRow:
    """One version out of etcd."""
    change = version.entry.change
    return HistoryRow(
        revision=change.revision,
        type=change.type.value,
        what=version.what,
        time=clock_time(recording, change.at),
        uid=version.stored.uid or version.previous.uid,
        author=author,
        entry=version.entry,
        changes=version.changes,
        notes=version.notes,
        value=raw_text(version.stored),
        lease=change.lease,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionStep:
    """A version that answers and events tell of: the first that was said of it, by a write's answer where one did."""

    mention: Mention
    begins: bool


def mention_steps(recording: Recording, ref: ObjectRef) -> list[MentionStep]:
    """What was said of an object in the order of its versions; each once."""
    said = sorted(mentions(recording, ref), key=lambda mention: mention.at)
    writers = {_version(each): each for each in reversed(said) if each.writes and each.document is not None}
    steps: list[MentionStep] = []
    seen: set[str] = set()
    for mention in said:
        version = _version(mention)
        gone_before = not steps or steps[-1].mention.document is None
        if mention.document is None:
            if steps and not gone_before:
                steps.append(MentionStep(mention=mention, begins=True))
        elif version not in seen:
            begins = gone_before or _uid(steps[-1].mention) != _uid(mention)
            written = writers.get(version)
            told = mention if written is None else replace(mention, seq=written.seq, source=written.source, writes=True)
            steps.append(MentionStep(mention=told, begins=begins))
        seen.add(version)
    return steps


def _version(mention: Mention) -> str:
    """What tells versions apart; an object without a resourceVersion is one of its own each time."""
    revision = text(metadata_of(mention.document).get("resourceVersion"))
    return f"{_uid(mention)} {revision}" if revision else f"{mention.seq} {mention.at}"


def _uid(mention: Mention) -> str:
    return text(metadata_of(mention.document).get("uid"))


def _from_answers(recording: Recording, steps: list[MentionStep]) -> Iterator[HistoryRow]:
    authors, shape = Authors(recording), Shape()
    before: JSONObject | None = None
    for step in steps:
        mention = step.mention
        document = mention.document
        shape.learn(document)
        changes = field_changes(leaves_of(before or {}, shape), leaves_of(document, shape)) if document else []
        author = authors.by_seq(mention.seq) if mention.writes else None
        yield HistoryRow(
            revision=_revision(document),
            type="PUT" if document is not None else "DELETE",
            what=_what(step, author),
            time=clock_time(recording, mention.at),
            uid=_uid(mention),
            author=author,
            changes=tuple(changes),
            source=mention.source,
        )
        before = document


def _revision(document: JSONObject | None) -> int | None:
    revision = text(metadata_of(document).get("resourceVersion"))
    return int(revision) if revision.isascii() and revision.isdigit() and len(revision) < 20 else None


def _what(step: MentionStep, author: Author | None) -> str:
    if step.mention.document is None:
        return "deleted"
    if not step.begins:
        return "changed"
    return "created" if author is not None and author.verb == "create" else "seen"
