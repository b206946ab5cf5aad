"""In which order objects are made through the API: what others stand on first, what hinders others last."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from kproxy.model.api import ObjectRef, metadata_of
from kproxy.model.jsontypes import JSON, text
from kproxy.renaming.kinds import UUID

DEFINITIONS = "customresourcedefinitions"
_HINDERING = frozenset({"resourcequotas", "limitranges", "poddisruptionbudgets", "networkpolicies"})
_ADMISSION = "admissionregistration.k8s.io"
_EARLY = (
    "priorityclasses",
    "storageclasses",
    "runtimeclasses",
    "ingressclasses",
    "clusterroles",
    "nodes",
    "persistentvolumes",
)
_IN_NAMESPACES = ("serviceaccounts", "secrets", "configmaps", "roles", "persistentvolumeclaims", "services")


@dataclass(frozen=True, slots=True)
class Item:
    """What the order is told by; `number` is its place in the start state."""

    number: int
    ref: ObjectRef
    uid: str
    owners: tuple[str, ...]
    created: str

    @property
    def rank(self) -> tuple[int, int]:
        """Definitions, namespaces, cluster-wide, namespaced, what limits others, admission."""
        resource = self.ref.resource
        if self.ref.group == _ADMISSION:
            return 5, 0
        if resource in _HINDERING:
            return 4, 0
        if resource == DEFINITIONS:
            return 0, 0
        if resource == "namespaces" and not self.ref.group:
            return 1, 0
        if not self.ref.namespace:
            return 2, _place(_EARLY, resource)
        return 3, _place(_IN_NAMESPACES, resource)


def item_of(number: int, ref: ObjectRef, document: JSON) -> Item:
    """An object's: it stands on all whose uids it names, as owner or otherwise (an Event, a claim, an endpoint)."""
    metadata = metadata_of(document)
    uid = text(metadata.get("uid"))
    named = dict.fromkeys(UUID.findall(json.dumps(document)))
    return Item(number, ref, uid, tuple(each for each in named if each != uid), text(metadata.get("creationTimestamp")))


def in_order(items: Iterable[Item]) -> list[Item]:
    """By rank and age, but owners before what they own, however deep; owners that are not there hinder nobody."""
    found = sorted(items, key=lambda each: (each.rank, each.created, each.ref))
    by_uid = {each.uid: each for each in found if each.uid}
    done: dict[int, Item] = {}
    for each in found:
        _with_owners(each, by_uid, done)
    return list(done.values())


def _with_owners(item: Item, by_uid: dict[str, Item], done: dict[int, Item]) -> None:
    """Depth first, without recursion: a chain of owners is as long as whoever made it wanted."""
    stack, opened = [item], set[int]()
    while stack:
        top = stack[-1]
        waiting = (
            []
            if top.number in opened
            else [
                owner
                for uid in top.owners
                if (owner := by_uid.get(uid)) is not None and owner.number not in done and owner.number not in opened
            ]
        )
        opened.add(top.number)
        if waiting:
            stack += waiting
            continue
        stack.pop()
        done.setdefault(top.number, top)


def _place(names: tuple[str, ...], name: str) -> int:
    return names.index(name) if name in names else len(names)
