"""What two values tell, without the documents around them: to be learned, or held against what was learned, again."""

from typing import NamedTuple

from kproxy.model.jsontypes import JSON, text
from kproxy.renaming.derived import TOKEN_VOLUME
from kproxy.renaming.kinds import Kind, Place
from kproxy.renaming.unchanged import Field, beside_of, field_of

DRAWN = frozenset({Kind.NAME, Kind.CLUSTER_IP, Kind.NODE_PORT})
"""Kinds of which a server draws one that no other object has, and may draw it again when that object is gone."""
_NOWHERE = Field("", (), "", "")


class Lesson(NamedTuple):
    """Two values of a kind; of None two texts.

    `whose`: of a revision its scope, of a name where it was drawn; `resource` of a revision; of a time its field, and
    what stands beside that in the replay.
    """

    kind: Kind | None
    baseline: str
    replayed: str
    whose: str = ""
    resource: str = ""
    field: Field = _NOWHERE
    beside: str = ""


def lesson_of(kind: Kind, place: Place, baseline: JSON, replayed: JSON) -> Lesson:
    """What two values at a place tell."""
    first, second = str(baseline), str(replayed)
    if kind is Kind.TIME:
        field = field_of(place, first)
        return Lesson(kind, first, second, field=field, beside=beside_of(place, field))
    if kind is Kind.REVISION:
        return Lesson(kind, first, second, *revision_of(place))
    return Lesson(kind, first, second, drawn_in(kind, place))


def revision_of(place: Place) -> tuple[str, str]:
    """Whose the revision at a place is, and of which resource: one that is only referred to may be of another one."""
    scope = place.revision_scope()
    return scope, place.owner.resource if scope in {"", place.owner.uid} else _ANOTHER


WITHIN = "/"
"""How the place ends that is an object, or in which an object's parts have names: no namespace has that in its name."""


def drawn_in(kind: Kind, place: Place) -> str:
    """Where a value was drawn: its object, by the uid; else the namespace that stands beside it; "": nothing says.

    An object's own name has its uid beside it; an address or a port is its Service's, a token's volume its pod's. What
    is never drawn again was drawn nowhere.
    """
    if kind not in DRAWN:
        return ""
    if kind is Kind.NAME:
        own = text(place.baseline.get("uid"))
        if own or not text(place.baseline.get("name")).startswith(TOKEN_VOLUME):
            return f"{own}{WITHIN}" if own else text(place.baseline.get("namespace"))
    return f"{place.owner.uid}{WITHIN}" if place.owner.uid else ""


_ANOTHER = "?"
"""The resource of an object that is only referred to: nothing says which one it is of."""
