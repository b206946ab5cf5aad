"""The shapes of Kubernetes's meta messages that are read field by field, and not as a whole object."""

from collections.abc import Callable, Sequence
from typing import Protocol

from google.protobuf.message import Message


class TypeMeta(Protocol):
    """Which kind an object is."""

    apiVersion: str  # noqa: N815 - protobuf's names, here and below
    kind: str


class Unknown(Protocol):
    """runtime.Unknown: an object in its envelope."""

    typeMeta: TypeMeta  # noqa: N815 - as above
    raw: bytes
    contentType: str  # noqa: N815 - as above
    contentEncoding: str  # noqa: N815 - as above


class Manager(Protocol):
    """An entry of managedFields."""

    manager: str
    SerializeToString: Callable[..., bytes]


class Reference(Protocol):
    """An entry of ownerReferences."""

    uid: str
    kind: str
    name: str
    controller: bool


class Metadata(Protocol):
    """ObjectMeta, as far as it is read by itself."""

    name: str
    namespace: str
    uid: str
    resourceVersion: str  # noqa: N815 - as above
    generation: int
    deletionTimestamp: Message  # noqa: N815 - as above
    deletionGracePeriodSeconds: int  # noqa: N815 - as above
    finalizers: Sequence[str]
    ownerReferences: Sequence[Reference]  # noqa: N815 - as above
    managedFields: Sequence[Manager]  # noqa: N815 - as above

    def HasField(self, name: str) -> bool:  # noqa: N802 - as above
        """Whether a field is set."""


class PartialObject(Protocol):
    """Any object, of which the metadata alone is read."""

    metadata: Metadata


class Details(Protocol):
    """StatusDetails."""

    uid: str


class Status(Protocol):
    """What an answer without an object says."""

    details: Details
