"""Which leaves of a recording its server chose, and how often each chosen value occurs."""

from collections import Counter
from dataclasses import dataclass, field

from kproxy.correlate.background import background_rule
from kproxy.diff.documents import Documents
from kproxy.model.exchange import Exchange, Seq
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.renaming.kinds import Kind, Owner, Place, classify
from kproxy.renaming.path import Path, path_text
from kproxy.renaming.traces import Trace
from kproxy.renaming.unchanged import field_of as time_field
from kproxy.renaming.walk import Walker
from tests.diff.edits import Edit
from tests.support.memory import MemoryRecording

type Site = tuple[str, int | None, int, str]
"""Part of the recording (body, stream, etcd), exchange, index of frame or change, path."""

CHOSEN_HEADERS = {
    "audit-id": Kind.AUDIT_ID,
    "x-kubernetes-pf-flowschema-uid": Kind.UID,
    "x-kubernetes-pf-prioritylevel-uid": Kind.UID,
    "date": Kind.TIME,
    "last-modified": Kind.TIME,
    "expires": Kind.TIME,
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """A leaf that the server chose: what kind of value, whose (a uid, a field, "": nobody's)."""

    kind: Kind
    scope: str
    value: str


@dataclass
class Choices:
    """All of them in one recording."""

    sites: dict[Site, Chosen] = field(default_factory=dict)
    counts: Counter[Chosen] = field(default_factory=Counter)

    def of(self, edit: Edit) -> Chosen | None:
        """What the server chose where an edit is; None: it had no choice there."""
        if edit.where == "header":
            kind = CHOSEN_HEADERS.get(edit.path.lower())
            return Chosen(kind, "", str(edit.before)) if kind is not None else None
        return self.sites.get(self.site_of(edit))

    @staticmethod
    def site_of(edit: Edit) -> Site:
        """Where an edit is."""
        path = edit.path[edit.path.find("$") :] if "$" in edit.path else edit.path.rpartition(" ")[2]
        return edit.where, edit.seq, edit.index, path

    def twice(self, chosen: Chosen) -> bool:
        """Whether the value occurs in another place, too, that is compared."""
        return self.counts[chosen] > 1


@dataclass
class _Collector:
    """Visits a document beside itself."""

    choices: Choices
    at: tuple[str, int | None, int]
    counted: bool = True

    def leaf(self, path: Path, place: Place, baseline: JSON, replayed: JSON) -> None:
        """Note what was chosen."""
        kind = classify(place, baseline, replayed)
        if kind is None:
            return
        chosen = Chosen(kind, _scope(kind, place, str(baseline)), str(baseline))
        self.choices.sites[*self.at, path_text(path)] = chosen
        self.choices.counts[chosen] += self.counted

    def traced(self, path: Path, trace: Trace) -> bool:
        """Note what was chosen where this was walked before."""
        for each in trace.leaves:
            self.leaf((path, each.path), each.place, each.baseline, each.replayed)
        return True

    def field(self, name: str, baseline: JSONObject, replayed: JSONObject) -> str:  # noqa: ARG002 - a Visitor
        """It is walked beside itself."""
        return name

    def removed(self, path: Path, place: Place, baseline: JSON) -> None:
        """Nothing is."""

    def added(self, path: Path, place: Place, replayed: JSON) -> None:
        """Nothing is."""

    def reordered(self, path: Path, baseline: list[JSON], replayed: list[JSON]) -> None:
        """Nothing is."""


def _scope(kind: Kind, place: Place, value: str) -> str:
    if kind is Kind.REVISION:
        return place.revision_scope()
    if kind is Kind.TIME:  # a field of an object is one as long as nothing beside it changes
        return repr(time_field(place, value)) if place.owner.uid else f"{id(place)}"
    return ""


def choices_of(recording: MemoryRecording) -> Choices:
    """Go through all answers, watch events and etcd values."""
    choices = Choices()
    documents = Documents(recording)
    for exchange in recording.exchange_list:
        _exchange(choices, documents, recording, exchange)
    for index, change in enumerate(recording.change_list):
        value = documents.stored(change.value).value
        counted = background_rule(change.key) is None  # no verdict is about the others
        if value is not None:
            collector = _Collector(choices, ("etcd", None, index), counted)
            Walker(collector, str).walk(value, value, Owner(revision=str(change.revision)))
        uid = _uid(value if value is not None else documents.stored(change.previous).value)
        chosen = Chosen(Kind.REVISION, uid or change.key.decode(), str(change.revision))
        choices.sites["etcd", None, index, "revision"] = chosen
        choices.counts[chosen] += counted
    return choices


def _exchange(choices: Choices, documents: Documents, recording: MemoryRecording, exchange: Exchange) -> None:
    if exchange.answer is None:
        return
    for name, value in exchange.answer.headers:
        if (kind := CHOSEN_HEADERS.get(name.lower())) is not None:
            choices.counts[Chosen(kind, "", value)] += 1
    headers = exchange.answer.headers
    document = documents.body(headers, exchange.answer.body).value
    if document is not None:
        owner = Owner(listing=exchange.info.verb == "list")
        Walker(_Collector(choices, ("body", exchange.seq, 0)), str).walk(document, document, owner)
    media_type = next((text for name, text in headers if name.lower() == "content-type"), "")
    _stream(choices, documents, recording, exchange.seq, media_type)


def _stream(choices: Choices, documents: Documents, recording: MemoryRecording, seq: Seq, media_type: str) -> None:
    collector = _Collector(choices, ("stream", seq, 0))
    walker = Walker(collector, str)
    for frame in recording.frames(seq):
        if (event := documents.event(media_type, frame.body).event) is not None:
            collector.at = ("stream", seq, frame.index)
            walker.walk({"type": event.type, "object": event.object}, {"type": event.type, "object": event.object})


def _uid(value: JSON) -> str:
    metadata = value.get("metadata") if isinstance(value, dict) else None
    uid = metadata.get("uid") if isinstance(metadata, dict) else None
    return uid if isinstance(uid, str) else ""
