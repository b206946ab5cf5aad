"""Dataclasses as JSON and back, strictly: for the text form and for settings handed to another process.

A field that has its default is left out; unknown fields are refused, so that what is read is what was written.
"""

import base64
import types
from collections.abc import Callable
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum, IntFlag
from functools import cache
from pathlib import Path
from typing import NewType, TypeAliasType, Union, cast, get_args, get_origin, get_type_hints

from kproxy.model.jsontypes import JSON, JSONObject

type _Parse = Callable[[JSON], object]


class StructureError(ValueError):
    """What was read is not of the form that is written: says where and why."""


def to_json(value: object) -> JSON:
    """A dataclass as an object of its fields that differ from their defaults; enums as values, bytes as text."""
    made: JSON
    match value:
        case Enum():
            made = value.value
        case None | bool() | float() | int() | str():
            made = value
        case Path():
            made = str(value)
        case bytes():
            made = bytes_to_json(value)
        case tuple() | list():
            made = [to_json(item) for item in value]
        case _:
            made = fields_to_json(value)
    return made


def fields_to_json(value: object) -> JSONObject:
    """A dataclass's fields that differ from their defaults."""
    if not is_dataclass(value) or isinstance(value, type):
        raise TypeError(f"{type(value).__name__} has no JSON form")
    return {
        name: to_json(item) for name, default in _defaults(type(value)) if (item := getattr(value, name)) != default
    }


def from_json[T](kind: type[T], value: JSON) -> T:
    """The dataclass of which `value` is the JSON. StructureError if it is none."""
    made: object = _parser(kind)(value)  # type: ignore[arg-type] # every class is hashable
    return cast("T", made)  # what it is the parser of


def bytes_to_json(data: bytes) -> JSON:
    """Text where they are UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}


@cache
def _defaults(kind: type) -> tuple[tuple[str, object], ...]:
    """A dataclass's fields in their order, with their defaults."""
    return tuple((field.name, _default(field)) for field in fields(kind))


def _default(field: Field[object]) -> object:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default


@cache
def _parser(kind: object) -> _Parse:
    parse: _Parse
    if isinstance(kind, TypeAliasType):
        parse = _parser(kind.__value__)
    elif isinstance(kind, NewType):
        parse = _parser(kind.__supertype__)
    elif get_origin(kind) in {Union, types.UnionType}:
        parse = _optional(kind)
    elif get_origin(kind) is tuple:
        parse = _tuple(get_args(kind))
    elif kind is Path:
        parse = _path
    elif kind is bytes:
        parse = json_bytes
    elif isinstance(kind, type) and issubclass(kind, Enum):
        parse = _enum(kind)
    elif isinstance(kind, type) and is_dataclass(kind):
        parse = _dataclass(kind)
    elif isinstance(kind, type) and kind in {str, int, bool, float}:
        parse = _plain(kind)
    else:
        raise TypeError(f"{kind} has no JSON form")
    return parse


def _optional(kind: object) -> _Parse:
    (inner,) = (_parser(part) for part in get_args(kind) if part is not type(None))
    return lambda value: None if value is None else inner(value)


def _tuple(kinds: tuple[object, ...]) -> _Parse:
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        each = _parser(kinds[0])

        def many(value: JSON) -> object:
            if not isinstance(value, list):
                raise StructureError(f"{_short(value)} is no list")
            return tuple(each(item) for item in value)

        return many
    parsers = [_parser(kind) for kind in kinds]

    def some(value: JSON) -> object:
        if not isinstance(value, list) or len(value) != len(parsers):
            raise StructureError(f"{_short(value)} is no list of {len(parsers)}")
        return tuple(parse(item) for parse, item in zip(parsers, value, strict=True))

    return some


def _path(value: JSON) -> Path:
    if not isinstance(value, str) or "\0" in value:
        raise StructureError(f"{_short(value)} is no path")
    return Path(value)


def json_bytes(value: JSON) -> bytes:
    """The bytes of which `value` is the JSON. StructureError if it is none."""
    try:
        if isinstance(value, str):
            return value.encode()
        if isinstance(value, dict) and list(value) == ["base64"] and isinstance(value["base64"], str):
            return base64.b64decode(value["base64"], validate=True)
    except ValueError as error:
        raise StructureError(f"{_short(value)} holds no bytes: {error}") from error
    raise StructureError(f"{_short(value)} holds no bytes")


def _enum(kind: type[Enum]) -> _Parse:
    plain = _plain(int if issubclass(kind, IntFlag) else str)

    def parse(value: JSON) -> object:
        try:
            return kind(plain(value))
        except ValueError as error:
            raise StructureError(f"{_short(value)} is no {kind.__name__}") from error

    return parse


def _plain(kind: type) -> _Parse:
    def parse(value: JSON) -> object:
        if type(value) is not kind:
            raise StructureError(f"{_short(value)} is no {kind.__name__}")
        if isinstance(value, str) and not value.isascii():
            _unicode(value)
        if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
            raise StructureError(f"{_short(value)} is no number of 64 bits")
        return value

    return parse


def _unicode(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise StructureError(f"{_short(value)} is no Unicode text") from error


def _dataclass(kind: type) -> _Parse:
    hints = get_type_hints(kind)
    parsers = {field.name: _parser(hints[field.name]) for field in fields(kind)}
    needed = {field.name for field in fields(kind) if _default(field) is MISSING}

    def parse(value: JSON) -> object:
        if not isinstance(value, dict):
            raise StructureError(f"{_short(value)} is no object")
        for name in value.keys() - parsers.keys():
            raise StructureError(f"{name!r} is no field of {kind.__name__}")
        for name in needed - value.keys():
            raise StructureError(f"{kind.__name__} has no {name!r}")
        made = {}
        for name, item in value.items():
            try:
                made[name] = parsers[name](item)
            except StructureError as error:
                raise StructureError(f"{name}: {error}") from error
        return kind(**made)

    return parse


def _short(value: JSON) -> str:
    text = ascii(value) if not isinstance(value, list | dict) else type(value).__name__
    return text if len(text) <= 60 else text[:57] + "…"
