"""Revisions and their images: exact for each object's versions, smallest containing for collections."""

from bisect import bisect_right

from kproxy.renaming.bijection import Bijection


class Revisions:
    """resourceVersions seen beside each other, for each object (by the baseline's uid) and for collections ("")."""

    def __init__(self) -> None:
        self._scopes: dict[str, Bijection] = {}
        self._listed: dict[str, str] = {}
        self._known: dict[int, int] = {}

    def learn(self, scope: str, baseline: str, replayed: str, weight: int = 1) -> None:
        """A pair at one place. A collection's revision may have many images: background moves the store on."""
        if scope:
            self._scopes.setdefault(scope, Bijection()).learn(baseline, replayed, weight)
        else:
            self._listed[baseline] = replayed
        self._known[int(baseline)] = max(int(replayed), self._known.get(int(baseline), 0))

    def settle(self) -> None:
        """Decide each object's map by votes."""
        for bijection in self._scopes.values():
            bijection.settle()

    def agrees(self, scope: str, baseline: str, replayed: str) -> bool:
        """Whether an object's version is the replay's version."""
        bijection = self._scopes.get(scope)
        return bijection is not None and bijection.agrees(baseline, replayed)

    def image(self, scope: str, baseline: str) -> str | None:
        """What to send for a revision: the object's own image, else a list's, else the smallest that contains it.

        The smallest containing one is the image of the greatest revision known not to be beyond it.
        """
        if scope and (bijection := self._scopes.get(scope)) and (image := bijection.image(baseline)):
            return image
        if baseline in self._listed:
            return self._listed[baseline]
        known = sorted(self._known)
        at = bisect_right(known, int(baseline))
        if not at:
            return None
        return str(max(self._known[revision] for revision in known[:at]))

    def exact(self, scope: str, baseline: int | None) -> int | None:
        """The image of one object's version, None if it was never seen."""
        bijection = self._scopes.get(scope)
        image = bijection.image(str(baseline)) if bijection and baseline is not None else None
        return int(image) if image is not None else None

    def pairs(self) -> dict[str, list[tuple[int, int]]]:
        """For each object the pairs of revisions, in the baseline's order."""
        return {
            scope: sorted((int(a), int(b)) for a, b in bijection.items()) for scope, bijection in self._scopes.items()
        }

    def __len__(self) -> int:
        """How many revisions have another image."""
        return sum(sum(1 for _ in each.changed()) for each in self._scopes.values())
