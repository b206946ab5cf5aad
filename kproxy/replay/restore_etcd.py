"""The start state as keys for a fresh server's etcd: exactly what was there, but what that server makes by itself.

uids stay what they were, revisions are new and in the same order; kube-system's own namespace is the fresh server's, so
that the two can be told apart.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from kproxy.errors import RecordingError
from kproxy.model.api import ObjectRef, metadata_of
from kproxy.model.etcd import ClusterId, EtcdKey, key_text
from kproxy.model.exchange import BodyState
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.recording import Recording
from kproxy.model.start import StartKey, StoredKey
from kproxy.renaming.apply import rename_json
from kproxy.renaming.kinds import Kind, Place
from kproxy.renaming.renaming import Renaming
from kproxy.renaming.startstate import Standing
from kproxy.replay.restored import DIFFERS, OWN_RESOURCES, NotRestored, said
from kproxy.replay.webhooks import ADMISSION, Handling
from kproxy.wire.content import ContentError
from kproxy.wire.ownkeys import is_made_anew, relative
from kproxy.wire.storage import PREFIX, decode_value, edit_value, key_object

_REFUSING = frozenset({"resourcequotas", "limitranges"})
_EVENTS = f"{PREFIX}/events/".encode()
_TOLD_BY_VALUE = (b"/ipaddresses/", b"/apiregistration.k8s.io/apiservices/")


@dataclass(frozen=True, slots=True)
class Seed:
    """The keys in the order in which they are to be written, and what is not among them.

    `later`: those that are written when the server is ready, because they may refuse what it is made ready with.
    """

    keys: tuple[StoredKey, ...] = ()
    later: tuple[StoredKey, ...] = ()
    missing: tuple[NotRestored, ...] = ()


def seed_of(recording: Recording, handling: Handling, prefix: str = PREFIX) -> Seed:
    """A recording's start state for an etcd whose api-server has its keys under `prefix`."""
    keys: list[StoredKey] = []
    later: list[StoredKey] = []
    missing: list[NotRestored] = []
    own = recording.session.etcd_prefix
    for each in _in_order(recording):
        name = relative(each.key, own)
        if name is None:
            continue
        ref = key_object(each.key, own)
        made = _stored(recording, each, ref, handling)
        if isinstance(made, str):
            missing.append(NotRestored(str(ref or key_text(each.key)), made, ref))
        elif made is not None:
            key = EtcdKey(prefix.encode() + each.key.removeprefix(own.rstrip("/").encode()))
            place = later if ref is not None and (ref.group == ADMISSION or ref.resource in _REFUSING) else keys
            place.append(StoredKey(key=key, value=made, lease=each.lease, ttl=each.ttl))
    return Seed(tuple(keys), tuple(later), tuple(missing))


def _in_order(recording: Recording) -> list[StartKey]:
    """The main etcd's first, each in the order of its revisions."""
    place: dict[ClusterId, int] = {each.cluster: number for number, each in enumerate(recording.etcds())}
    keys = [each for each in recording.start_state() if isinstance(each, StartKey)]
    return sorted(keys, key=lambda each: (place.get(each.cluster, len(place)), each.mod_revision, each.key))


def _stored(recording: Recording, each: StartKey, ref: ObjectRef | None, handling: Handling) -> bytes | str | None:
    """The value to be written; None: the server makes it, or it is left out; a text: why it cannot be."""
    own, told_by_value = recording.session.etcd_prefix, any(part in bytes(each.key) for part in _TOLD_BY_VALUE)
    if not told_by_value and is_made_anew(each.key, None, own):
        return None
    data = _value(recording, each)
    if isinstance(data, str) or (told_by_value and is_made_anew(each.key, _document(data), own)):
        return data if isinstance(data, str) else None
    if ref is None or not handling.concerns(ref.group, ref.resource):
        return data
    return _adapted(data, ref, handling)


def _value(recording: Recording, each: StartKey) -> bytes | str:
    """What a key held; a text: why that is not known."""
    body = each.value
    if body.state is BodyState.EMPTY:
        return b""
    if body.digest is None or body.state is not BodyState.KEPT:
        return body.reason or f"its value is {body.state.value}"
    try:
        return recording.body(body.digest)
    except RecordingError as error:
        return str(error)


def _adapted(data: bytes, ref: ObjectRef, handling: Handling) -> bytes | None:
    found = _document(data)
    if not isinstance(found, dict):
        return data
    if handling.adapt(ref, found) is None:
        return None  # which the handling has said

    def change(value: JSONObject) -> JSONObject:
        return handling.adapt(ref, value) or value

    return edit_value(data, change)


def differing(baseline: Iterable[Standing], live: Mapping[str, Standing]) -> Iterator[NotRestored]:
    """What the fresh server made by itself and the recorded one had in another form: somebody had changed it there."""
    for each in baseline:
        other = live.get(each.name)
        if other is None or each.ref is None or each.ref.resource not in OWN_RESOURCES or each.data == other.data:
            continue
        if each.ref.resource != "services" and said(each.document()) != said(other.document()):
            yield NotRestored(each.name, DIFFERS, each.ref, there=True)


def corrections(recording: Recording, live: Mapping[str, Standing], prefix: str = PREFIX) -> Iterator[StoredKey]:
    """What somebody had changed of a server's own objects, for one of the same version: as it was, with its own uid."""
    own = recording.session.etcd_prefix
    for each in _in_order(recording):
        ref = key_object(each.key, own)
        if ref is None or ref.resource not in OWN_RESOURCES - {"services"} or not is_made_anew(each.key, None, own):
            continue
        data, other = _value(recording, each), live.get(str(ref))
        if isinstance(data, str) or other is None:
            continue
        there = other.document()
        if said(_document(data)) != said(there):
            key = EtcdKey(prefix.encode() + each.key.removeprefix(own.rstrip("/").encode()))
            yield StoredKey(key=key, value=edit_value(data, partial(_with_uid_of, there)))


def _with_uid_of(other: JSON, value: JSONObject) -> JSONObject:
    return {**value, "metadata": {**metadata_of(value), "uid": metadata_of(other).get("uid")}}


def renamed(keys: Iterable[StoredKey], renaming: Renaming) -> Iterator[StoredKey]:
    """The keys whose values name what the fresh server made by itself, with the names that it has there.

    And all events: they name revisions of what they are about.
    """
    uids = [baseline.encode() for baseline, _ in _changed_uids(renaming)]
    for each in keys:
        if not each.key.startswith(_EVENTS) and not any(uid in each.value for uid in uids):
            continue
        try:
            value = edit_value(each.value, partial(_rename, renaming))
        except ContentError:
            continue
        if value != each.value:
            yield replace(each, value=value)


def _changed_uids(renaming: Renaming) -> Iterator[tuple[str, str]]:
    return next(names.changed() for kind, names in renaming.names() if kind is Kind.UID)


def _rename(renaming: Renaming, value: JSONObject) -> JSONObject:
    found = rename_json(renaming, value, Place())
    return found if isinstance(found, dict) else value


def _document(data: bytes) -> JSON:
    try:
        return decode_value(data)
    except ContentError:
        return None
