"""Times: a field that did not change must not change in the replay either; others need only keep their order.

A field is taken as unchanged when the object, the way to it and all that stands beside it are the same: a condition
with its status and reason, a manager's entry with its fields. metadata's own times never change once they are set. A
manager that writes the same fields again sets its time anew: two writes within one second there may stand on both sides
of a second here. So the newest time of an object's managers is the image of this one version's only.
"""

import hashlib
import json

from kproxy.model.jsontypes import JSONObject
from kproxy.renaming.bijection import Bijection
from kproxy.renaming.kinds import Place

_WITHOUT_NEIGHBOURS = frozenset({"creationTimestamp", "deletionTimestamp"})
_AHEAD = frozenset({"expirationTimestamp", "notAfter", "notBefore"})


class Unchanged:
    """Pairs of times by field."""

    def __init__(self) -> None:
        self._fields: dict[tuple[str, ...], Bijection] = {}

    def learn(self, place: Place, baseline: str, replayed: str) -> None:
        """A pair of times at one place."""
        self._fields.setdefault(_field(place, baseline), Bijection(injective=False)).learn(baseline, replayed)

    def settle(self) -> None:
        """Decide each field by votes."""
        for each in self._fields.values():
            each.settle()

    def agrees(self, place: Place, baseline: str, replayed: str) -> bool:
        """Whether the two are the same field's times; what has no uid (a review, a patch) does not last."""
        if not place.owner.uid:
            return True
        each = self._fields.get(_field(place, baseline))
        return each is not None and each.agrees(baseline, replayed)

    def image(self, place: Place, baseline: str) -> str | None:
        """What the field's time became."""
        each = self._fields.get(_field(place, baseline))
        return each.image(baseline) if each is not None else None

    def __len__(self) -> int:
        """How many have another image."""
        return sum(sum(1 for _ in each.changed()) for each in self._fields.values())


def lies_ahead(place: Place) -> bool:
    """Whether the time is one that is still to come when it is set, so that it stands in no order with events."""
    grace = place.baseline.get("deletionGracePeriodSeconds")
    return place.key in _AHEAD or (place.key == "deletionTimestamp" and isinstance(grace, int) and grace > 0)


def _field(place: Place, time: str) -> tuple[str, ...]:
    if place.key in _WITHOUT_NEIGHBOURS:
        return (place.owner.uid, *place.fields, place.key)
    if "managedFields" in place.fields and time == place.owner.newest and place.owner.revision:
        return (place.owner.uid, *place.fields, place.owner.revision, _neighbours(place.baseline, place.key))
    return (place.owner.uid, *place.fields, place.key, _neighbours(place.baseline, place.key))


def _neighbours(parent: JSONObject, key: str) -> str:
    rest = {name: value for name, value in parent.items() if name != key}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
