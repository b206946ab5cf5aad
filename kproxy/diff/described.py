"""What servers say of their APIs, by kind of change: OpenAPI documents and discovery.

One change of a version shows hundreds of times there: a parameter in each path, a default in each schema. What a
reader can act on is the parameter, the field, the type, the resource: its name stands for all places of it. New types
that speak of one another, and the fields that speak of them, are one; so is what names the same feature gate, and what
is of one feature by its names (features.py).
"""

import json
import re
from collections.abc import Iterable, Iterator

from kproxy.diff.features import Features, described_of, group_of
from kproxy.diff.locator import Locator
from kproxy.diff.sites import Site, Steps, element_name, in_type, steps_of
from kproxy.model.jsontypes import JSON, text
from kproxy.model.verdict import Difference

type Change = tuple[str, ...]

type Served = tuple[str, str, str]
"""Which side has it alone (`added`, `removed`), a group, and the resource of it that is served; "": the group is."""

_OPENAPI = "/openapi/"
_INDEX = "/openapi/v3"
_REFERENCE = re.compile(r'"#/(?:components/schemas|definitions)/([^"]{1,300})"')
_GATE = re.compile(r"\b([A-Z][A-Za-z0-9]{3,80}) feature gate")
_ELEMENTS = frozenset({"items", "additionalProperties"})
_ALONE = frozenset({"added", "removed"})
_READS = frozenset({"list", "watch"})
_REFUSED, _FORBIDDEN, _NOT_FOUND = 400, 403, 404
_NO_RIGHT = " cannot create resource "
"""In the authorizer's own words (k8s.io/apiserver/pkg/endpoints/handlers/responsewriters/errors.go)."""


class Described:
    """The types that one side's OpenAPI documents have alone, by which of them speak of one another."""

    def __init__(self, sites: Iterable[Site], locator: Locator) -> None:
        found = list(sites)
        self._locator = locator
        self._features = Features(found, locator)
        self._values: dict[str, list[str]] = {}
        for each in found:
            if each.difference.kind in _ALONE and _is_of_types(each):
                name, below = in_type(steps_of(each.difference.path))
                if name and not below:
                    self._values[name] = self._references(each)
        self._groups = {
            each.difference.path.removeprefix("$.paths['apis/").removesuffix("']")
            for each in found
            if _is_group(each.difference)
        }
        self._roots: dict[str, str] = {}
        for name, references in self._values.items():
            for other in references:
                if other in self._values:
                    self._roots[self._root(other)] = self._root(name)
        self._gates: dict[str, str] = {}
        for each in found:
            if (gate := self._gate(each)) and (of := self._type_of(each)):
                self._gates.setdefault(self._root(of), gate)
        self._told = frozenset(served for each in found if (served := self.served_in(each)) is not None)

    def _type_of(self, site: Site) -> str:
        """The new type that a difference is, or that a new field is of; "": none."""
        if not _is_of_types(site):
            return ""
        name, below = in_type(steps_of(site.difference.path))
        if not below:
            return name if name in self._values else ""
        return next((each for each in self._references(site) if each in self._values), "")

    def _references(self, site: Site) -> list[str]:
        return _REFERENCE.findall(json.dumps(self._locator.alone(site.difference, site.exchange)))

    def _gate(self, site: Site) -> str:
        """The feature gate that what one side has alone needs, by its own words; "" where it names none."""
        if site.difference.kind not in _ALONE:
            return ""
        found = _GATE.search(described_of(self._locator.alone(site.difference, site.exchange)))
        return found[1] if found else ""

    def _root(self, name: str) -> str:
        while (above := self._roots.get(name, name)) != name:
            name = above
        return name

    def change(self, site: Site) -> Change | None:
        """Which change of an API a difference tells; None: it is none of an API's description."""
        if site.exchange is None or site.aspect not in {"field", "member"} or site.difference.where != "body":
            return None
        path = site.exchange.info.path.rstrip("/")
        if path == _INDEX:
            return self._listed(site)
        if path.startswith(_OPENAPI):
            return self._documented(site)
        return self._discovered(site, path) if path in {"/api", "/apis"} or _is_discovery(site) else None

    def served_in(self, site: Site) -> Served | None:
        """What a site says to be served on one side alone; None: neither a group nor a resource."""
        match self.change(site):
            case ("resource", kind, group, resource) | ("served", kind, group, _, resource):
                return kind, group, resource
            case ("served", kind, group) if group:
                return kind, group, ""
            case _:
                return None

    def served_at(self, site: Site) -> Iterator[Served]:
        """What must be served for a site to be as it is: a collection that one side has not, or an APIService.

        A refusal says so of itself only where a collection is not found when it is read. Any other one does where
        discovery or OpenAPI tells it: nobody has a right (403) to what a version does not serve, for a role has its
        rule by the same feature gate; but a right, or a namespace, is missing for other reasons, too, and a creation
        is forbidden for more than the lack of a right.
        """
        difference = site.difference
        if site.aspect == "member" and site.subject is not None and site.subject.resource == "apiservices":
            group = (difference.kind, site.subject.name.partition(".")[2], "")
            if group in self._told:
                yield group
        info = site.exchange.info if site.exchange is not None else None
        if site.aspect != "answer" or info is None or not info.is_resource or info.name:
            return
        kind, status = _refused(difference)
        resource = (kind, info.group, self._features.resource(kind, info.group, info.resource))
        if status == _NOT_FOUND or (status == _FORBIDDEN and (info.verb != "create" or self._no_right(site))):
            proven = status == _NOT_FOUND and info.verb in _READS
            yield from (each for each in (resource,) if proven or each in self._told)
            yield from (each for each in ((kind, info.group, ""),) if each in self._told)

    def _no_right(self, site: Site) -> bool:
        """Whether a refusal says that its user has no right to do so: no quota, no policy, no plugin refused it."""
        said = self._locator.answers(site.exchange) if site.exchange is not None else ()
        return any(_NO_RIGHT in text(each.get("message")) for each in said if isinstance(each, dict))

    def _listed(self, site: Site) -> Change | None:
        """In the list of documents one more or less is a version of a group, or a group with its versions."""
        if len(site.steps) != 2 or site.steps[0] != "paths":
            return None  # its link: of what is in the document
        kind, (root, *parts) = site.difference.kind, site.steps[1].split("/")
        if root not in {"api", "apis"} or not parts:
            return ("openapi", "document", kind, site.steps[1])
        if root == "api":
            return ("served", kind, "", *parts)
        return ("served", kind, *(parts[:1] if parts[0] in self._groups else parts))

    def _discovered(self, site: Site, path: str) -> Change | None:
        """Of discovery: which version, resource or subresource of which group, told in either form."""
        steps = tuple(part for step in site.steps for part in step.split("/"))
        named = [each for each in steps if each not in {"groups", "versions", "resources", "subresources"}]
        above = [each for each in path.removeprefix("/apis").removeprefix("/api").split("/") if each]
        kind, of = site.difference.kind, group_of(site)
        if kind not in _ALONE:
            return None
        value = self._locator.alone(site.difference, site.exchange)
        if site.aspect == "member":  # a group in aggregated discovery
            return ("served", kind, site.label)
        if steps[-1:] == ("subresources",) and isinstance(value, list) and len(value) == 1:
            named.append(element_name(value[0]))
        new = next((at for at, each in enumerate(named) if self._features.is_new(kind, of, each)), None)
        if new is not None:
            del named[new + 1 :]  # a subresource of it
        if named and self._features.is_named(kind, of, named[-1]):
            return ("resource", kind, of, named[-1])
        if named:
            named[-1] = self._features.resource(kind, of, named[-1])
        group = [site.group] if site.group else []
        core = () if path.startswith("/apis") else ("",)
        return ("served", kind, *core, *above, *group, *named)

    def _documented(self, site: Site) -> Change | None:
        steps, kind = site.steps, site.difference.kind
        name, below = in_type(steps)
        if steps[:1] == ("info",):
            return None
        if name:
            return self._typed(site, name, below)
        if steps[-1:] == ("description",):
            return ("openapi", "description")
        if steps[-2:-1] == ("parameters",) and site.label:
            return _of_gate(kind, self._gate(site)) or ("openapi", "parameter", kind, site.label)
        if len(steps) == 2 and steps[0] == "paths":
            return ("openapi", "path", kind, *(each for each in steps[1].split("/") if each and each[0] != "{"))
        return ("openapi", kind, *_general(steps[2:]), *_values(site.difference))

    def _typed(self, site: Site, name: str, below: Steps) -> Change:  # noqa: PLR0911 - one for each kind of change
        kind, last, of = site.difference.kind, below[-1] if below else "", below[-2] if below[1:] else ""
        if "x-kubernetes-group-version-kind" in below:
            return ("openapi", "x-kubernetes-group-version-kind")
        if last == "description" and of != "properties":
            return ("openapi", "description")
        if of in _ELEMENTS and last in {"default", "allOf", "$ref"}:
            return ("openapi", "elements")
        if last == "required" or of == "enum":
            return ("openapi", kind, *_general(below))
        if kind in _ALONE and (not below or of == "properties"):
            new = self._type_of(site)
            if new:
                root = self._root(new)
                return _of_gate(kind, self._gates.get(root, "")) or ("openapi", "type", kind, root)
            return self._property(site, name, last)
        return ("openapi", kind, *_general(below), *_values(site.difference))

    def _property(self, site: Site, of: str, name: str) -> Change:
        """Of a new field: its gate, the new resource that it is about, or the field itself, in all types."""
        kind = site.difference.kind
        if resource := self._features.resource_named(site):
            return ("resource", kind, *resource)
        return _of_gate(kind, self._gate(site)) or ("openapi", "property", kind, *self._features.field(of, kind, name))


def _is_discovery(site: Site) -> bool:
    """Whether a document lists groups, versions or resources."""
    info = site.exchange.info if site.exchange is not None else None
    return info is not None and not info.is_resource and info.path.startswith(("/api/", "/apis/"))


def _is_of_types(site: Site) -> bool:
    """Whether it is in OpenAPI's types."""
    return site.difference.where == "body" and site.difference.path.startswith(("$.components", "$.definitions"))


def _is_group(difference: Difference) -> bool:
    """Whether the list of documents has a group that the other side has not."""
    path = difference.path
    return difference.kind in _ALONE and path.startswith("$.paths['apis/") and path.count("/") == 1


def _refused(difference: Difference) -> tuple[str, int]:
    """Which side was answered alone (`added`, `removed`), and how the other one was refused; 0: it was not."""
    first, second = difference.baseline, difference.replayed
    if not isinstance(first, int) or not isinstance(second, int) or (first < _REFUSED) == (second < _REFUSED):
        return "", 0
    return ("removed", second) if first < _REFUSED else ("added", first)


def _of_gate(kind: str, gate: str) -> Change | None:
    return ("openapi", "gate", kind, gate) if gate else None


def _general(steps: Steps) -> Steps:
    return tuple("*" if each.isdigit() else each for each in steps)


def _values(difference: Difference) -> tuple[str, str]:
    return _value(difference.baseline), _value(difference.replayed)


def _value(value: JSON) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
