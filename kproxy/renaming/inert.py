"""What holds nothing that a server chooses: equal subtrees of that kind need no walk.

Most of two documents is equal (specs, the fields that managers own), and most of that recurs from document to document,
so each text is judged once. Equal values that a server chose are still walked: they are learned like others.
"""

import marshal

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.renaming.derived import HASH_FIELDS
from kproxy.renaming.kinds import UUID, Owner, Place, classify
from kproxy.renaming.pseudonyms import has_pseudonym

_MOST = 1 << 21
"""Bytes of texts that are remembered."""

_FORMAT = 2  # without references between equal parts, so that equal values give equal bytes
_SHORT = 20
"""A time, the shortest value that its own form tells, has as many characters."""

_NAMED = frozenset(
    {"resourceVersion", "name", "value", "clusterIP", "clusterIPs", "continue", "serverAddress", "data", "cells"}
    | {"nodePort", "healthCheckNodePort", "port", "targetPort"}
    | HASH_FIELDS
)
"""Fields whose texts and numbers can be a server's choice whatever their form."""


class Inert:
    """Judges equal values, and remembers what it said."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, bool, bytes], bool] = {}
        self._size = 0

    def subtree(self, place: Place, baseline: JSON, replayed: JSON) -> bool:
        """Whether an object or list is the same on both sides, and nothing in it was a server's choice."""
        if baseline != replayed or place.key == "cells":
            return False
        if not baseline:
            return True
        try:
            text = marshal.dumps(baseline, _FORMAT)
            if text != marshal.dumps(replayed, _FORMAT):  # 1 == 1.0 == True
                return False
        except ValueError:  # too deep, or a number that has no such form
            return False
        known = (place.key, place.owner.servers_own, text)
        found = self._known.get(known)
        if found is None:
            found = _nothing_chosen(place.key, place.baseline, Owner(servers_own=known[1], listing=True), baseline)
            self._size += len(text) + 200
            if self._size > _MOST:
                self._known.clear()
                self._size = len(text)
            self._known[known] = found
        return found


def plain(key: str, value: JSON) -> bool:
    """Whether an equal leaf is certainly nobody's choice: short, or no text at all, in a field that says nothing."""
    if isinstance(value, str):
        return len(value) < _SHORT and key not in _NAMED
    return value is None or isinstance(value, bool | float) or (isinstance(value, int) and key not in _NAMED)


def _nothing_chosen(key: str, parent: JSONObject, owner: Owner, value: JSON) -> bool:
    if isinstance(value, dict):
        return all(_nothing_chosen(name, value, owner, each) for name, each in value.items())
    if key == "cells":
        return False
    if isinstance(value, list):
        return all(_nothing_chosen(key, parent, owner, each) for each in value)
    if isinstance(value, str) and (UUID.search(value) or has_pseudonym(value)):
        return False
    return classify(Place(key, parent, parent, owner), value, value) is None


SHARED = Inert()
"""What one walk found out, the others know."""
