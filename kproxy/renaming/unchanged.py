"""Times: a field that did not change must not change in the replay either; others need only keep their order.

A field is taken as unchanged when the object, the way to it and all that stands beside it are the same: a condition
with its status and reason, a manager's entry with its fields. metadata's own times never change once they are set, but
a deletion's when its time of grace is made shorter (k8s.io/apiserver/pkg/registry/rest/delete.go). A
manager that writes the same fields again sets its time anew: two writes within one second there may stand on both sides
of a second here. So the newest time of an object's managers is the image of this one version's only.
"""

import hashlib
import json
import marshal
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple, Self

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.renaming.bijection import Bijection
from kproxy.renaming.kinds import Place

_FORMAT = 2  # of marshal: equal values give equal bytes
_LARGEST = 1 << 13
"""Bytes of what is remembered."""
_AHEAD = frozenset({"expirationTimestamp", "notAfter", "notBefore"})


class Field(NamedTuple):
    """Which time: whose, the way there, the version that alone has it ("": any), and what stands beside it."""

    uid: str
    way: tuple[str, ...]
    revision: str
    beside: str


class Unchanged:
    """Pairs of times by field."""

    def __init__(self) -> None:
        self._fields: dict[Field, Bijection] = {}
        self._beside: dict[Field, str] = {}
        """What stands beside the field in the replay."""

    def learn(self, place: Place, baseline: str, replayed: str, weight: int = 1) -> None:
        """A pair of times at one place."""
        field = field_of(place, baseline)
        if field not in self._fields:
            self._begin(field, beside_of(place, field))
        self._fields[field].learn(baseline, replayed, weight)

    def take(self, field: Field, beside: str, baseline: str, replayed: str, weight: int = 1) -> None:
        """The same, of a field; `beside`: what stands beside it in the replay."""
        if field not in self._fields:
            self._begin(field, beside)
        self._fields[field].learn(baseline, replayed, weight)

    def _begin(self, field: Field, beside: str) -> None:
        self._fields[field] = Bijection(injective=False)
        self._beside[field] = beside

    def settle(self) -> bool:
        """Decide each field by votes; whether that took its image from any time."""
        changed = [each.settle() for each in self._fields.values()]
        return any(changed)

    def agrees(self, place: Place, baseline: str, replayed: str) -> bool:
        """Whether the two are the same field's times; what has no uid (a review, a patch) does not last."""
        return not place.owner.uid or self.stands(field_of(place, baseline), baseline, replayed)

    def stands(self, field: Field, baseline: str, replayed: str) -> bool:
        """The same, of a field."""
        if not field.uid:
            return True
        each = self._fields.get(field)
        return each is not None and each.agrees(baseline, replayed)

    def image(self, place: Place, baseline: str) -> str | None:
        """What the field's time became."""
        each = self._fields.get(field_of(place, baseline))
        return each.image(baseline) if each is not None else None

    def items(self) -> Iterator[tuple[Field, str, Bijection]]:
        """Each field, what stands beside it in the replay, and its times."""
        return ((field, self._beside[field], times) for field, times in self._fields.items())

    @classmethod
    def of(cls, items: Iterable[tuple[Field, str, Bijection]]) -> Self:
        """Times made of their parts; of fields that are one and the same the first has the word."""
        made = cls()
        for field, beside, times in items:
            if field not in made._fields:
                made._fields[field], made._beside[field] = times, beside
        return made

    def inverse(self, image: Callable[[Field, str], Field]) -> Self:
        """The other way; `image` tells a field in the replay's words, from what stands beside it there."""
        return self.of((image(field, beside), field.beside, times.inverse()) for field, beside, times in self.items())

    def compose(self, other: "Unchanged", image: Callable[[Field, str], Field]) -> Self:
        """On to where `other` leads, as far as both know."""
        found = []
        for field, beside, times in self.items():
            there = image(field, beside)
            further = other._fields.get(there)
            if further is not None and len(through := times.compose(further.image)):
                found.append((field, other._beside[there], through))  # noqa: SLF001 - another of its kind
        return self.of(found)

    @property
    def known_any(self) -> bool:
        """Whether any pair was learned."""
        return bool(self._fields)

    def __len__(self) -> int:
        """How many have another image."""
        return sum(sum(1 for _ in each.changed()) for each in self._fields.values())


def lies_ahead(place: Place) -> bool:
    """Whether the time is one that is still to come when it is set, so that it stands in no order with events."""
    return place.key in _AHEAD


def grace_of(place: Place) -> tuple[int, int]:
    """By how many seconds a time is later than what happened then, there and here: a deletion's is, by its grace.

    Source: k8s.io/apiserver/pkg/registry/rest/delete.go (BeforeDelete).
    """
    if place.key != "deletionTimestamp":
        return 0, 0
    return _grace(place.baseline), _grace(place.replayed)


def _grace(metadata: JSONObject) -> int:
    grace = metadata.get("deletionGracePeriodSeconds")
    return grace if isinstance(grace, int) else 0


def field_of(place: Place, time: str) -> Field:
    """Which time it is that stands at a place in the baseline."""
    uid, way = place.owner.uid, place.fields
    if place.key == "creationTimestamp":
        return Field(uid, (*way, place.key), "", "")
    if place.key == "deletionTimestamp":
        grace = place.baseline.get("deletionGracePeriodSeconds")  # which its client asked for: the same on both sides
        return Field(uid, (*way, place.key, f"{grace} s"), "", "")
    if "managedFields" in way and time == place.owner.newest and place.owner.revision:
        return Field(uid, way, place.owner.revision, _neighbours(place.baseline, place.key))
    return Field(uid, (*way, place.key), "", _neighbours(place.baseline, place.key))


def beside_of(place: Place, field: Field) -> str:
    """What stands beside a field in the replay."""
    return _neighbours(place.replayed, place.key) if field.beside else ""


def _neighbours(parent: JSONObject, key: str) -> str:
    rest = {name: value for name, value in parent.items() if name != key}
    try:
        text = marshal.dumps(rest, _FORMAT)
    except ValueError:  # too deep
        return _hash_of(rest)
    return _hash(text) if len(text) <= _LARGEST else _hash_of(rest)


@lru_cache(maxsize=4096)
def _hash(rest: bytes) -> str:
    """Of what stands beside a time, which is the same in most documents: it is put in order only once."""
    return _hash_of(marshal.loads(rest))  # noqa: S302 - we wrote it


def _hash_of(rest: JSON) -> str:
    try:
        text = json.dumps(rest, sort_keys=True)
    except RecursionError:  # deeper than Python's own limit, which is another one in each version
        text = repr(sorted(_leaves(rest)))
    return hashlib.sha256(text.encode()).hexdigest()


def _leaves(value: JSON) -> Iterator[tuple[str, str]]:
    """Where each leaf is (a digest of the way there) and what it is, however deep: without recursion."""
    waiting: list[tuple[str, JSON]] = [("", value)]
    while waiting:
        way, value = waiting.pop()
        if isinstance(value, dict) and value:
            waiting.extend(
                (hashlib.sha256(f"{way}.{name!r}".encode()).hexdigest(), each) for name, each in value.items()
            )
        elif isinstance(value, list) and value:
            waiting.extend((hashlib.sha256(f"{way}[{at}]".encode()).hexdigest(), each) for at, each in enumerate(value))
        else:
            yield way, repr(value)
