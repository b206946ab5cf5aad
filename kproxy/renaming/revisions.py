"""Revisions and their images: exact for each object's versions, containing for collections, resource by resource."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Self

from kproxy.renaming.bijection import Bijection
from kproxy.renaming.shelf import Shelf
from kproxy.renaming.spilled import Spilled
from kproxy.renaming.timeline import Timeline

_HOT = 1 << 11
_BETWEEN = " "  # which stands in no revision
_NOTHING = Timeline()


class Revisions:
    """resourceVersions seen beside each other, for each object (by the baseline's uid) and for collections ("").

    Collections go by resource (`apps/deployments`, `pods`): under parallelism the changes of two resources may come in
    another order than they were recorded in, and a revision between them has no image that is right for both.
    "" is the resource of what does not say whose it is: all changes together.
    """

    def __init__(self) -> None:
        self._scopes: Shelf[Bijection] = Shelf(Bijection.state, Bijection.of_state)
        self._listed = Spilled(_HOT)
        """By resource and the baseline's."""
        self._known: dict[str, Timeline] = {}
        self._made = Spilled(_HOT)
        """The revisions that are an object's version: a store gives each of them once, whosever it is."""

    def learn(self, scope: str, baseline: str, replayed: str, weight: int = 1, resource: str = "") -> None:
        """A pair at one place. A collection's revision may have many images: background moves the store on."""
        if scope:
            bijection = self._scopes.get(scope)
            if bijection is None:
                bijection = self._scopes[scope] = Bijection()
            bijection.learn(baseline, replayed, weight)
            self._made[baseline] = replayed
        else:
            self._listed[_listed(resource, baseline)] = replayed
        for each in (resource, "") if scope and resource else ("",):
            known = self._known.get(each)
            if known is None:
                known = self._known[each] = Timeline()
            known.learn(int(baseline), int(replayed))

    def close(self) -> None:
        """Take all away, and the temporary files."""
        for each in (self._scopes, self._listed, self._made):
            each.close()
        for known in self._known.values():
            known.close()

    def settle(self) -> bool:
        """Decide each object's map by votes; whether that took its image from any version."""
        return self._scopes.change(Bijection.settle)

    def agrees(self, scope: str, baseline: str, replayed: str) -> bool:
        """Whether an object's version is the replay's version."""
        bijection = self._scopes.get(scope)
        return bijection is not None and bijection.agrees(baseline, replayed)

    def image(self, scope: str, baseline: str, resource: str = "") -> str | None:
        """What to send for a revision: the object's own image, else the collection's of that resource.

        A collection's is the one that its list showed, as long as that one contains every change known up to it and
        none known to come later; else the smallest that contains those up to it. Where no change of the resource is
        known up to it: what the store had seen by then, but none of the resource's later changes. Where they came in
        another order, no revision contains those up to it and none of the later ones: whoever listed goes on from what
        was listed. What says neither whose it is nor of which resource (a patch that insists on a version) names a
        version that some object had.
        """
        if scope and (bijection := self._scopes.get(scope)) and (image := bijection.image(baseline)):
            return image
        if not resource and (made := self._made.get(baseline)) is not None:
            return made
        listed = self._listed.get(_listed(resource, baseline))
        least, most = self._known.get(resource, _NOTHING).bounds(int(baseline))
        in_order = least is None or most is None or least < most
        fits = listed is not None and (least is None or int(listed) >= least) and (most is None or int(listed) < most)
        if listed is not None and (fits or not in_order):
            return listed
        if least is None:
            least, _ = self._known.get("", _NOTHING).bounds(int(baseline))
            least = least if least is None or most is None else min(least, most - 1)
        return str(least) if least is not None else listed

    def exact(self, scope: str, baseline: int | None) -> int | None:
        """The image of one object's version, None if it was never seen."""
        bijection = self._scopes.get(scope)
        image = bijection.image(str(baseline)) if bijection and baseline is not None else None
        return int(image) if image is not None else None

    def origin(self, scope: str, replayed: int | None) -> int | None:
        """The other way: of which of one object's versions this is the image, None if of none that is known."""
        bijection = self._scopes.get(scope)
        baseline = bijection.origin(str(replayed)) if bijection and replayed is not None else None
        return int(baseline) if baseline is not None else None

    def pairs(self) -> Iterator[tuple[str, list[tuple[int, int]]]]:
        """For each object the pairs of revisions, in the baseline's order."""
        for scope, bijection in self._scopes.items():
            yield scope, sorted((int(a), int(b)) for a, b in bijection.items())

    def objects(self) -> Iterator[tuple[str, Bijection]]:
        """Each object's versions."""
        return self._scopes.items()

    def listed(self) -> Iterator[tuple[str, str, str]]:
        """What lists showed: resource, baseline, replayed."""
        for key, replayed in self._listed.items():
            resource, _, baseline = key.rpartition(_BETWEEN)
            yield resource, baseline, replayed

    def known(self) -> Iterator[tuple[str, Timeline]]:
        """The changes known, by resource; those of "" are all, and what lists showed."""
        return iter(self._known.items())

    @classmethod
    def of(
        cls,
        objects: Iterable[tuple[str, Bijection]],
        listed: Iterable[tuple[tuple[str, str], str]],
        known: Mapping[str, Timeline],
    ) -> Self:
        """Revisions made of their parts."""
        made = cls()
        for scope, bijection in objects:
            made._scopes[scope] = bijection
            made._made.update(bijection.items())
        made._listed.update((_listed(*key), image) for key, image in listed)
        made._known = dict(known)
        return made

    def inverse(self, text: Callable[[str], str]) -> Self:
        """The other way; `text` renames the owners (a uid, a key)."""
        return self.of(
            ((text(scope), each.inverse()) for scope, each in self._scopes.items()),
            (((resource, image), baseline) for resource, baseline, image in reversed(list(self.listed()))),
            {resource: each.inverse() for resource, each in self._known.items()},
        )

    def compose(self, other: "Revisions", text: Callable[[str], str]) -> Self:
        """On to where `other` leads, as far as both know."""
        objects = (
            (scope, each.compose(_images(other._scopes.get(text(scope)))))  # noqa: SLF001 - another of its kind
            for scope, each in self._scopes.items()
        )
        known = {name: each.compose(other._known.get(name, _NOTHING)) for name, each in self._known.items()}  # noqa: SLF001 - the same
        listed = (
            ((name, baseline), other._listed.get(_listed(name, image)))  # noqa: SLF001 - the same
            for name, baseline, image in self.listed()
        )
        return self.of(
            ((scope, each) for scope, each in objects if len(each)),
            ((key, image) for key, image in listed if image is not None),
            {name: each for name, each in known.items() if len(each)},
        )

    @property
    def known_any(self) -> bool:
        """Whether any pair was learned."""
        return bool(self._known)

    def __len__(self) -> int:
        """How many revisions have another image."""
        return sum(sum(1 for _ in each.changed()) for _, each in self._scopes.items())


def _listed(resource: str, baseline: str) -> str:
    return f"{resource}{_BETWEEN}{baseline}"


def _images(bijection: Bijection | None) -> Callable[[str], str | None]:
    return bijection.image if bijection is not None else lambda _: None
