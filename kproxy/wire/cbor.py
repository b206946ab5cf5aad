"""CBOR as the api-server writes and reads it: an item as the JSON of the same object, and back.

Its rules are those of k8s.io/apimachinery/pkg/runtime/serializer/cbor/internal/modes: texts are byte strings, bytes are
byte strings under tag 22 (in JSON: base64), maps have texts as keys, and of the simple values there are true, false and
null. Everything it writes begins with the tag of self-described CBOR.
"""

import base64
import struct
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from io import BytesIO

import cbor2

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.wire.contenterror import ContentError
from kproxy.wire.jsontext import MAX_DEPTH, check_size
from kproxy.wire.mediatype import CBOR_MAGIC
from kproxy.wire.protoforms import number

_TIME_TEXT, _TIME_NUMBER, _POSITIVE_BIG, _NEGATIVE_BIG = 0, 1, 2, 3
_BASE64URL, _BASE64, _BASE16 = 21, 22, 23
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INTEGERS = range(-(1 << 63), 1 << 63)
_READS_ITSELF = 1 << 16
"""Tags below this the library may give a meaning of its own (shared values, patterns, addresses): none of them here."""


def decode_cbor(data: bytes) -> JSON:
    """The value of one CBOR item, and nothing behind it. ContentError."""
    return _json(_load(data))


def encode_cbor(value: JSON) -> bytes:
    """`value` as the api-server's own encoder writes it, keys in its order. ContentError."""
    return CBOR_MAGIC + _dump(_sorted(value))


def edit_cbor(data: bytes, change: Callable[[JSONObject], JSONObject]) -> bytes:
    """An object, changed; the same bytes if nothing is, and the same form of each value that stays. ContentError."""
    tree = _load(data)
    before, value = _json(tree), _json(tree)
    if not isinstance(value, dict):
        raise ContentError("content that is no object cannot be changed")
    after = change(value)
    return (
        data if after == before else (CBOR_MAGIC if data.startswith(CBOR_MAGIC) else b"") + _dump(_merged(tree, after))
    )


def _own_tag(tag: int) -> Callable[[object, bool], object]:
    return lambda value, _immutable: cbor2.CBORTag(tag, value)


@cache
def _tags() -> dict[int, Callable[[object, bool], object]]:
    """Made when the first item is read: most commands never meet one."""
    return {tag: _own_tag(tag) for tag in range(_READS_ITSELF)}


def _load(data: bytes) -> object:
    """One item as the library's values: byte strings and tags are still there. ContentError."""
    check_size(data)
    deepest = MAX_DEPTH + data.startswith(CBOR_MAGIC)  # a tag is a level too, and JSON has none for this one
    decoder = cbor2.CBORDecoder(BytesIO(data), semantic_decoders=_tags(), max_depth=deepest, allow_duplicate_keys=False)
    try:
        tree: object = decoder.decode()
    except (cbor2.CBORDecodeError, UnicodeError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise ContentError(f"no CBOR: {_said(error)}") from None
    try:
        decoder.read(1)
    except cbor2.CBORDecodeEOF:
        return _untagged(tree)
    raise ContentError("CBOR with something behind its item")


_SAYABLE = ("premature end", "nesting depth", "Duplicate map key")


def _said(error: Exception) -> str:
    """What is wrong, without what the library quotes of the content."""
    words = str(error)
    return next((short for short in _SAYABLE if short in words), "damaged")


def _untagged(tree: object) -> object:
    """A value without the tag that only says that it is CBOR."""
    while isinstance(tree, cbor2.CBORTag) and tree.tag == 55799:
        tree = tree.value
    return tree


def _json(tree: object) -> JSON:  # noqa: PLR0911 - a case each
    """What the api-server's JSON has for a value. ContentError for what JSON has not."""
    match tree:
        case bytes():
            return tree.decode("utf-8", "replace")
        case None | bool() | str():
            return tree
        case int():
            if tree not in _INTEGERS:
                raise ContentError("CBOR with an integer beyond 64 bits")
            return tree
        case float():
            if tree - tree != 0:
                raise ContentError("CBOR with a number that JSON has not")
            return number(tree)
        case list() | tuple():  # and Mapping below: what the library makes of a container under a tag it has not
            return [_json(item) for item in tree]
        case Mapping():
            return _object(tree)
        case cbor2.CBORTag():
            return _tagged(tree)
        case _:
            raise ContentError("CBOR with a simple value that JSON has not")


def _object(tree: Mapping[object, object]) -> JSONObject:
    made = {_key(key): _json(item) for key, item in tree.items()}
    if len(made) != len(tree):
        raise ContentError("CBOR with a key twice in a map")
    return made


def _key(key: object) -> str:
    match key:
        case bytes():
            return key.decode("utf-8", "replace")
        case str():
            return key
        case _:
            raise ContentError("CBOR with a key that is no text")


def _tagged(tree: cbor2.CBORTag) -> JSON:
    """A tagged value: bytes in the coding that JSON expects of them, times as RFC 3339; other tags mean nothing."""
    value: object = tree.value
    if tree.tag in _CODINGS and isinstance(value, bytes):
        return _CODINGS[tree.tag](value)
    if tree.tag in {_POSITIVE_BIG, _NEGATIVE_BIG}:
        raise ContentError("CBOR with an integer beyond 64 bits")
    made = _json(value)
    if tree.tag == _TIME_TEXT and not isinstance(made, str):
        raise ContentError("CBOR with a time that is no text")
    return _moment(made) if tree.tag == _TIME_NUMBER else made


_CODINGS: dict[int, Callable[[bytes], str]] = {
    _BASE64URL: lambda value: base64.urlsafe_b64encode(value).decode().rstrip("="),
    _BASE64: lambda value: base64.b64encode(value).decode(),
    _BASE16: lambda value: value.hex().upper(),
}


def _moment(seconds: JSON) -> str:
    """Seconds since 1970 as Go's RFC3339Nano has them (to the microsecond)."""
    if not isinstance(seconds, int | float):
        raise ContentError("CBOR with a time that is no number")
    try:
        moment = _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        raise ContentError("CBOR with a time beyond the year 9999") from None
    fraction = f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""
    return f"{moment.year:04d}-{moment:%m-%dT%H:%M:%S}{fraction}Z"


def _dump(tree: object) -> bytes:
    """The library's values as bytes. ContentError."""
    try:
        return cbor2.dumps(tree, encoders={float: _write_float})
    except (cbor2.CBOREncodeError, UnicodeError, RecursionError) as error:
        raise ContentError(f"a value that CBOR cannot have ({type(error).__name__})") from None


def _write_float(encoder: cbor2.CBOREncoder, real: float) -> None:
    """A float in the smallest width that keeps it."""
    for head, width in ((b"\xf9", "!e"), (b"\xfa", "!f")):
        try:
            packed = struct.pack(width, real)
        except OverflowError:
            continue
        if struct.unpack(width, packed)[0] == real:
            encoder.write(head + packed)
            return
    encoder.write(b"\xfb" + struct.pack("!d", real))


def _sorted(value: JSON) -> object:
    """JSON as the api-server's CBOR values: texts as byte strings, keys in the order of their bytes."""
    match value:
        case str():
            return value.encode("utf-8", "replace")
        case list():
            return [_sorted(item) for item in value]
        case dict():
            pairs = [(key.encode("utf-8", "replace"), item) for key, item in value.items()]
            return {key: _sorted(item) for key, item in sorted(pairs, key=lambda pair: (len(pair[0]), pair[0]))}
        case int() if value not in _INTEGERS:
            return _wide(value)
        case _:
            return value


def _wide(value: int) -> float:
    """What JSON has as an integer beyond 64 bits is a float to the api-server. ContentError for what no float holds."""
    try:
        return float(value)
    except OverflowError:
        raise ContentError("an integer that CBOR cannot have") from None


def _merged(tree: object, new: JSON) -> object:
    """`tree` made to say `new`: what says it already stays as it is, tags and widths included."""
    match tree, new:
        case Mapping(), dict():
            return _merged_object(tree, new)
        case list() | tuple(), list():
            kept = [_merged(item, changed) for item, changed in zip(tree, new, strict=False)]
            return [*kept, *(_sorted(item) for item in new[len(kept) :])]
        case cbor2.CBORTag(), dict() | list():
            return cbor2.CBORTag(tree.tag, _merged(tree.value, new))
        case ((Mapping() | list() | tuple()), _):
            return _sorted(new)
        case _:
            return tree if _json(tree) == new else _leaf(tree, new)


def _merged_object(tree: Mapping[object, object], new: JSONObject) -> dict[object, object]:
    """The keys that stay in their old form and order, new ones behind them."""
    made: dict[object, object] = {}
    missing = dict(new)
    for key, item in tree.items():
        name = _key(key)
        if name in missing:
            made[key] = _merged(item, missing.pop(name))
    return {**made, **{name.encode("utf-8", "replace"): _sorted(item) for name, item in missing.items()}}


def _leaf(tree: object, new: JSON) -> object:
    """What stands for `new` where `tree` was: bytes stay bytes, and text text, as far as that can be."""
    if isinstance(new, str) and isinstance(tree, cbor2.CBORTag) and tree.tag == _BASE64:
        try:
            return cbor2.CBORTag(_BASE64, base64.b64decode(new, validate=True))
        except ValueError:
            return new.encode("utf-8", "replace")
    return new if isinstance(tree, str) and isinstance(new, str) else _sorted(new)
