"""When the definitions of API groups came and went in a recording's session, as its etcd has it."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

from kproxy.model.etcd import KeyChange
from kproxy.model.exchange import Nanos
from kproxy.model.recording import Recording

_DEFINITIONS = "/apiextensions.k8s.io/customresourcedefinitions/"


@dataclass(slots=True)
class Definitions:
    """By API group: when each definition of it came, changed and went, in one recording's session."""

    groups: dict[str, dict[bytes, list[KeyChange]]] = field(default_factory=dict)

    @classmethod
    def of(cls, recording: Recording) -> "Definitions":
        """Those of a recording, without what was there when it began and never changed."""
        made, session = cls(), recording.session
        prefix = f"{session.etcd_prefix}{_DEFINITIONS}".encode()
        for change in recording.key_changes():
            if change.key.startswith(prefix) and change.revision > (session.etcd_start or 0):
                name = change.key.removeprefix(prefix).decode("utf-8", "replace")
                made.groups.setdefault(name.partition(".")[2], {}).setdefault(change.key, []).append(change)
        return made

    def only(self, group: str, resource: str) -> "Definitions":
        """Those of one resource of a group."""
        of_group, end = self.groups.get(group, {}), f"/{resource}.{group}".encode()
        return Definitions({group: {key: changes for key, changes in of_group.items() if key.endswith(end)}})

    def may_be_listed(self, group: str, began: Nanos, ended: Nanos) -> bool:
        """Whether a definition of a group was there at a moment from `began` to `ended`."""
        return any(
            was_there or any(each.value is not None for each in changes)
            for was_there, changes in self._during(group, began, ended)
        )

    def may_be_missing(self, group: str, began: Nanos, ended: Nanos) -> bool:
        """Whether no definition of a group was there, or one was on its way out or in, from `began` to `ended`."""
        found = list(self._during(group, began, ended))
        return bool(found) and all(
            not was_there or any(each.value is None for each in changes) for was_there, changes in found
        )

    def changed(self, group: str, began: Nanos, ended: Nanos) -> bool:
        """Whether one of them changed then."""
        return any(changes for _, changes in self._during(group, began, ended))

    def during(self, group: str, began: Nanos, ended: Nanos) -> list[KeyChange]:
        """Their changes then."""
        return [each for _, changes in self._during(group, began, ended) for each in changes]

    def _during(self, group: str, began: Nanos, ended: Nanos) -> list[tuple[bool, list[KeyChange]]]:
        """Of each of a group's definitions: whether it was there when that began, and its changes from then on."""
        found = []
        for changes in self.groups.get(group, {}).values():
            first = bisect_left(changes, began, key=lambda each: each.at)
            last = bisect_right(changes, ended, key=lambda each: each.at)
            was_there = changes[first - 1].value is not None if first else changes[0].previous is not None
            found.append((was_there, changes[first:last]))
        return found
