"""What an answer shows of objects, by their places; and whether two answers show one version of an object."""

import re
from dataclasses import dataclass
from functools import cached_property

from kproxy.diff.sides import Comparison, Side
from kproxy.model.api import metadata_of
from kproxy.model.exchange import Exchange
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.verdict import Difference
from kproxy.renaming.kinds import is_revision

ELEMENT = re.compile(r"\$\.(items|rows)\[(\d{1,9})\](.*)", re.DOTALL)
"""The path of a list's element, or within one."""
LISTS_OWN = frozenset({"$.metadata.resourceVersion", "$.metadata.remainingItemCount"})
"""What a list says of the state that it shows."""
LISTS = frozenset({"$.items", "$.rows", "$.metadata.continue"})
"""The lists themselves, one of which may be empty, and where they go on."""


def document(side: Side, exchange: Exchange) -> JSONObject | None:
    """What was answered, if it is an object."""
    answer = exchange.answer
    value = side.documents.body(answer.headers, answer.body).value if answer is not None else None
    return value if isinstance(value, dict) else None


def name_of(value: JSON) -> tuple[str, str]:
    """An object's namespace and name."""
    metadata = metadata_of(value)
    return str(metadata.get("namespace", "")), str(metadata.get("name", ""))


@dataclass(frozen=True)
class Listed:
    """A list's objects, or those beside a Table's cells, by their place; and the list's revision."""

    revision: int
    objects: list[JSONObject]

    @classmethod
    def of(cls, value: JSONObject | None) -> "Listed | None":
        """Those of a document; None for what is no list, or has elements that are no objects."""
        if value is None:
            return None
        table = value.get("kind") == "Table"
        revision, elements = metadata_of(value).get("resourceVersion"), value.get("rows" if table else "items")
        if not isinstance(revision, str) or not is_revision(revision) or not isinstance(elements, list):
            return None
        shown = [each.get("object") if table and isinstance(each, dict) else each for each in elements]
        own: JSONObject = {} if table else {"kind": str(value.get("kind")).removesuffix("List")}
        own |= {} if table else {"apiVersion": value.get("apiVersion")}
        objects: list[JSONObject] = [{**own, **each} for each in shown if isinstance(each, dict)]
        return cls(int(revision), objects) if len(objects) == len(elements) else None

    @cached_property
    def places(self) -> dict[tuple[str, str], int]:
        """Where each object stands, by its namespace and name."""
        return {name_of(each): at for at, each in reversed(list(enumerate(self.objects)))}


def at_one_version(of: Comparison, first: JSON, second: JSON) -> bool:
    """Whether the replay's object is shown at the image of the recorded one's revision: then it is that very state."""
    metadata, other = metadata_of(first), metadata_of(second)
    return of.renaming.revisions.agrees(
        str(metadata.get("uid")), str(metadata.get("resourceVersion")), str(other.get("resourceVersion"))
    )


def differ_beside_moments(of: Comparison, found: list[Difference], first: JSONObject, second: JSONObject) -> bool:
    """Whether one of the differences of two answers is none that another moment makes.

    It is within an object that both show at one version, or a list's own and not of its state.
    """
    if at_one_version(of, first, second):
        return any(each.where == "body" for each in found)
    listed, others = Listed.of(first), Listed.of(second)
    if listed is None or others is None:
        return False
    return any(_is_of_no_moment(of, each, listed, others) for each in found if each.where == "body")


def _is_of_no_moment(of: Comparison, found: Difference, listed: Listed, others: Listed) -> bool:
    match = ELEMENT.fullmatch(found.path)
    if match is None:
        return found.path not in LISTS_OWN | LISTS
    at, rest = int(match[2]), match[3]
    if at >= len(listed.objects) or (found.kind == "added" and not rest):
        return False
    place = counterpart(of, listed.objects[at], others)
    return place is not None and at_one_version(of, listed.objects[at], others.objects[place])


def counterpart(of: Comparison, recorded: JSONObject, others: Listed) -> int | None:
    """Where the replay's list has a recorded object, by its name."""
    namespace, name = (of.renaming.text(each) for each in name_of(recorded))
    return others.places.get((namespace, name))
