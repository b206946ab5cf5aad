"""Documents inside texts: `last-applied-configuration` and annotations of that kind hold an object as JSON."""

import json
import re

from kproxy.model.jsontypes import JSONObject
from kproxy.wire.contenterror import ContentError
from kproxy.wire.jsontext import MAX_DEPTH, check_depth

_MAX = 1 << 18
"""Characters: what all annotations of an object may have together (k8s.io/apimachinery/pkg/api/validation)."""

_STRING = r'"(?:[^"\\]|\\.)*"'
_VALUES = re.compile(rf"({_STRING}\s*:)|{_STRING}|-?[0-9][0-9.eE+-]*")


def documents_inside(baseline: str, replayed: str, most: int = MAX_DEPTH) -> tuple[JSONObject, JSONObject] | None:
    """The two objects that two texts hold as JSON, if nothing but values within can differ; None for other texts.

    How a text writes its document is part of the text: spaces, the order of fields, a line's end must be equal.
    What is nested more than `most` levels stays a text: whoever goes through the document does so by recursion.
    """
    if not (baseline.startswith("{") and replayed.startswith("{")) or max(len(baseline), len(replayed)) > _MAX:
        return None
    try:
        first, second = json.loads(baseline), json.loads(replayed)
        check_depth([first, second], most + 1)
    except (ValueError, RecursionError, ContentError):
        return None
    if not isinstance(first, dict) or not isinstance(second, dict):
        return None
    return (first, second) if _form(baseline) == _form(replayed) else None


def _form(text: str) -> str:
    """A JSON text without its values; names of fields stay. Of no other text: its time would go with the square."""
    return _VALUES.sub(lambda found: found[1] or "0", text)
