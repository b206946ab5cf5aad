r"""One body as a line of the text form: as JSON where that restores the exact bytes, else as text, else as base64.

{"digest": …, "json": VALUE}                       compact JSON as Python writes it, the rest of ASCII kept
{"digest": …, "json": VALUE, "style": "go\n"}       as Go writes it (<, > and & escaped), a line feed at the end
{"digest": …, "text": "…"} or {"digest": …, "base64": "…"}
"""

import base64
import binascii
import json

from kproxy.model.exchange import Digest
from kproxy.model.jsontypes import JSON, JSONObject

_STYLES = ("", "\n", "go", "go\n")


def canonical(value: JSON) -> str:
    """One line of JSON: compact, Unicode as it is where it can be."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text


def strict_json(text: str | bytes) -> JSON:
    """JSON without the NaN and Infinity that Python allows. ValueError if it is none, or too deep."""
    try:
        value: JSON = json.loads(text, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return value


def _refuse(name: str) -> JSON:
    raise ValueError(f"{name} is no JSON")


def body_line(digest: Digest, data: bytes) -> JSONObject:
    """The line of a body."""
    line: JSONObject = {"digest": digest}
    if data[:1] in {b"{", b"["}:
        try:
            value = strict_json(data)
            for style in _STYLES:
                if _styled(value, style) == data:
                    return line | {"json": value} | ({"style": style} if style else {})
        except (ValueError, RecursionError):  # no JSON after all, or text that cannot be encoded
            pass
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return line | {"base64": base64.b64encode(data).decode()}
    return line | {"text": text}


def body_bytes(line: JSONObject) -> bytes:
    """What body_line was given. ValueError if the line is none."""
    match line:
        case {"json": value, "style": str(style)} if style in _STYLES:
            return _styled(value, style)
        case {"json": value, **rest} if "style" not in rest:
            return _styled(value, "")
        case {"text": str(text)}:
            return text.encode()
        case {"base64": str(text)}:
            try:
                return base64.b64decode(text, validate=True)
            except binascii.Error as error:
                raise ValueError(f"a body's base64 is damaged: {error}") from error
    raise ValueError("a body has neither json nor text nor base64")


def _styled(value: JSON, style: str) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    if style.startswith("go"):
        for character in "<>&\u2028\u2029":
            text = text.replace(character, f"\\u{ord(character):04x}")
    return (text + ("\n" if style.endswith("\n") else "")).encode()
