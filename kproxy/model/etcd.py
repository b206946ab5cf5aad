"""What happened in etcd, in etcd's words."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from kproxy.model.exchange import Body, Nanos

Revision = NewType("Revision", int)
"""A revision of one etcd cluster's store; a key's mod_revision."""

EtcdKey = NewType("EtcdKey", bytes)
"""A key's bytes."""

ClusterId = NewType("ClusterId", str)
"""An etcd cluster's id, 16 lower-case hex digits."""


def key_text(key: EtcdKey) -> str:
    """The key for people: UTF-8; bytes that are none are escaped."""
    return key.decode("utf-8", "backslashreplace")


class ChangeType(StrEnum):
    """What a revision did to a key."""

    PUT = "PUT"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyChange:
    """One key's change at one revision, values redacted. `previous` is None for a key that was not there before."""

    cluster: ClusterId
    revision: Revision
    key: EtcdKey
    type: ChangeType
    at: Nanos  # when kproxy saw it
    value: Body | None = None  # None for DELETE
    previous: Body | None = None
    create_revision: Revision = Revision(0)
    version: int = 0
    lease: int = 0
