"""Continue tokens: base64 of `{v, rv, start}` (k8s.io/apiserver/pkg/storage/continue.go), opaque for clients."""

import base64
import binascii
import json
from collections.abc import Callable

_MAX = 4096


def same_page(baseline: str, replayed: str, text: Callable[[str], str]) -> bool:
    """Whether two tokens go on at the same place: same version of the token, same start after renaming.

    A list from the watch cache begins its start with a slash, one from etcd does not.
    Tokens of another form are compared by being there at all: they are opaque.
    """
    first, second = _read(baseline), _read(replayed)
    if first is None or second is None:
        return bool(baseline) == bool(replayed) and (first is None) == (second is None)
    return first[0] == second[0] and text(first[1]) == second[1]


def _read(token: str) -> tuple[str, str] | None:
    if len(token) > _MAX:
        return None
    try:
        value = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (binascii.Error, ValueError):
        return None
    if not isinstance(value, dict) or not isinstance(value.get("start"), str):
        return None
    return str(value.get("v")), value["start"].removeprefix("/")
