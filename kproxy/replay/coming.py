"""Whether what an open watch still owes can come at all, as the target's etcd says.

A watch that began when its object was gone already, or with the state that a recorded one had told in two steps, never
delivers what was recorded. Nor does one that goes on from a revision before which more was written here than there. All
that may have caused it is done when it is waited for. So it does not come where the watch has told all that became of
its objects: the revision that etcd has of one, or that it is gone. A watch tells changes in the order of their
revisions (https://etcd.io/docs/v3.6/learning/api_guarantees/#watch-apis): of an object that etcd has there is no doubt.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from kproxy.errors import EtcdError
from kproxy.model.api import ObjectRef, RequestInfo
from kproxy.model.etcd import EtcdKey
from kproxy.renaming.kinds import is_revision
from kproxy.renaming.target import parameter
from kproxy.replay.barriers import DEFINING
from kproxy.replay.settle import Stored, Versions
from kproxy.wire.storage import object_keys

MOST = 64
"""Objects that etcd is asked about at a time."""

_BY_REQUESTS = frozenset(
    {
        ("", "configmaps"),
        ("", "endpoints"),
        ("", "events"),
        ("", "nodes"),
        ("", "pods"),
        ("apps", "daemonsets"),
        ("apps", "deployments"),
        ("apps", "replicasets"),
        ("apps", "statefulsets"),
        ("batch", "cronjobs"),
        ("batch", "jobs"),
        ("discovery.k8s.io", "endpointslices"),
        ("events.k8s.io", "events"),
    }
)
"""What only requests for it write. Others an api-server writes by itself, or beside a request for something else, which
may not have been sent yet when events of these are awaited: a quota's status, a budget's, a definition's instances."""


class Chance(IntEnum):
    """Whether something comes: surely not; not as far as etcd knows; who can tell."""

    NONE = 0
    """No doubt: asking once is enough."""
    HARDLY = 1
    """What was made and deleted again may be on its way, and so may what an api-server does by itself."""
    OPEN = 2


class Shown(NamedTuple):
    """What a watch showed last of an object."""

    gone: bool
    revision: int


class Owed(NamedTuple):
    """An object of which something is owed: what it is called here ("" of a bookmark), what was shown of it last.

    `drawn`: its name was drawn for it, or made of what it holds.
    """

    namespace: str
    name: str
    shown: Shown | None
    drawn: bool = False


def goes_on_from(target: str) -> int:
    """The revision behind which a watch's events begin; 0: with what there is."""
    revision = parameter(target, "resourceVersion")
    told_all = parameter(target, "sendInitialEvents") is not None
    return int(revision) if revision and is_revision(revision) and not told_all else 0


@dataclass(frozen=True, slots=True)
class Coming:
    """Looks into the target's etcd for one watch.

    `prefix`: where its api-server keeps its keys; `since`: the revision that the watch goes on from (0: from none).
    """

    info: RequestInfo
    prefix: str
    versions: Versions
    since: int = 0

    async def chance(self, owed: Iterable[Owed], *, whole: bool) -> Chance:
        """Whether anything of this still comes; `whole`: the watch has told all that there was when it began."""
        best = Chance.NONE
        for number, each in enumerate(owed):
            if number == MOST or (key := self._key(each)) is None:
                return Chance.OPEN
            try:
                stored = await self.versions(key)
            except EtcdError:
                return Chance.OPEN
            best = max(best, self._of(stored, each, whole=whole))
            if best is Chance.OPEN:
                break
        return best

    def _key(self, owed: Owed) -> EtcdKey | None:
        ref = ObjectRef(group=self.info.group, resource=self.info.resource, namespace=owed.namespace, name=owed.name)
        return next(iter(object_keys(ref, self.prefix)), None)

    def _of(self, stored: Stored, owed: Owed, *, whole: bool) -> Chance:
        shown = owed.shown
        if stored.version:
            told = max(self.since, shown.revision if shown is not None else 0)
            return self._surest if told >= stored.revision and self.info.group not in DEFINING else Chance.OPEN
        if shown is None:
            return Chance.HARDLY if whole else Chance.OPEN
        if not shown.gone:
            return Chance.OPEN
        # no pod is drawn twice; a ReplicaSet is named by what it holds, and may be made again
        return Chance.NONE if owed.drawn and self.info.resource == "pods" else Chance.HARDLY

    @property
    def _surest(self) -> Chance:
        return Chance.NONE if (self.info.group, self.info.resource) in _BY_REQUESTS else Chance.HARDLY
