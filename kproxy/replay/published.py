"""Definitions' names in an api-server's indexes: it publishes them by itself, and a replay waits for what was seen.

Who was shown a definition's paths may use them from then on, and who was shown none any more relies on that too. When
they come no key in etcd tells, so the index is asked for again until it lists of the session's definitions what the
recorded one listed. What the target published before it was seen in the recording is not awaited: it does not go again.
Nor is a definition that an index still listed though it was gone: it does not come again.
"""

from dataclasses import dataclass, field

from kproxy.model.exchange import Exchange, Headers, header
from kproxy.model.recording import Recording
from kproxy.replay.ownchanges import Settle
from kproxy.wire.content import ContentError, decode
from kproxy.wire.served import INDEXES, group_of, served_in

_OK, _NOT_MODIFIED = 200, 304
_DEFINITIONS = "customresourcedefinitions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What an index lists of the session's definitions: names that must be there, and groups that must be gone."""

    path: str
    names: frozenset[str]
    gone: frozenset[str]
    by_hash: bool = False
    """Whether a 304 says that the index is the older one that the client has, and not that it is as new as that."""

    def shown(self, status: int, headers: Headers, data: bytes) -> bool:
        """Whether an answer lists as much, and no more of what must be gone."""
        if status == _NOT_MODIFIED:
            return not self.by_hash
        found = _served(self.path, status, header(headers, "content-type"), data)
        if found is None:
            return True  # a refusal, or no index: nothing is to be awaited
        return self.names <= found and not any(group_of(self.path, name) in self.gone for name in found)


@dataclass(slots=True)
class Published:
    """The groups that definitions of the session define, as far as the replay has come: whether one is there."""

    recording: Recording
    groups: dict[str, dict[bytes, bool]] = field(default_factory=dict)

    def settled(self, step: Settle) -> None:
        """A definition came, or went."""
        if step.resource == _DEFINITIONS:
            self.groups.setdefault(step.defines, {})[step.key] = step.version > 0

    def awaited(self, exchange: Exchange) -> Listed | None:
        """What an index must list until it is as the recorded one; None: it need not be awaited."""
        path, answer = exchange.info.path, exchange.answer
        if not self.groups or exchange.info.is_resource or path not in INDEXES or answer is None:
            return None
        data = self.recording.body(answer.body.digest) if answer.body.digest is not None else b""
        found = _served(path, answer.status, header(answer.headers, "content-type"), data)
        if found is None:
            return None
        there = {group for group, keys in self.groups.items() if any(keys.values())}
        names = frozenset(name for name in found if group_of(path, name) in there)
        gone = frozenset(self.groups.keys() - there - {group_of(path, name) for name in found})
        by_hash = bool(header(exchange.request.headers, "if-none-match"))
        return Listed(path=path, names=names, gone=gone, by_hash=by_hash) if names or gone else None


def _served(path: str, status: int, media_type: str, data: bytes) -> frozenset[str] | None:
    if status != _OK:
        return None
    try:
        found = served_in(path, decode(media_type, data))
    except ContentError:
        return None
    return None if found is None else frozenset(found)
