"""A whole recording held against itself: `get --at` against every answer, blame against all managedFields."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from kproxy.fields.changes import field_changes
from kproxy.fields.events import NEW_EVENTS, as_new_event
from kproxy.fields.leaves import leaves_of
from kproxy.fields.paths import path_text
from kproxy.fields.shape import Shape
from kproxy.history.agreement import Agreement
from kproxy.history.stored import after, before
from kproxy.model.api import ObjectRef, metadata_of
from kproxy.model.attribution import LedgerEntry
from kproxy.model.etcd import ChangeType, EtcdKey
from kproxy.model.exchange import WATCH_EVENT, Exchange, Seq, header
from kproxy.model.jsontypes import JSON, JSONObject, text
from kproxy.model.recording import Recording
from kproxy.session.authors import Authors
from kproxy.session.blame import blame_entries
from kproxy.session.contents import decoded_body
from kproxy.session.entries import Entries
from kproxy.session.moments import Happened, Moment
from kproxy.wire.content import ContentError
from kproxy.wire.storage import key_object, object_keys
from kproxy.wire.watchevents import decode_event

SHOWN = ("", "status")
"""Subresources whose answers are the object itself."""


@dataclass(frozen=True, slots=True)
class Told:
    """An object as an answer or an event showed it; `event` is the watch event's type, "" of an answer.

    `listed` is the revision at which a list found it, "" of what no list shows.
    """

    exchange: Exchange
    event: str
    document: JSONObject
    listed: str = ""


@dataclass
class Answers:
    """How answers compare: how many were equal, what was left out and why, and what was different."""

    equal: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    different: list[str] = field(default_factory=list)


def compare_answers(recording: Recording) -> Answers:
    """Every object of every answer and watch event, at its resourceVersion, and of answers `--at SEQ`, too."""
    entries = Entries(recording)
    found, histories = Answers(), histories_of(entries)
    for told in told_by(recording, found.left_out):
        if (why := _compare(recording, entries, histories, told, found)) is not None:
            found.left_out[why] += 1
    return found


def histories_of(entries: Entries) -> dict[EtcdKey, list[LedgerEntry]]:
    """Each key's entries."""
    histories: defaultdict[EtcdKey, list[LedgerEntry]] = defaultdict(list)
    for entry in entries.ledger.entries:
        histories[entry.change.key].append(entry)
    return dict(histories)


def told_by(recording: Recording, left_out: Counter[str]) -> Iterator[Told]:
    """All objects that successful answers and watch events show."""
    for exchange in recording.exchanges():
        info, answer = exchange.info, exchange.answer
        if not info.is_resource or answer is None or info.subresource not in SHOWN:
            continue
        if info.verb == "watch":
            yield from _events(recording, exchange, header(answer.headers, "content-type"), left_out)
        elif 200 <= answer.status < 300 and "dryRun" not in exchange.request.target:
            document = decoded_body(recording, answer.headers, answer.body)
            listed = _listed(document)
            yield from (Told(exchange, "", each, listed) for each in _objects(document, left_out))


def _events(recording: Recording, exchange: Exchange, media_type: str, left_out: Counter[str]) -> Iterator[Told]:
    for frame in recording.frames(exchange.seq):
        if frame.kind != WATCH_EVENT or frame.body.digest is None:
            continue
        try:
            event = decode_event(media_type, recording.body(frame.body.digest))
        except ContentError as error:
            left_out[f"an event that cannot be decoded: {error}"] += 1
            continue
        if event.type not in {"BOOKMARK", "ERROR"}:
            yield from (Told(exchange, event.type, each) for each in _objects(event.object, left_out))


def _listed(document: JSON) -> str:
    if isinstance(document, dict) and isinstance(document.get("items"), list):
        return text(metadata_of(document).get("resourceVersion"))
    return ""


def _objects(document: JSON, left_out: Counter[str]) -> Iterator[JSONObject]:
    if not isinstance(document, dict):
        return
    kind = text(document.get("kind"))
    if kind == "Table" or kind.startswith("PartialObjectMetadata"):
        left_out[f"{kind}: no whole objects"] += 1
        return
    items = document.get("items")
    if not isinstance(items, list):
        yield document
        return
    common: JSONObject = {"kind": kind.removesuffix("List"), "apiVersion": document.get("apiVersion")}
    yield from ({**common, **each} for each in items if isinstance(each, dict))


def _compare(
    recording: Recording,
    entries: Entries,
    histories: dict[EtcdKey, list[LedgerEntry]],
    told: Told,
    found: Answers,
) -> str | None:
    """Compares one, or says why it is left out."""
    info, about = told.exchange.info, metadata_of(told.document)
    version = text(about.get("resourceVersion"))
    if not version:
        return "an answer that is no stored object"
    ref = ObjectRef(
        group=info.group,
        resource=info.resource,
        namespace=text(about.get("namespace")),
        name=text(about.get("name")),
    )
    history = next((histories[key] for key in object_keys(ref) if key in histories), [])
    place = next((place for place, each in enumerate(history) if each.change.revision == int(version)), None)
    if place is None:
        return "last written before the recording"
    change = history[place].change
    left = told.event == "DELETED" and change.type is ChangeType.PUT
    gone = left or change.type is ChangeType.DELETE
    state = before(recording, change, change.revision) if gone else after(recording, change)
    if state.document is None:
        return f"a value that is not in the recording: {state.reason}"
    document = as_new_event(state.document) if told.document.get("apiVersion") == NEW_EVENTS else state.document
    if document.get("apiVersion") != told.document.get("apiVersion"):
        return f"{info.resource} are stored as {document.get('apiVersion')}, not {told.document.get('apiVersion')}"
    what = f"{told.event or info.verb}{' (it left the selector)' if left else ''}"
    where = f"#{told.exchange.seq} {what} {ref}@{version}"
    if not told.event and info.verb in {"update", "patch"} and _took_away(entries, told.exchange.seq):
        return "a write that takes the last finalizer away answers with what it did not write: the object is gone"
    if document != told.document:
        found.different.append(f"{where}: {_difference(document, told.document)}")
    elif not told.event and not _is_at(Happened(recording, entries, ref), history, place, told):
        found.different.append(f"{where}: --at {told.exchange.seq} is another version")
    else:
        found.equal[what] += 1
    return None


def _took_away(entries: Entries, seq: Seq) -> bool:
    return any(each.change.type is ChangeType.DELETE for each in entries.of_exchange(seq))


def _difference(document: JSONObject, told: JSONObject) -> str:
    shape = Shape()
    changes = field_changes(leaves_of(document, shape), leaves_of(told, shape))
    return ", ".join(f"{each.change} {path_text(each.path)}" for each in changes[:5]) or "only managedFields"


def _is_at(happened: Happened, history: list[LedgerEntry], place: int, told: Told) -> bool:
    """Whether `--at SEQ` is the version that the exchange's answer showed; a request's later changes come after it.

    A collection that is deleted is answered as its list found it: what anybody changed since then comes after it, too.
    """
    seq = told.exchange.seq
    known = happened.by(history, Moment(seq=seq))
    later = known[place + 1 :]
    if len(known) <= place or not later:
        return len(known) > place
    if told.exchange.info.verb == "deletecollection":
        return later[0].change.revision > int(told.listed)
    return later[0].attribution is not None and later[0].attribution.seq == seq


@dataclass
class Blamed:
    """How blame stands to managedFields: fields by agreement, and those without a reason."""

    fields: Counter[Agreement] = field(default_factory=Counter)
    unexplained: list[str] = field(default_factory=list)
    objects: int = 0


def blame_everything(recording: Recording) -> Blamed:
    """Every field of every object of the recording as it was at the end, or last, before each deletion."""
    found, authors = Blamed(), Authors(recording)
    for key, history in histories_of(Entries(recording)).items():
        ref = key_object(key, recording.session.etcd_prefix)
        ends = [place for place, entry in enumerate(history) if entry.change.type is ChangeType.DELETE]
        for end in [*ends, len(history)] if ref is not None else ():
            lived = history[:end]
            if not lived or lived[-1].change.type is ChangeType.DELETE:
                continue
            rows = blame_entries(recording, ref, before(recording, lived[0].change), lived, authors)
            found.objects += bool(rows)
            for row in rows:
                found.fields[row.judged.agreement] += 1
                if row.judged.agreement is Agreement.DISAGREES:
                    found.unexplained.append(f"{ref} {row.path}: {row.judged.note}")
    return found
