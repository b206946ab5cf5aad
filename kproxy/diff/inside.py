"""Documents inside texts: `last-applied-configuration` and annotations of that kind hold an object as JSON."""

import json
import re

from kproxy.model.jsontypes import JSONObject

_MAX = 1 << 18
"""Characters: what all annotations of an object may have together (k8s.io/apimachinery/pkg/api/validation)."""

_STRING = r'"(?:[^"\\]|\\.)*"'
_VALUES = re.compile(rf"({_STRING}\s*:)|{_STRING}|-?[0-9][0-9.eE+-]*")


def documents_inside(baseline: str, replayed: str) -> tuple[JSONObject, JSONObject] | None:
    """The two objects that two texts hold as JSON, if nothing but values within can differ; None for other texts.

    How a text writes its document is part of the text: spaces, the order of fields, a line's end must be equal.
    """
    if not (baseline.startswith("{") and replayed.startswith("{")) or max(len(baseline), len(replayed)) > _MAX:
        return None
    if _form(baseline) != _form(replayed):
        return None
    try:
        first, second = json.loads(baseline), json.loads(replayed)
    except (ValueError, RecursionError):
        return None
    return (first, second) if isinstance(first, dict) and isinstance(second, dict) else None


def _form(text: str) -> str:
    """A text without its values; names of fields stay."""
    return _VALUES.sub(lambda found: found[1] or "0", text)
