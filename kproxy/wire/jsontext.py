"""JSON as text: reading it within bounds, writing it as the api-server does."""

import json
from typing import NoReturn

from kproxy.model.jsontypes import JSON
from kproxy.wire.contenterror import ContentError

MAX_CONTENT = 64 * 1024 * 1024
"""Bytes of one body that are decoded at most."""

MAX_DEPTH = 200
"""Levels of nesting at most: deeper ones are no Kubernetes object, and would end in somebody's recursion."""

_CONTAINERS = frozenset({dict, list})
_NO_SURROGATES = str.maketrans(dict.fromkeys(range(0xD800, 0xE000), "\ufffd"))


def decode_json(data: bytes) -> JSON:
    """The value of a JSON text. ContentError for what is none, not UTF-8, not finite, too large or too deep."""
    check_size(data)
    try:
        value: JSON = _decoder.decode(data.decode())
    except UnicodeDecodeError:
        raise ContentError("JSON that is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise ContentError(f"no JSON: {error.msg} at character {error.pos}") from None
    except RecursionError:
        raise ContentError("JSON that is nested too deeply") from None
    except ValueError:
        raise ContentError("JSON with a number that is too long") from None
    if data.count(b"{") + data.count(b"[") > MAX_DEPTH:
        check_depth(value)
    return _without_lone_surrogates(value) if b"\\ud" in data or b"\\uD" in data else value


def decode_json_at(text: str, at: int) -> tuple[JSON, int]:
    """The value that begins at a place of a text, and where it ends. ContentError for what is none or not finite.

    For parts of a text whose size was checked; how deep the value is nested is for whoever asks.
    """
    try:
        return _decoder.raw_decode(text, at)
    except (ValueError, RecursionError):
        raise ContentError(f"no JSON at character {at}") from None


def encode_json(value: JSON) -> bytes:
    """`value` as Go's encoder writes it for the api-server: compact, `<`, `>`, `&` escaped, a line end behind it."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for char in "<>&\u2028\u2029":
        if char in text:
            text = text.replace(char, f"\\u{ord(char):04x}")
    return text.encode("utf-8", "replace") + b"\n"


def check_size(data: bytes) -> None:
    """ContentError if `data` is more than is ever decoded."""
    if len(data) > MAX_CONTENT:
        raise ContentError(f"content of {len(data)} bytes is more than the {MAX_CONTENT} that are decoded")


def check_depth(value: JSON, most: int = MAX_DEPTH) -> None:
    """ContentError if `value` is nested more than `most` levels."""
    level: list[JSON] = [value]
    for _ in range(most):
        below: list[JSON] = []
        for container in level:
            if isinstance(container, dict):
                below += [child for child in container.values() if type(child) in _CONTAINERS]
            elif isinstance(container, list):
                below += [child for child in container if type(child) in _CONTAINERS]
        if not below:
            return
        level = below
    raise ContentError(f"content nested more than {most} levels deep")


def _finite(text: str) -> float:
    value = float(text)
    if value in {float("inf"), float("-inf")}:
        raise ContentError("JSON with a number beyond what a float holds")
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ContentError(f"JSON with {name}, which is no JSON value")


_decoder = json.JSONDecoder(parse_float=_finite, parse_constant=_refuse_constant)
"""Made once: making it takes as long as reading a small body."""


def _without_lone_surrogates(value: JSON) -> JSON:
    r"""Escapes like `\ud800` alone become U+FFFD, as in Go; Python's own would not go into UTF-8 again."""
    if isinstance(value, str):
        return value.translate(_NO_SURROGATES)
    if isinstance(value, list):
        return [_without_lone_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {key.translate(_NO_SURROGATES): _without_lone_surrogates(item) for key, item in value.items()}
    return value
