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
from kproxy.renaming.shelf import Packed, Shelf

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


class _Times(NamedTuple):
    """The times of a field, and what stands beside it in the replay."""

    beside: str
    pairs: Bijection


type _Object = dict[Field, _Times]


def _dump(fields: _Object) -> Packed:
    return [(tuple(field), times.beside, times.pairs.state()) for field, times in fields.items()]


def _load(fields: Packed) -> _Object:
    return {Field(*field): _Times(beside, Bijection.of_state(state)) for field, beside, state in fields}


def _settle(fields: _Object) -> bool:
    """Whether a time lost an image that it is held against: the times of what has no uid agree with any."""
    changed = [each.pairs.settle() and bool(field.uid) for field, each in fields.items()]
    return any(changed)


class Unchanged:
    """Pairs of times by field, object by object."""

    def __init__(self) -> None:
        self._objects: Shelf[_Object] = Shelf(_dump, _load)
        """By uid."""

    def learn(self, place: Place, baseline: str, replayed: str, weight: int = 1) -> None:
        """A pair of times at one place."""
        field = field_of(place, baseline)
        times = self._find(field) or self._begin(field, beside_of(place, field))
        times.pairs.learn(baseline, replayed, weight)

    def take(self, field: Field, beside: str, baseline: str, replayed: str, weight: int = 1) -> None:
        """The same, of a field; `beside`: what stands beside it in the replay."""
        times = self._find(field) or self._begin(field, beside)
        times.pairs.learn(baseline, replayed, weight)

    def _find(self, field: Field) -> _Times | None:
        fields = self._objects.get(field.uid)
        return fields.get(field) if fields is not None else None

    def _begin(self, field: Field, beside: str, pairs: Bijection | None = None) -> _Times:
        made = _Times(beside, pairs if pairs is not None else Bijection(injective=False))
        fields = self._objects.get(field.uid)
        if fields is None:
            self._objects[field.uid] = {field: made}
        else:
            fields[field] = made
        return made

    def close(self) -> None:
        """Take all away, and the temporary file."""
        self._objects.close()

    def settle(self) -> bool:
        """Decide each field by votes; whether that took its image from any time."""
        return self._objects.change(_settle)

    def agrees(self, place: Place, baseline: str, replayed: str) -> bool:
        """Whether the two are the same field's times; what has no uid (a review, a patch) does not last."""
        return not place.owner.uid or self.stands(field_of(place, baseline), baseline, replayed)

    def stands(self, field: Field, baseline: str, replayed: str) -> bool:
        """The same, of a field."""
        if not field.uid:
            return True
        found = self._find(field)
        return found is not None and found.pairs.agrees(baseline, replayed)

    def image(self, place: Place, baseline: str) -> str | None:
        """What the field's time became."""
        found = self._find(field_of(place, baseline))
        return found.pairs.image(baseline) if found is not None else None

    def items(self) -> Iterator[tuple[Field, str, Bijection]]:
        """Each field, what stands beside it in the replay, and its times."""
        for fields in self._objects.values():
            for field, times in fields.items():
                yield field, times.beside, times.pairs

    @classmethod
    def of(cls, items: Iterable[tuple[Field, str, Bijection]]) -> Self:
        """Times made of their parts; of fields that are one and the same the first has the word."""
        made = cls()
        for field, beside, times in items:
            if made._find(field) is None:
                made._begin(field, beside, times)
        return made

    def inverse(self, image: Callable[[Field, str], Field]) -> Self:
        """The other way; `image` tells a field in the replay's words, from what stands beside it there."""
        return self.of((image(field, beside), field.beside, times.inverse()) for field, beside, times in self.items())

    def compose(self, other: "Unchanged", image: Callable[[Field, str], Field]) -> Self:
        """On to where `other` leads, as far as both know."""
        found = []
        for field, beside, times in self.items():
            further = other._find(image(field, beside))  # noqa: SLF001 - another of its kind
            if further is not None and len(through := times.compose(further.pairs.image)):
                found.append((field, further.beside, through))
        return self.of(found)

    @property
    def known_any(self) -> bool:
        """Whether any pair was learned."""
        return bool(self._objects)

    def __len__(self) -> int:
        """How many have another image."""
        return sum(sum(1 for _ in times.changed()) for _, _, times in self.items())


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


def rest_of(parent: JSONObject, key: str) -> JSONObject:
    """What stands beside a time."""
    return {name: value for name, value in parent.items() if name != key}


def _neighbours(parent: JSONObject, key: str) -> str:
    rest = rest_of(parent, key)
    try:
        text = marshal.dumps(rest, _FORMAT)
    except ValueError:  # too deep
        return _hash_of(rest)
    return _hash(text) if len(text) <= _LARGEST else _hash_of(rest)


@lru_cache(maxsize=1024)
def _hash(rest: bytes) -> str:
    """Of what stands beside a time, which is the same in most documents: it is put in order only once."""
    return _hash_of(marshal.loads(rest))  # noqa: S302 - we wrote it


def _hash_of(rest: JSON) -> str:
    try:
        text = text_of(rest)
    except RecursionError:  # deeper than Python's own limit, which is another one in each version
        text = repr(sorted(_leaves(rest)))
    return hash_of_text(text)


def text_of(rest: JSON) -> str:
    """What is hashed of what stands beside a time. RecursionError."""
    return json.dumps(rest, sort_keys=True)


def hash_of_text(text: str) -> str:
    """The hash by which it is known (Field.beside)."""
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
