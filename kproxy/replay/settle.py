"""What an api-server goes on doing by itself after a write, and a client waits for: a target has time for it, too.

A new definition's names are accepted, it is established, its API service is registered; a deleted one's objects are
taken away before it goes itself (k8s.io/apiextensions-apiserver/pkg/controller, kube-aggregator/pkg/controllers/
autoregister). All of that is in etcd, and how long it takes is the machine's business: so a request waits until the
target's etcd has come as far as the recorded one had when the request was made.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from kproxy.errors import EtcdError
from kproxy.model.etcd import LATE, ChangeType, EtcdKey, KeyChange
from kproxy.model.exchange import Exchange, Nanos
from kproxy.model.recording import Recording


class Stored(NamedTuple):
    """A key as the target's etcd has it: its version, 0 if it is not there, and the revision of its last change."""

    version: int
    revision: int


type Versions = Callable[[EtcdKey], Awaitable[Stored]]
"""How to ask the target's etcd for a key. EtcdError."""

_BY_ITSELF = ("apiextensions.k8s.io/customresourcedefinitions/", "apiregistration.k8s.io/apiservices/")
_POLL_SECONDS = 0.02
_NOT_FOUND = 404


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """Wait until a key is as far as it was when this had been seen: its version there, 0: it was gone."""

    key: EtcdKey
    version: int
    at: Nanos

    @property
    def group(self) -> str:
        """The API group of what the key holds."""
        return self._parts[-3]

    @property
    def resource(self) -> str:
        """Its resource."""
        return self._parts[-2]

    @property
    def name(self) -> str:
        """Its name."""
        return self._parts[-1]

    @property
    def defines(self) -> str:
        """The API group that it defines: PLURAL.GROUP, VERSION.GROUP."""
        return self.name.partition(".")[2]

    @property
    def _parts(self) -> list[str]:
        return self.key.decode("utf-8", "replace").split("/")


@dataclass(slots=True)
class OwnChanges:
    """The session's changes of keys that an api-server writes by itself, in the order in which they were seen."""

    changes: list[KeyChange]
    done: int = 0

    @classmethod
    def of(cls, recording: Recording) -> "OwnChanges":
        """Those of a recording, without what was there when it began."""
        session = recording.session
        prefixes = tuple(f"{session.etcd_prefix}/{each}".encode() for each in _BY_ITSELF)
        start = session.etcd_start or 0
        found = [each for each in recording.key_changes() if each.key.startswith(prefixes) and each.revision > start]
        return cls(sorted(found, key=lambda each: (each.at, each.revision)))

    def until(self, when: Nanos) -> list[Settle]:
        """What had been seen by then and was not said before: of each key the last state."""
        end = bisect_right(self.changes, when, key=lambda each: each.at)
        new, self.done = self.changes[self.done : end], max(self.done, end)
        last = {each.key: each for each in new}
        return [
            Settle(key=key, version=0 if each.type is ChangeType.DELETE else each.version, at=each.at)
            for key, each in last.items()
        ]

    def gone(self, exchange: Exchange) -> list[Settle]:
        """The end of what a request found gone, where it was seen only then: etcd's watch takes its time, too."""
        info, answer = exchange.info, exchange.answer
        if info.verb != "get" or answer is None or answer.status != _NOT_FOUND:
            return []
        of_it = f"/{info.group}/{info.resource}/{info.name}".encode()
        end = bisect_right(self.changes, (exchange.ended or exchange.started) + LATE, key=lambda each: each.at)
        for each in self.changes[self.done : end]:
            if each.key.endswith(of_it) and each.type is ChangeType.DELETE:
                return [Settle(key=each.key, version=0, at=exchange.started)]
            if each.key.endswith(of_it) and each.version == 1:
                break  # it was not there yet
        return []


@dataclass(slots=True)
class Settler:
    """Waits for the target. Once it has not come as far within `patience` seconds, nothing is awaited any more."""

    versions: Versions | None
    patience: float
    gave_up: bool = False
    there: set[EtcdKey] = field(default_factory=set)
    ended: dict[EtcdKey, int] = field(default_factory=dict)
    """Keys whose life was found to be over before its recorded end was awaited, and the version awaited last."""

    async def wait(self, step: Settle) -> bool:
        """Whether it came as far; True too where nothing is awaited."""
        if self.versions is None or self.gave_up:
            return True
        try:
            async with asyncio.timeout(self.patience):
                while not self._settled(step, (await self.versions(step.key)).version):  # noqa: ASYNC110 - etcd is asked
                    await asyncio.sleep(_POLL_SECONDS)
        except (TimeoutError, EtcdError):
            self.gave_up = True
            return False
        return True

    def _settled(self, step: Settle, version: int) -> bool:
        """As far, or farther: what was seen there and is gone has its end behind it, for all versions of that life."""
        if version:
            self.there.add(step.key)
            self.ended.pop(step.key, None)
            return 0 < step.version <= version
        before = self.ended.pop(step.key, step.version)
        gone = step.version == 0 or step.key in self.there or before < step.version
        if gone:
            self.there.discard(step.key)
            if step.version:
                self.ended[step.key] = step.version
        return gone
