"""A request's target in two: path and query. It comes from a recording, so nothing about it can be relied on."""

import re
from urllib.parse import parse_qsl

DRAWN_ANEW = frozenset({"resourceVersion", "continue", "timeoutSeconds", "timeout"})
"""Query parameters that the server chose, or that a client draws anew each time."""
SELECTORS = frozenset({"fieldSelector", "labelSelector"})


_PROLONGED = 3600
"""Seconds for which a replay asks for a watch that it will leave itself."""

_TIME = re.compile(r"(?<=[?&]timeoutSeconds=)([0-9]{1,9})(?=&|#|$)")


def prolonged(target: str) -> str:
    """A watch's target, asked for at least so long: a replay that is slower than its recording needs it longer."""
    return _TIME.sub(lambda match: str(max(int(match[1]), _PROLONGED)), target)


def path_of(target: str) -> str:
    """What stands before the query, as on the wire."""
    return target.partition("?")[0]


def query_of(target: str) -> list[tuple[str, str]]:
    """The query's parameters in their order, decoded; those without a value too."""
    return parse_qsl(target.partition("?")[2], keep_blank_values=True)


def parameter(target: str, name: str) -> str | None:
    """A parameter's first value, None if it is not there."""
    if name not in target and "%" not in target:  # most of the time, and a sixth of a plan's time went into parsing
        return None
    return next((value for key, value in query_of(target) if key == name), None)


def requirements(selector: str) -> list[str]:
    """A selector's requirements in an order of no meaning: apart by commas, but not by those of a set in brackets."""
    found, depth = [""], 0
    for character in selector:
        depth += (character == "(") - (character == ")")
        if character == "," and not depth:
            found.append("")
        else:
            found[-1] += character
    return sorted(found)
