"""What an api-server goes on doing by itself after a write, and a client waits for: a target has time for it, too.

A new definition's names are accepted, it is established, its API service is registered; a deleted one's objects are
taken away before it goes itself (k8s.io/apiextensions-apiserver/pkg/controller, kube-aggregator/pkg/controllers/
autoregister). All of that is in etcd, and how long it takes is the machine's business: so a request waits until the
target's etcd has come as far as the recorded one had when the request was made.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile

from kproxy.model.etcd import LATE, ChangeType, EtcdKey, KeyChange
from kproxy.model.exchange import Exchange, Nanos
from kproxy.model.recording import Recording
from kproxy.replay.sights import initial_state, listed_revision

_BY_ITSELF = ("apiextensions.k8s.io/customresourcedefinitions/", "apiregistration.k8s.io/apiservices/")
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
        return _settles(new)

    def found(self, recording: Recording, exchange: Exchange) -> list[Settle]:
        """What a request was shown already, where it was seen only then: etcd's watch takes its time, too."""
        info, answer = exchange.info, exchange.answer
        if answer is None or self.done == len(self.changes) or f"{info.group}/{info.resource}/" not in _BY_ITSELF:
            return []
        if info.verb == "get":
            return self._gone(exchange) if answer.status == _NOT_FOUND else []
        return self._shown(exchange, listed_revision(recording, exchange) or initial_state(recording, exchange)[0])

    def _gone(self, exchange: Exchange) -> list[Settle]:
        """The end of what was not there any more."""
        of_it = _folder(exchange) + exchange.info.name.encode()
        end = bisect_right(self.changes, (exchange.ended or exchange.started) + LATE, key=lambda each: each.at)
        for each in self.changes[self.done : end]:
            if each.key.endswith(of_it) and each.type is ChangeType.DELETE:
                return [Settle(key=each.key, version=0, at=exchange.started)]
            if each.key.endswith(of_it) and each.version == 1:
                break  # it was not there yet
        return []

    def _shown(self, exchange: Exchange, revision: int) -> list[Settle]:
        """What a list showed, or a watch began with, as of a revision; 0: it is not known."""
        folder, name = _folder(exchange), exchange.info.name.encode()
        new = takewhile(lambda each: each.revision <= revision, self.changes[self.done :])
        asked = (
            each for each in new if (each.key if name else each.key[: each.key.rfind(b"/") + 1]).endswith(folder + name)
        )
        return _settles(asked, exchange.started)


def _folder(exchange: Exchange) -> bytes:
    return f"/{exchange.info.group}/{exchange.info.resource}/".encode()


def _settles(changes: Iterable[KeyChange], at: Nanos | None = None) -> list[Settle]:
    """The last state of each key, as it was at some time, or as each was seen."""
    last = {each.key: each for each in changes}
    return [
        Settle(key=key, version=0 if each.type is ChangeType.DELETE else each.version, at=each.at if at is None else at)
        for key, each in last.items()
    ]
