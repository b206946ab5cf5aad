"""The shapes of etcd's messages (etcd's rpc.proto and kv.proto) that this folder reads, and building those it sends."""

from collections.abc import Sequence
from typing import Protocol

from google.protobuf.message import DecodeError, Message

from kproxy.errors import EtcdError
from kproxy.etcd.records import KeyValue, RawEvent
from kproxy.model.etcd import ChangeType, EtcdKey, Revision
from kproxy.wire.descriptors import ByTable, message_class


class Header(Protocol):
    """ResponseHeader."""

    cluster_id: int
    member_id: int
    revision: int


class RawKeyValue(Protocol):
    """mvccpb.KeyValue."""

    key: bytes
    value: bytes
    create_revision: int
    mod_revision: int
    version: int
    lease: int


class Answered(Protocol):
    """What every response has."""

    header: Header


class StatusResponse(Answered, Protocol):
    """Maintenance.Status."""

    version: str
    dbSize: int  # noqa: N815 - the field's name


class RangeResponse(Answered, Protocol):
    """KV.Range."""

    kvs: Sequence[RawKeyValue]
    more: bool
    count: int


class PutResponse(Answered, Protocol):
    """KV.Put."""

    prev_kv: RawKeyValue

    def HasField(self, name: str) -> bool:  # noqa: N802 - protobuf's name
        """Whether a field is set."""


class DeleteRangeResponse(Answered, Protocol):
    """KV.DeleteRange."""

    deleted: int
    prev_kvs: Sequence[RawKeyValue]


class ResponseOp(Protocol):
    """One operation's response in a transaction."""

    response_range: RangeResponse
    response_put: PutResponse
    response_delete_range: DeleteRangeResponse

    def WhichOneof(self, name: str) -> str | None:  # noqa: N802 - protobuf's name
        """Which of the responses it is."""


class TxnResponse(Answered, Protocol):
    """KV.Txn."""

    succeeded: bool
    responses: Sequence[ResponseOp]


class LeaseGrantResponse(Answered, Protocol):
    """Lease.LeaseGrant."""

    ID: int
    TTL: int


class LeaseTimeToLiveResponse(Answered, Protocol):
    """Lease.LeaseTimeToLive; TTL is -1 for a lease that is not there."""

    TTL: int
    grantedTTL: int  # noqa: N815 - the field's name


class AuthenticateResponse(Answered, Protocol):
    """Auth.Authenticate."""

    token: str


class RawWatchEvent(Protocol):
    """mvccpb.Event; type 0 is PUT, 1 is DELETE."""

    type: int
    kv: RawKeyValue
    prev_kv: RawKeyValue

    def HasField(self, name: str) -> bool:  # noqa: N802 - protobuf's name
        """Whether a field is set."""


class WatchResponse(Answered, Protocol):
    """Watch.Watch."""

    watch_id: int
    created: bool
    canceled: bool
    compact_revision: int
    cancel_reason: str
    fragment: bool
    events: Sequence[RawWatchEvent]


def request(name: str, /, **fields: object) -> Message:
    """A message of etcd's API (`RangeRequest`) with these fields; a Message is a submessage, a list a repeated one."""
    built = message_class(f"etcdserverpb.{name}")()
    for field, value in fields.items():
        if isinstance(value, Message):
            getattr(built, field).CopyFrom(value)
        elif isinstance(value, list):
            getattr(built, field).extend(value)
        else:
            setattr(built, field, value)
    return built


def parsed(name: str, data: bytes) -> ByTable:
    """A response's message, by its full name. EtcdError for bytes that are none."""
    try:
        return message_class(name).FromString(data)
    except DecodeError:
        raise EtcdError("etcd sent a message that is none of its own") from None


def watch_response(data: bytes) -> WatchResponse:
    """A watch's message. EtcdError."""
    response: WatchResponse = parsed("etcdserverpb.WatchResponse", data)
    return response


def key_value(raw: RawKeyValue) -> KeyValue:
    """A key and its value."""
    return KeyValue(
        key=EtcdKey(raw.key),
        value=raw.value,
        create_revision=Revision(raw.create_revision),
        mod_revision=Revision(raw.mod_revision),
        version=raw.version,
        lease=raw.lease,
    )


def raw_event(event: RawWatchEvent) -> RawEvent:
    """A watch's event."""
    kv = event.kv
    deleted = event.type == 1
    before = event.prev_kv if event.HasField("prev_kv") else None
    return RawEvent(
        type=ChangeType.DELETE if deleted else ChangeType.PUT,
        key=EtcdKey(kv.key),
        value=None if deleted else kv.value,
        prev_value=before.value if before else None,
        create_revision=Revision(kv.create_revision),
        mod_revision=Revision(kv.mod_revision),
        version=kv.version,
        lease=before.lease if deleted and before else kv.lease,
        prev_mod_revision=Revision(before.mod_revision if before else 0),
    )


def range_end(prefix: bytes) -> bytes:
    r"""The first key behind all that begin with `prefix`; `\0`, etcd's «to the end», if there is none."""
    stem = prefix.rstrip(b"\xff")
    return stem[:-1] + bytes([stem[-1] + 1]) if stem else b"\0"
