"""Whether what an open watch still owes can come at all, as the target's etcd says.

A watch that began when its object was gone already, or with the state that a recorded one had told in two steps, never
delivers what was recorded. All that may have caused it is done when it is waited for. So it does not come where the
watch has told all that became of its objects: the revision that etcd has of one, or that it is gone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from kproxy.errors import EtcdError
from kproxy.model.api import ObjectRef, RequestInfo
from kproxy.model.etcd import EtcdKey
from kproxy.replay.barriers import DEFINING
from kproxy.replay.settle import Stored, Versions
from kproxy.wire.storage import object_keys

_MOST = 64
"""Objects that etcd is asked about at a time."""


class Shown(NamedTuple):
    """What a watch showed last of an object."""

    gone: bool
    revision: int


class Owed(NamedTuple):
    """An object of which something is owed: what it is called here ("" of a bookmark), what was shown of it last."""

    namespace: str
    name: str
    shown: Shown | None


@dataclass(frozen=True, slots=True)
class Coming:
    """Looks into the target's etcd for one watch. `prefix`: where its api-server keeps its keys."""

    info: RequestInfo
    prefix: str
    versions: Versions

    async def may(self, owed: Iterable[Owed], *, whole: bool) -> bool:
        """Whether anything of this may still come; `whole`: the watch has told all that there was when it began."""
        for number, each in enumerate(owed):
            if number == _MOST or (key := self._key(each)) is None:
                return True
            try:
                stored = await self.versions(key)
            except EtcdError:
                return True
            if not self._all_shown(stored, each.shown, whole=whole):
                return True
        return False

    def _key(self, owed: Owed) -> EtcdKey | None:
        ref = ObjectRef(group=self.info.group, resource=self.info.resource, namespace=owed.namespace, name=owed.name)
        return next(iter(object_keys(ref, self.prefix)), None)

    def _all_shown(self, stored: Stored, shown: Shown | None, *, whole: bool) -> bool:
        if not stored.version:
            return whole if shown is None else shown.gone
        if shown is None or shown.gone or self.info.group in DEFINING:
            return False
        return shown.revision >= stored.revision
