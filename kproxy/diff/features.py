"""Which new parts of an API are of one feature, by their own words: names, and what descriptions name.

- A field whose name another new one of its type ends with (`resources`, `allocatedResources`).
- A resource whose kind another new one of its version begins with (MutatingAdmissionPolicy and …PolicyBinding).
- A new resource whose kind a new field's description names (PodCertificateRequest).
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable

from kproxy.diff.locator import Locator
from kproxy.diff.sites import Site, element_name, in_type, steps_of
from kproxy.model.exchange import Seq
from kproxy.model.jsontypes import JSON, text

_ALONE = frozenset({"added", "removed"})
_RESOURCES = re.compile(r"(.*\.resources)\[\d+\]$")
_WORD = re.compile(r"\b[A-Z][A-Za-z0-9]{3,80}\b")
_MAX_WORDS = 10_000

type Resource = tuple[str, str]
"""A group, "" for the core one, and a resource's plural name."""


def described_of(value: JSON) -> str:
    """How what one side has alone is described, "" where it is not."""
    return text(value.get("description"))[:_MAX_WORDS] if isinstance(value, dict) else ""


def _form_of_field(value: JSON) -> str:
    """A field's type: fields of one name and of two types are two."""
    return f"{value.get('type', '')} {value.get('format', '')}" if isinstance(value, dict) else ""


def group_of(site: Site) -> str:
    """The group that a place in discovery is of, "" for the core one: the element's, or the one that was asked for."""
    path = site.exchange.info.path if site.exchange is not None else ""
    return site.group or path.removeprefix("/apis/").partition("/")[0] if path.startswith("/apis") else ""


class Features:
    """Of all differences: new fields by type, new resources, and the kinds that new fields name.

    What one side has alone is told by which side that is, and a resource by its group.
    """

    def __init__(self, sites: Iterable[Site], locator: Locator) -> None:
        self._locator = locator
        fields = defaultdict[tuple[str, str], dict[str, str]](dict)
        kinds = defaultdict[tuple[Seq | None, str, str, str], dict[str, str]](dict)
        words = set[tuple[str, str]]()
        for site in sites:
            each = site.difference
            if each.where != "body" or each.kind not in _ALONE:
                continue
            value = locator.alone(each, site.exchange)
            if (listed := _RESOURCES.match(each.path)) and (kind := _kind(value)):
                kinds[each.seq, listed[1], each.kind, group_of(site)][kind] = element_name(value)
            elif each.path.startswith(("$.components", "$.definitions")):
                name, below = in_type(steps_of(each.path))
                if below[-2:-1] == ("properties",):
                    fields[name, each.kind][below[-1]] = _form_of_field(value)
                    words |= {(each.kind, word) for word in _WORD.findall(described_of(value))}
        self._fields = {
            of: {name: (root, forms[root]) for name, root in _roots(forms, _is_end).items()}
            for of, forms in fields.items()
        }
        self._resources: dict[tuple[str, Resource], str] = {}
        self._named: dict[tuple[str, str], Resource] = {}
        for (_, _, change, group), found in kinds.items():
            roots = _roots(found, _is_beginning)
            self._resources |= {(change, (group, found[kind])): found[roots[kind]] for kind in found}
            for kind in found:
                if (change, kind) in words:
                    self._named.setdefault((change, kind), (group, found[kind]))

    def field(self, of: str, kind: str, name: str) -> tuple[str, str]:
        """The new field of the type whose name this one ends with, or the field itself: its name and its form."""
        return self._fields.get((of, kind), {}).get(name, (name, ""))

    def resource(self, change: str, group: str, name: str) -> str:
        """The new resource of its group whose kind this one's begins with, or the resource itself."""
        return self._resources.get((change, (group, name)), name)

    def is_new(self, change: str, group: str, name: str) -> bool:
        """Whether discovery has this resource on one side alone."""
        return (change, (group, name)) in self._resources

    def resource_named(self, site: Site) -> Resource | None:
        """The new resource whose kind a new field's description names, None where it names none."""
        words = _WORD.findall(described_of(self._locator.alone(site.difference, site.exchange)))
        return next((found for each in words if (found := self._named.get((site.difference.kind, each)))), None)

    def is_named(self, change: str, group: str, name: str) -> bool:
        """Whether a new field names this new resource."""
        return any(of == change and each == (group, name) for (of, _), each in self._named.items())


def _kind(value: JSON) -> str:
    """The kind of a resource in discovery, in either form; "" for a subresource."""
    if not isinstance(value, dict) or "/" in text(value.get("name")):
        return ""
    kind = value.get("responseKind")
    return text(kind.get("kind")) if isinstance(kind, dict) else text(value.get("kind"))


def _roots(names: Iterable[str], belongs: Callable[[str, str], bool]) -> dict[str, str]:
    """Of each name the shortest one that it belongs to, itself where it belongs to none."""
    by_length = sorted(names, key=lambda each: (len(each), each))
    return {name: next(each for each in by_length if each == name or belongs(name, each)) for name in by_length}


def _is_end(name: str, other: str) -> bool:
    return name.endswith(other[:1].upper() + other[1:])


def _is_beginning(name: str, other: str) -> bool:
    return name.startswith(other) and name[len(other) :][:1].isupper()
