"""What etcd's watch tells as the model has it: values redacted, bodies by their digests."""

from collections import OrderedDict

from kproxy.etcd.records import KeyValue, RawEvent
from kproxy.model.etcd import ChangeType, ClusterId, EtcdKey, KeyChange, Revision
from kproxy.model.exchange import EMPTY_BODY, Body, BodyState, Digest, Nanos
from kproxy.record.contents import stored
from kproxy.record.redact import Redactor

REMEMBERED = 16_384
"""Keys whose last value is known by its digest: a change's previous value is nearly always the one before it."""

_COMPACTED = "etcd had compacted it"


class Changes:
    """One store's changes, in its order."""

    def __init__(self, redactor: Redactor, prefix: str) -> None:
        self._redactor = redactor
        self._prefix = prefix
        self._last: OrderedDict[EtcdKey, tuple[Revision, Body]] = OrderedDict()

    def forget(self) -> None:
        """Another store follows: its revisions mean other values."""
        self._last.clear()

    def change(self, cluster: ClusterId, event: RawEvent, at: Nanos, bodies: dict[Digest, bytes]) -> KeyChange:
        """An event; bodies that are to be stored with it are put into `bodies`."""
        key, value = event.key, None
        before = self._last.pop(key, None)
        if event.value is not None:
            value = self._body(key, event.value, bodies)
            self._last[key] = (event.mod_revision, value)
            if len(self._last) > REMEMBERED:
                self._last.popitem(last=False)
        previous = None
        if event.prev_value is not None:
            if before is not None and before[0] == event.prev_mod_revision:
                previous = before[1]  # it is in the recording, or will be with this one
            else:
                previous = self._body(key, event.prev_value, bodies)
        elif event.version > 1:
            previous = Body(state=BodyState.LOST, size=0, reason=_COMPACTED)
        return KeyChange(
            cluster=cluster,
            revision=event.mod_revision,
            key=key,
            type=event.type,
            at=at,
            value=value,
            previous=previous,
            create_revision=event.create_revision,
            version=event.version,
            lease=event.lease,
        )

    def standing(self, cluster: ClusterId, found: KeyValue, bodies: dict[Digest, bytes]) -> KeyChange:
        """A key as it stands, as the change that made it so; what was before it is not known."""
        lost = Body(state=BodyState.LOST, size=0, reason=_COMPACTED) if found.version > 1 else None
        return KeyChange(
            cluster=cluster,
            revision=found.mod_revision,
            key=found.key,
            type=ChangeType.PUT,
            at=Nanos(0),
            value=self._body(found.key, found.value, bodies),
            previous=lost,
            create_revision=found.create_revision,
            version=found.version,
            lease=found.lease,
        )

    def _body(self, key: EtcdKey, value: bytes, bodies: dict[Digest, bytes]) -> Body:
        return body_of(self._redactor, key, value, self._prefix, bodies)


def body_of(redactor: Redactor, key: EtcdKey, value: bytes, prefix: str, bodies: dict[Digest, bytes]) -> Body:
    """A key's value as it is stored; its bytes, where they are to be, are put into `bodies`."""
    if not value:
        return EMPTY_BODY
    return stored(redactor.etcd_value(key, value, prefix), len(value), bodies)
