"""Walking objects whose shape a client has chosen: a wrong type is the client's error (400), never a traceback."""

import copy
from collections.abc import Iterator

from kproxy.lab.emulated.status import bad_request
from kproxy.model.jsontypes import JSON, JSONObject


def as_object(value: JSON, where: str = "the body") -> JSONObject:
    """`value` if it is an object. StatusError if not."""
    if not isinstance(value, dict):
        raise bad_request(f"{where} must be an object")
    return value


def part(value: JSONObject, *path: str) -> JSONObject:
    """The object at `path`, made where it is missing or null."""
    for key in path:
        if value.get(key) is None:
            value[key] = {}
        value = as_object(value[key], key)
    return value


def peek(value: JSONObject, *path: str) -> JSON:
    """What is at `path`, None if nothing is."""
    found: JSON = value
    for key in path:
        if not isinstance(found, dict):
            return None
        found = found.get(key)
    return found


def text(value: JSONObject, *path: str) -> str:
    """The text at `path`, "" if there is none. StatusError if it is something else."""
    found = peek(value, *path)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise bad_request(f"{'.'.join(path)} must be a string")
    return found


def number(value: JSONObject, *path: str) -> int | None:
    """The integer at `path`, None if there is none. StatusError if it is something else."""
    found = peek(value, *path)
    if found is None:
        return None
    if not isinstance(found, int) or isinstance(found, bool):
        raise bad_request(f"{'.'.join(path)} must be an integer")
    return found


def each(value: JSONObject, key: str) -> Iterator[JSONObject]:
    """The objects of the list at `key`. StatusError if it is no list of objects."""
    for item in entries(value, key):
        yield as_object(item, f"an entry of {key}")


def entries(value: JSONObject, key: str) -> list[JSON]:
    """The list at `key`, empty if there is none. StatusError if it is no list."""
    found = value.get(key)
    if found is None:
        return []
    if not isinstance(found, list):
        raise bad_request(f"{key} must be a list")
    return found


def texts(value: JSONObject, *path: str) -> dict[str, str]:
    """The map of strings at `path`, empty if there is none. StatusError if it is something else."""
    found = peek(value, *path)
    if found is None:
        return {}
    mapping = as_object(found, ".".join(path))
    wrong = next((key for key, item in mapping.items() if not isinstance(item, str)), None)
    if wrong is not None:
        raise bad_request(f"{'.'.join(path)}: the value of {wrong!r} must be a string")
    return {key: item for key, item in mapping.items() if isinstance(item, str)}


def clone(value: JSONObject) -> JSONObject:
    """A copy that shares nothing."""
    return copy.deepcopy(value)
