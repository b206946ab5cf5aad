"""Puts that stored the object which was there before.

The api-server leaves a write out when it would store the same bytes, unless what is stored is stale: of another version
of the API, or of another encryption key (k8s.io/apiserver/pkg/storage/etcd3/store.go, GuaranteedUpdate).
"""

from kproxy.model.etcd import ChangeType, KeyChange
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.recording import Recording
from kproxy.wire.content import ContentError
from kproxy.wire.protoenvelope import MAGIC
from kproxy.wire.storage import decode_value

_CLOSE = 256
"""Bytes by which the same object's length may differ in another version: its apiVersion, a field's name."""


def is_rewrite(recording: Recording, change: KeyChange) -> bool:
    """Whether a put stored an object that is equal to the one before, apart from its apiVersion.

    Values that nobody can decode count only when their bytes are the same.
    """
    value, previous = change.value, change.previous
    if change.type is not ChangeType.PUT or value is None or previous is None:
        return False
    if value.digest is None or previous.digest is None:
        return False
    if value.digest == previous.digest:
        return True
    close = abs(value.size - previous.size) <= _CLOSE
    return close and _is_same(recording.body(value.digest), recording.body(previous.digest))


def _is_same(new: bytes, old: bytes) -> bool:
    """Whether they are one object in two versions; of one version, other bytes are another object."""
    if _head(new) == _head(old):
        return False
    now, before = _object(new), _object(old)
    if now is None or before is None or now.pop("apiVersion", None) == before.pop("apiVersion", None):
        return False
    return _said(now) == _said(before)


def _said(value: JSON) -> JSON:
    """Without what is null: a field may be required in one version and optional in the other."""
    if isinstance(value, dict):
        return {name: _said(each) for name, each in value.items() if each is not None}
    return [_said(each) for each in value] if isinstance(value, list) else value


def _head(data: bytes) -> bytes:
    """What says the version: the first field of a runtime.Unknown, or of JSON as Go writes it (names are sorted)."""
    if data.startswith(MAGIC):
        return data[: len(MAGIC) + 2 + data[len(MAGIC) + 1]] if len(data) > len(MAGIC) + 1 else data
    return data.partition(b",")[0]


def _object(data: bytes) -> JSONObject | None:
    try:
        return decode_value(data)
    except ContentError:
        return None
