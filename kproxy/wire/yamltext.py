"""YAML as the api-server reads it: one document, JSON's types, within bounds."""

import re
from typing import TYPE_CHECKING

import yaml

from kproxy.model.jsontypes import JSON
from kproxy.wire.contenterror import ContentError
from kproxy.wire.jsontext import MAX_DEPTH, check_size, encode_json

if TYPE_CHECKING:
    from yaml import SafeLoader as _BaseLoader
else:
    _BaseLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_MAX_NODES = 500_000
"""Nodes at most, those behind aliases counted as often as they are used."""

_MAX_ALIASES = 1_000

_MAX_KEY = 1_000
"""Bytes of a key as it is written: YAML has at most 1024 characters of one on its line (YAML 1.2.2, 7.4.2)."""


class _Loader(_BaseLoader):
    """Resolves plain scalars as go-yaml does for JSON: no timestamps, no numbers to base 60, `1e3` is a number."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's way


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool",
    re.compile(r"^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$"),
    list("yYnNtTfFoO"),
)
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int",
    re.compile(r"^[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]+|0|[1-9][0-9_]*)$"),
    list("-+0123456789"),
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$"),
    list("-+.0123456789"),
)
_Loader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"^<<$"), ["<"])


def decode_yaml(data: bytes) -> JSON:
    """The value of a YAML document. ContentError for what is none, several documents, or too large or too deep."""
    check_size(data)
    try:
        _check_events(data)
        value: object = yaml.load(data, _Loader)  # noqa: S506 - a SafeLoader with fewer types
        return _as_json(value, 0, [_MAX_NODES])
    except yaml.YAMLError as error:
        raise ContentError(f"no YAML: {_place(error)}") from None
    except (UnicodeError, ValueError, RecursionError) as error:
        raise ContentError(f"no YAML: {type(error).__name__}") from None


def encode_yaml(value: JSON) -> bytes:
    """`value` as JSON, which is YAML too. ContentError for a key that is longer than YAML has them on one line."""
    data = encode_json(value)
    if len(data) > _MAX_KEY:
        _check_keys(value)
    return data


def _check_keys(value: JSON) -> None:
    if isinstance(value, dict):
        if any(len(encode_json(key)) > _MAX_KEY for key in value):
            raise ContentError(f"a key that has more than {_MAX_KEY} bytes in YAML")
        for item in value.values():
            _check_keys(item)
    elif isinstance(value, list):
        for item in value:
            _check_keys(item)


def _check_events(data: bytes) -> None:
    """Bounds that must hold before anything is built: depth (the loader recurses in C), nodes, aliases."""
    depth = aliases = 0
    for nodes, event in enumerate(yaml.parse(data, _Loader)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        aliases += isinstance(event, yaml.AliasEvent)
        if depth > MAX_DEPTH:
            raise ContentError(f"YAML nested more than {MAX_DEPTH} levels deep")
        if nodes > _MAX_NODES or aliases > _MAX_ALIASES:
            raise ContentError("YAML with more nodes or aliases than kproxy reads")


def _as_json(value: object, depth: int, left: list[int]) -> JSON:
    """`value` with JSON's types only; `left` counts the nodes that may still come."""
    left[0] -= 1
    if left[0] < 0 or depth > MAX_DEPTH:
        raise ContentError("YAML whose aliases make it too large or too deep")
    match value:
        case None | bool() | int() | float() | str():
            return value
        case list():
            return [_as_json(item, depth + 1, left) for item in value]
        case dict():
            return {_key(key): _as_json(item, depth + 1, left) for key, item in value.items()}
        case _:
            raise ContentError(f"YAML with a {type(value).__name__}, which JSON has not")


def _key(key: object) -> str:
    """A mapping's key as sigs.k8s.io/yaml writes it."""
    match key:
        case str():
            return key
        case bool():
            return "true" if key else "false"
        case int() | float():
            return str(key)
        case _:
            raise ContentError("YAML with a key that JSON cannot have")


def _place(error: yaml.YAMLError) -> str:
    """What is wrong and where, without the text itself."""
    mark = getattr(error, "problem_mark", None)
    problem = str(getattr(error, "problem", "") or "it cannot be read")
    return f"{problem} in line {mark.line + 1}" if mark is not None else problem
