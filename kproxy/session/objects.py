"""An object as it then was: from etcd's values where they were recorded, else from answers and watch events."""

from dataclasses import dataclass

from kproxy.errors import UsageError
from kproxy.fields.events import as_new_event
from kproxy.history.stored import Stored, after, before, stored
from kproxy.model.api import ObjectRef
from kproxy.model.attribution import LedgerEntry
from kproxy.model.exchange import Nanos
from kproxy.model.jsontypes import JSON, JSONObject, text
from kproxy.model.recording import Recording
from kproxy.model.start import StartKey
from kproxy.session.authors import revision_asked
from kproxy.session.entries import Entries
from kproxy.session.mentions import latest_mention
from kproxy.session.moments import Happened, Moment, parse_moment
from kproxy.session.naming import Target, parse_object, target_text
from kproxy.store.reader import open_recording
from kproxy.wire.storage import key_object, object_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectState:
    """An object at a moment: `document` is None when it was not there; `source` says where we know it from.

    A key's value that is no object of the API is a text, or base64 where it is none.
    """

    name: str
    document: JSON
    source: str


def object_at(where: str, words: str, at: str | None, namespace: str = "") -> ObjectState:
    """The object after exchange `at` (its last attributed change), at a time (RFC 3339), or at the session's end."""
    target = parse_object(words, namespace)
    with open_recording(where) as recording:
        moment, entries = parse_moment(recording, at), Entries(recording)
        happened = Happened(recording, entries, reference(recording, target))
        history = history_of(recording, entries, target)
        if history:
            return _from_etcd(recording, target, history, happened.by(history, moment))
        if (state := _from_start(recording, target)) is not None:
            return state
        if isinstance(target, bytes):
            raise not_changed(words)
        return _from_answers(recording, target, _time(happened, moment))


def history_of(recording: Recording, entries: Entries, target: Target) -> list[LedgerEntry]:
    """The changes of an object's key, in the order of (cluster, revision)."""
    keys = (target,) if isinstance(target, bytes) else object_keys(target, recording.session.etcd_prefix)
    return [entry for key in keys for entry in entries.of_key(key)]


def reference(recording: Recording, target: Target) -> ObjectRef | None:
    """The object that is meant, also by its key."""
    return key_object(target, recording.session.etcd_prefix) if isinstance(target, bytes) else target


def not_changed(words: str) -> UsageError:
    """What is said of a key without a change."""
    return UsageError(f"{words} did not change in this session; `kproxy correlate` lists the keys that did")


def _time(happened: Happened, moment: Moment) -> Nanos | None:
    if moment.revision is not None:
        raise UsageError("--at rev:… names a revision of etcd, which tells nothing of this object; name a time")
    return happened.time(moment)


def _from_start(recording: Recording, target: Target) -> ObjectState | None:
    """What the start state says of a key that did not change; of what is not in it, None."""
    keys = {target} if isinstance(target, bytes) else {*object_keys(target, recording.session.etcd_prefix)}
    for entry in recording.start_state():
        if not isinstance(entry, StartKey) or entry.key not in keys:
            continue
        value = stored(recording, entry.value, entry.mod_revision)
        name = target_text(target)
        if value.reason:
            raise UsageError(f"the value of {name} is not in the recording: {value.reason}; --at names another moment")
        document = _asked_version(target, value.document) if value.document is not None else raw_text(value)
        source = f"etcd, revision {entry.mod_revision}, before the session"
        return ObjectState(name=name, document=document, source=source + _version(value))
    return None


def _from_etcd(
    recording: Recording, target: Target, history: list[LedgerEntry], happened: list[LedgerEntry]
) -> ObjectState:
    """What etcd's changes say of it; the first change in the session tells what was there before it."""
    name = target_text(target)
    if happened:
        change = happened[-1].change
        value, source = after(recording, change), f"etcd, revision {change.revision}"
    else:
        first = history[0]
        revision = revision_asked(recording, first)
        value = before(recording, first.change, revision)
        source = f"etcd, before revision {first.change.revision}"
        if value.document is not None and revision is None:
            source += "; its resourceVersion is not known"
    if value.reason and not value.is_gone:
        raise UsageError(f"the value of {name} is not in the recording: {value.reason}; --at names another moment")
    document = _asked_version(target, value.document) if value.document is not None else raw_text(value)
    return ObjectState(name=name, document=document, source=source + _version(value))


def _asked_version(target: Target, document: JSONObject) -> JSONObject:
    """Events have two versions with one storage; of other kinds the stored version is shown."""
    is_new = isinstance(target, ObjectRef) and target.group == "events.k8s.io"
    return as_new_event(document) if is_new else document


def _version(value: Stored) -> str:
    version = text(value.document.get("apiVersion")) if value.document is not None else ""
    return f", stored as {version}" if version else ""


def raw_text(value: Stored) -> str | None:
    """A value that is no object: its text, or how many bytes it has."""
    if value.raw is None:
        return None
    try:
        return value.raw.decode()
    except UnicodeDecodeError:
        return f"{len(value.raw)} bytes: {value.raw[:64].hex()}{'…' if len(value.raw) > 64 else ''}"


def _from_answers(recording: Recording, target: ObjectRef, until: Nanos | None) -> ObjectState:
    """Where etcd says nothing of it: the last that an answer or a watch event said of the object."""
    why = without_etcd(recording)
    latest = latest_mention(recording, target, until)
    if latest is None:
        raise UsageError(f"no answer in this session tells of {target} by then ({why}); name it as `kproxy log` does")
    return ObjectState(name=str(target), document=latest.document, source=f"{latest.source}; {why}")


def without_etcd(recording: Recording) -> str:
    """Why etcd says nothing of an object."""
    return "its key did not change in etcd" if recording.session.etcd_start is not None else "recorded without etcd"
