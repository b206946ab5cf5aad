"""What single columns hold: JSON, header fields, a body's four, and values of closed sets."""

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from json.scanner import make_scanner
from typing import Any

from kproxy.model.exchange import Body, BodyState, Headers

type Row = tuple[int | str | bytes | None, ...]
"""As it is written: the values in the order of a table's columns."""
type Columns = Mapping[str, Any]
"""As it is read, by the columns' names. What a file holds may be anything until it is made the model's."""

NO_BODY: Row = (None, None, None, None)
dump = json.JSONEncoder(separators=(",", ":")).encode


@lru_cache(maxsize=8192)
def _field_text(field: tuple[str, str]) -> str:
    return dump(field)


def headers_text(headers: Headers) -> str:
    """As JSON. Field by field, because heads differ in little but an Audit-Id, and the rest is known."""
    return f"[{','.join(map(_field_text, headers))}]"


def body_row(body: Body) -> Row:
    """A body's four columns."""
    return (body.state._value_, body.size, body.digest, body.reason)


_scan: Callable[[str, int], tuple[Any, int]] = make_scanner(json.JSONDecoder())  # type: ignore[arg-type]  # typeshed's name


def parsed(text: str) -> Any:  # whoever asks looks at it
    """What a column of ours holds, JSON without space around it: a third of json.loads's time for a short one.

    ValueError if it is none.
    """
    try:
        value, end = _scan(text, 0)
    except StopIteration as error:
        raise ValueError("a column holds no JSON") from error
    if end != len(text):
        raise ValueError("a column holds more than one JSON value")
    return value


STATES = {each.value: each for each in BodyState}
"""By value: each of a million rows is asked for one, and calling the enum is slow."""


def body_columns(prefix: str) -> tuple[str, str, str, str]:
    """The names of a body's columns, for `body_of`."""
    return f"{prefix}_state", f"{prefix}_size", f"{prefix}_digest", f"{prefix}_reason"


VALUE = body_columns("value")


def body_of(row: Columns, columns: tuple[str, str, str, str]) -> Body:
    """The body that these four columns tell of."""
    state, size, digest, reason = columns
    return Body(state=STATES[row[state]], size=row[size], digest=row[digest], reason=row[reason])


def headers_of(text: str) -> Headers:
    """The header fields that a column holds. ValueError or TypeError if it holds something else."""
    fields = parsed(text)
    if not isinstance(fields, list):
        raise TypeError("header fields are no list of pairs of strings")
    # TypeError unless all are strings: to ask each for its type takes longer
    return tuple([(name + "", value + "") for name, value in fields])


known_headers = lru_cache(maxsize=1024)(headers_of)
"""The same of what recurs: requests' heads, and trailers. Answers' heads do not: each has an Audit-Id of its own."""


def texts_of(text: str) -> tuple[str, ...]:
    """The texts that a column holds as a JSON list."""
    return tuple(str(each) for each in json.loads(text))
