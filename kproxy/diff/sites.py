"""A difference at its place: about which object, in which field, and when it can have begun."""

import re
from dataclasses import dataclass
from typing import Literal

from kproxy.model.api import WRITE_VERBS, ObjectRef
from kproxy.model.attribution import LedgerEntry
from kproxy.model.exchange import Exchange
from kproxy.model.jsontypes import JSON, mapping, text
from kproxy.model.verdict import Difference
from kproxy.renaming.target import parameter

type Aspect = Literal["exchange", "request", "answer", "header", "field", "member", "key", "end"]
"""What differs: that there is the exchange, its request, which answer it got, a header, a field of a document, whether
an object is in a list or an event in a stream, whether a key of etcd was changed, the exchange's end."""

_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]|\['((?:\\.|[^'\\])*)'\]")

_REVISIONS = frozenset({"etcd version", "etcd mod_revision", "etcd create_revision"})

_OPENAPI = "/openapi/"

_TYPES: tuple[tuple[str, ...], ...] = (("components", "schemas"), ("definitions",))
"""Where OpenAPI v3 and v2 have their types."""

type Steps = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A difference at its place.

    `subject`: the object that it is about, in the baseline's words; `thing`: what its fields are of
    ("deployments.apps", "deployments.apps/scale", "Status"); `steps`: the way to the field from that object on;
    `when`: the earliest moment at which the baseline can show it, in nanoseconds of its session; `event`: a watch
    event's type. `label`: what an element of a list calls itself, where it is no object of a resource.
    """

    difference: Difference
    aspect: Aspect
    when: float
    exchange: Exchange | None = None
    subject: ObjectRef | None = None
    thing: str = ""
    steps: Steps = ()
    event: str = ""
    label: str = ""
    group: str = ""
    entry: LedgerEntry | None = None

    @property
    def is_write(self) -> bool:
        """Whether its request can have changed something."""
        exchange = self.exchange
        return (
            exchange is not None
            and exchange.info.verb in WRITE_VERBS
            and not parameter(exchange.request.target, "dryRun")
        )


def is_unsteady(site: Site) -> bool:
    """Whether it shows that an object had other states than those that are compared: an event, a change, a version."""
    if site.difference.where == "etcd":
        return site.aspect == "key" or (len(site.steps) == 1 and site.steps[0] in _REVISIONS)
    return site.difference.where == "stream" and (site.aspect == "member" or shows_revision(site))


def shows_revision(site: Site) -> bool:
    """Whether what differs is an object's revision, and not by its value."""
    if site.aspect != "field" or site.difference.kind not in {"renamed", "reordered"}:
        return False
    return site.steps[-2:] == ("metadata", "resourceVersion") or site.steps[:1] in {(each,) for each in _REVISIONS}


def history_of(site: Site) -> tuple[object, ...] | None:
    """Which states of which object are compared there one by one: those in a stream, or those of a key."""
    if site.difference.where == "etcd":
        return ("etcd", site.difference.key)
    if site.difference.where == "stream" and site.subject is not None:
        return ("stream", site.difference.seq, site.subject)
    return None


def openapi_of(site: Site) -> tuple[object, ...] | None:
    """OpenAPI's index names its documents by what is in them: another content has another name, mark, and redirects."""
    exchange, path = site.exchange, site.difference.path
    if exchange is None or not exchange.info.path.startswith(_OPENAPI):
        return None
    linked = site.aspect == "field" and site.steps[-1:] == ("serverRelativeURL",)
    asked = site.aspect == "request" and path == "target"
    if linked or asked or site.aspect == "answer" or (site.aspect == "header" and path == "etag"):
        return ("openapi",)
    return None


def label_of(difference: Difference) -> str:
    """What an element calls itself that one side has alone; "" where it does not."""
    value = difference.baseline if difference.kind == "removed" else difference.replayed
    if difference.kind not in {"added", "removed"} or not isinstance(value, dict):
        return ""
    return element_name(value)


def element_name(value: JSON) -> str:
    """What an element of a list calls itself, "" where it does not."""
    names = ("name", "resource", "subresource", "version", "type")
    return next((name for each in names if (name := text(mapping(value).get(each)))), "")


def in_type(steps: Steps) -> tuple[str, Steps]:
    """The OpenAPI type that a place is in, and the way from there on; "" for a place in none."""
    for types in _TYPES:
        if steps[: len(types)] == types and len(steps) > len(types):
            return steps[len(types)], steps[len(types) + 1 :]
    return "", ()


def steps_of(path: str) -> Steps:
    """A path's fields and indexes."""
    return tuple(
        name or index or quoted.replace("\\'", "'").replace("\\\\", "\\")
        for name, index, quoted in _STEP.findall(path.removeprefix("$"))
    )
