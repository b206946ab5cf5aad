"""Where a rule applies: a place as differences have it, with `*` for one step, and what no rule may name.

A path is written as a report writes it: `$.spec.containers[0].image`, `$[2].object.status.phase` in a watch,
`$.items[*].status.phase` in a list, a header's name. A rule is for its very place: not for what lies below it.
"""

import re
from dataclasses import dataclass

from kproxy.errors import RuleError

_STEP = re.compile(r"\.(?:\*|[0-9A-Za-z_-]+)|\[(?:\*|[0-9]+)\]|\['(?:[^'\\]|\\.)*'\]")
_HEADER = re.compile(r"[a-z0-9-]{1,100}")
_IN_HISTORY = re.compile(r"\[[0-9]+\](?: previous )?(?=[.\[])")
MAX_PATH = 1000

_WHOLE = frozenset(
    {".spec", ".metadata", ".status", ".data", ".stringData", ".binaryData", ".items", ".rows", ".object", ".rules"}
    | {".webhooks", ".subjects", ".subsets", ".endpoints", ".details", ".code", ".reason", ".kind", ".apiVersion"}
)
"""Fields of the first level that are most of an object, or say which one it is and whether a request succeeded."""

_IDENTITY = frozenset(
    {".name", ".namespace", ".uid", ".generateName", ".resourceVersion", ".deletionTimestamp", ".ownerReferences"}
)
"""Fields of `metadata` that say which object it is, which version, and whether it is going."""

_HEADERS = frozenset({"content-type", "content-encoding", "location", "www-authenticate"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePath:
    """A pattern of paths. `where`: body | stream | header | etcd, as a difference says it."""

    where: str
    text: str
    steps: tuple[str, ...]

    def matches(self, steps: tuple[str, ...]) -> bool:
        """Whether a place lies on it."""
        return len(steps) == len(self.steps) and all(map(_covers, self.steps, steps))


def rule_path(text: str, *, key: bool = False) -> RulePath:
    """Read a rule's path. `key`: it is within an etcd value. RuleError for one that is none, or that is too wide."""
    if len(text) > MAX_PATH:
        raise RuleError(f"a path of more than {MAX_PATH} characters")
    if not text.startswith("$"):
        return _header(text)
    if ".." in text:
        raise RuleError(f"{text} is too wide: `..` would hide places that nobody looked at; name each step")
    steps = split_path(text)
    if steps is None:
        raise RuleError(f"{text} is no path as differences have it, like $.status.conditions[*].message")
    _refuse_wide(text, _within_object(steps))
    where = "etcd" if key else "stream" if text.startswith("$[") else "body"
    return RulePath(where=where, text=text, steps=steps)


def _header(text: str) -> RulePath:
    if _HEADER.fullmatch(text) is None:
        raise RuleError(f"{text!r} is no path: it begins with $, or is a header's name in small letters")
    if text in _HEADERS:
        raise RuleError(f"the header {text} says what an answer is: no rule may hide it")
    return RulePath(where="header", text=text, steps=(text,))


def split_path(text: str) -> tuple[str, ...] | None:
    """A path's steps, None for what is no path."""
    steps = tuple(_STEP.findall(text))
    return steps if f"${''.join(steps)}" == text else None


def place_of(where: str, path: str) -> tuple[str, tuple[str, ...]] | None:
    """A difference's place: its key ("" but in etcd) and its steps; None for places that no rule reaches.

    In etcd that is all but a value's fields: whether a key is there, its revisions, its lease.
    """
    if where == "header":
        return "", (path,)
    if where in {"body", "stream"}:
        steps = split_path(path)
        return ("", steps) if steps else None
    found = _IN_HISTORY.search(path) if where == "etcd" else None
    if found is None:
        return None
    steps = split_path(f"${path[found.end() :]}")
    return (path[: found.start()], steps) if steps else None


def generalised(steps: tuple[str, ...]) -> str:
    """A path in which any element stands for each, but for a Table's cells: they are different columns."""
    return "$" + "".join(
        "[*]" if step[1:-1].isdecimal() and not (at and steps[at - 1] == ".cells") else step
        for at, step in enumerate(steps)
    )


def key_matches(pattern: str, key: str) -> bool:
    """Whether a key is one of a pattern's, segment by segment."""
    segments, others = pattern.split("/"), key.split("/")
    return len(segments) == len(others) and all(a in {"*", b} for a, b in zip(segments, others, strict=True))


def check_key(pattern: str) -> None:
    """RuleError for a key's pattern that is none, or that does not even say of which resource."""
    segments = pattern.split("/")
    if not pattern.startswith("/") or len(pattern) > MAX_PATH or len(segments) < 4:
        raise RuleError(f"{pattern!r} is no key as etcd has it, like /registry/pods/default/*")
    if any("*" in each and each != "*" for each in segments):
        raise RuleError(f"{pattern}: `*` stands for a whole segment of a key")
    if "*" in segments[1:3]:
        raise RuleError(f"{pattern} is too wide: a rule is for the keys of one resource")


def _covers(pattern: str, step: str) -> bool:
    if pattern == ".*":
        return step.startswith((".", "['"))
    return pattern == step or (pattern == "[*]" and step[1:-1].isdecimal())


def _within_object(steps: tuple[str, ...]) -> tuple[str, ...]:
    """The steps from the object on that the place belongs to: an event's, a list's element, a row's."""
    if steps and steps[0].startswith("[") and not steps[0].startswith("['"):
        steps = steps[2:] if steps[1:2] == (".object",) else ()
    if steps[:1] == (".items",):
        steps = steps[2:]
    elif steps[:1] == (".rows",):
        steps = steps[3:] if steps[2:3] == (".object",) else steps[2:]
    return steps


def _refuse_wide(text: str, steps: tuple[str, ...]) -> None:
    first, second = (*steps, "", "")[:2]
    if not first:
        raise RuleError(f"{text} is too wide: it names a whole object or event, and no rule may hide one")
    if first == ".*" or second == ".*":
        raise RuleError(f"{text} is too wide: the first two fields are named, not `*`")
    if not second and first in _WHOLE:
        raise RuleError(f"{text} is too wide: {first[1:]} as a whole is what a comparison is for")
    if first == ".cells" and second == "[*]":
        raise RuleError(f"{text} is too wide: name the column by its number, like cells[3]")
    if first == ".cells" and second == "[0]":
        raise RuleError(f"{text} says which object a row is of: no rule may hide that")
    if first == ".metadata" and second in _IDENTITY:
        raise RuleError(f"{text} says which object it is, or whether it is there: no rule may hide that")
