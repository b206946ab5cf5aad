"""The start state: what the server held when the session began."""

from dataclasses import dataclass
from enum import StrEnum

from kproxy.model.api import ObjectRef
from kproxy.model.etcd import ClusterId, EtcdKey, Revision
from kproxy.model.exchange import Body


class StartSource(StrEnum):
    """Where a start state is read from."""

    ETCD = "etcd"
    API = "api"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class StartKey:
    """A key of etcd's as it stood at the session's start revision, its value redacted.

    `ttl`: the seconds that its lease was granted for, 0 where it has none.
    """

    cluster: ClusterId
    key: EtcdKey
    value: Body
    create_revision: Revision
    mod_revision: Revision
    version: int
    lease: int = 0
    ttl: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StartObject:
    """An object as the API listed it when the session began, redacted; `value` is its JSON.

    `version` is the API version that it was read in; `status`: whether its resource has that subresource.
    """

    group: str
    version: str
    resource: str
    kind: str
    namespace: str
    name: str
    revision: Revision
    value: Body
    status: bool = False

    @property
    def ref(self) -> ObjectRef:
        """Which object it is."""
        return ObjectRef(group=self.group, resource=self.resource, namespace=self.namespace, name=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """A key for a fresh etcd; those of one `lease` share one of `ttl` seconds there (0: none)."""

    key: EtcdKey
    value: bytes
    lease: int = 0
    ttl: int = 0


type StartEntry = StartKey | StartObject
