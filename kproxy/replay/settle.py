"""Waits until the target's etcd has come as far as the recorded one had, with what api-servers do by themselves."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from kproxy.errors import EtcdError
from kproxy.model.etcd import EtcdKey
from kproxy.replay.ownchanges import Settle

_POLL_SECONDS = 0.02


class Stored(NamedTuple):
    """A key as the target's etcd has it: its version, 0 if it is not there, and the revision of its last change."""

    version: int
    revision: int


type Versions = Callable[[EtcdKey], Awaitable[Stored]]
"""How to ask the target's etcd for a key. EtcdError."""


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
