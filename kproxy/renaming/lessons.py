"""What two values tell, without the documents around them: to be learned, or held against what was learned, again."""

from typing import NamedTuple

from kproxy.model.jsontypes import JSON, text
from kproxy.renaming.derived import TOKEN_VOLUME
from kproxy.renaming.kinds import Kind, Place
from kproxy.renaming.unchanged import Field, beside_of, field_of

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
    return Lesson(kind, first, second, drawn_in(place) if kind is Kind.NAME else "")


def revision_of(place: Place) -> tuple[str, str]:
    """Whose the revision at a place is, and of which resource: one that is only referred to may be of another one."""
    scope = place.revision_scope()
    return scope, place.owner.resource if scope in {"", place.owner.uid} else _ANOTHER


WITHIN = "/"
"""How the place ends in which an object's parts have names: no namespace has that in its name."""


def drawn_in(place: Place) -> str:
    """Where a name was drawn: the namespace that stands beside it, or, of a pod's volume, the pod; "": nothing says."""
    namespace = place.baseline.get("namespace")
    if namespace:
        return str(namespace)
    within = place.owner.uid and text(place.baseline.get("name")).startswith(TOKEN_VOLUME)
    return f"{place.owner.uid}{WITHIN}" if within else ""


_ANOTHER = "?"
"""The resource of an object that is only referred to: nothing says which one it is of."""
