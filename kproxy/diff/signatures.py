"""The same behaviour in many places: what two differences have in common when one cause makes them.

List indexes, times, uids and the object's own name are taken out of paths and values; what is left must be equal.
"""

import json
import re

from kproxy.diff.sites import Site, Steps, shows_revision
from kproxy.model.jsontypes import JSON
from kproxy.renaming.kinds import UUID

type Signature = tuple[str, ...]

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_VERSION = re.compile(r"\bv?\d+\.\d+(?:\.\d+)?(?:[-+][0-9A-Za-z.+-]*)?")
_KEYED = re.compile(r"^(?:k|v|i):")
_WITHOUT_VALUES = frozenset({"renamed", "reordered"})
"""Kinds of difference in which the values are the server's choice: another pair at each place."""


def signature(site: Site) -> Signature:  # noqa: PLR0911, C901 - one for each aspect
    """Equal for differences that are one behaviour."""
    difference = site.difference
    values = () if difference.kind in _WITHOUT_VALUES else _values(site)
    verb = site.exchange.info.verb if site.exchange is not None else ""
    match site.aspect:
        case "header":
            alone = difference.kind in {"removed", "added"}
            return ("header", difference.path, difference.kind, *(() if alone else values))
        case "field" | "request":
            if site.steps[:1] == ("columnDefinitions",) and (of := _of_columns(site)):
                return ("columns", site.thing, of)
            if shows_revision(site):
                return ("revision",)
            if change := version_change(difference.baseline, difference.replayed):
                return ("version", *change)
            return ("field", site.thing, *general(site), difference.kind, *values)
        case "member":
            return ("member", verb, site.thing, difference.kind, site.event)
        case "key":
            kinds = (str(each).partition(" ")[0] for each in (difference.baseline, difference.replayed))
            return ("key", site.thing, difference.kind, *kinds)
        case "exchange":
            return ("exchange", verb, site.thing, difference.kind)
        case "answer":
            return ("answer", verb, site.thing, difference.path, *values)
        case "end":
            return ("end", verb, *values)


def alone_anywhere(site: Site) -> Signature | None:
    """A field in a field that one side has alone, with its value: of whatever resource it is, it is one behaviour."""
    if site.aspect != "field" or site.difference.kind not in {"added", "removed"} or len(site.steps) < 2:
        return None
    if site.exchange is None or not site.exchange.info.is_resource or not site.thing:
        return None
    return ("alone", *general(site), site.difference.kind, *_values(site))


def has_other_columns(site: Site) -> bool:
    """Whether a Table has a column more or less."""
    return (
        len(site.steps) == 2 and site.steps[0] == "columnDefinitions" and site.difference.kind in {"added", "removed"}
    )


def _of_columns(site: Site) -> str:
    """What of a Table's columns is another one: that they are there, their descriptions; "" for anything else."""
    if has_other_columns(site):
        return site.difference.kind
    return "description" if site.steps[-1] == "description" else ""


def general(site: Site) -> Steps:
    """A field's way without indexes, keys of list elements, uids and the object's own name."""
    names = _names(site)
    return tuple(_general_step(step, names) for step in site.steps)


def _general_step(step: str, names: "re.Pattern[str] | None") -> str:
    if step.isdigit():
        return "*"
    if _KEYED.match(step):
        return f"{step[:2]}*"
    return _without(step, names)


def mirrored(steps: Steps) -> Steps:
    """The field that an entry of managedFields speaks of; () for what is none."""
    if steps[:2] != ("metadata", "managedFields") or "fieldsV1" not in steps:
        return ()
    below = steps[steps.index("fieldsV1") + 1 :]
    return tuple("*" if step == "k:*" else step[2:] for step in below if step.startswith(("f:", "k:")))


def version_change(baseline: JSON, replayed: JSON) -> tuple[str, str] | None:
    """The two versions, when two texts differ in the version that they name, and in nothing else."""
    if not isinstance(baseline, str) or not isinstance(replayed, str) or max(len(baseline), len(replayed)) > 2000:
        return None
    if _VERSION.sub("*", baseline) != _VERSION.sub("*", replayed):
        return None
    pairs = set(zip(_VERSION.findall(baseline), _VERSION.findall(replayed), strict=True))
    changed = [(a, b) for a, b in pairs if a != b]
    return (changed[0][0].lstrip("v"), changed[0][1].lstrip("v")) if len(changed) == 1 else None


def _values(site: Site) -> tuple[str, str]:
    names = _names(site)
    return _value(site.difference.baseline, names), _value(site.difference.replayed, names)


def _value(value: JSON, names: "re.Pattern[str] | None") -> str:
    plain = value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
    return f"{type(value).__name__}:{_without(plain, names)}"


def _without(plain: str, names: "re.Pattern[str] | None") -> str:
    if names is not None:
        plain = names.sub("<name>", plain)
    return _TIME.sub("<time>", UUID.sub("<uid>", plain)) if len(plain) > 18 else plain


def _names(site: Site) -> "re.Pattern[str] | None":
    """The object's own name and namespace as words."""
    subject = site.subject
    words = [] if subject is None else [re.escape(each) for each in (subject.name, subject.namespace) if each]
    return re.compile(rf"(?<![\w-])(?:{'|'.join(words)})(?![\w-])") if words else None
