"""Renaming inside text: messages, annotations that hold JSON, names made from other names, keys, paths.

A token is a maximal run of letters, digits, `.`, `_` and `-`. It is renamed when it is a known name, or begins with
one that ends at a boundary (`NAME-…`, `NAME.…`: an object named after another). `my-NAME` and `NAMES` only look alike.
"""

import re
from collections.abc import Mapping

from kproxy.renaming.kinds import UUID

_TOKEN = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]*|[0-9A-Fa-f:]{2,}")
_BOUNDARY = re.compile(r"[._-]")
_PORT = re.compile(r"(?<=:)([0-9]{2,5})(?=/(?:TCP|UDP|SCTP))")


_STORES_REVISION = re.compile(r"(Too large resource version: [0-9]+, current: )[0-9]+")
_ADDRESS_PORT = re.compile(r"(?<=[0-9\]]:)([0-9]{4,5})(?![0-9/])")
_NONE: Mapping[str, str] = {}


def rename_text(
    text: str, names: Mapping[str, str], ports: Mapping[str, str], listening: Mapping[str, str] = _NONE
) -> str:
    """`text` with each known name in the other server's words.

    `names`: uids, generated names, addresses and pseudonyms; `ports`: node ports, renamed only as `:PORT/TCP` of a
    Table's cell, because a number alone says nothing; `listening`: the api-server's own port, renamed behind an
    address only.
    """
    if listening:
        text = _ADDRESS_PORT.sub(lambda found: listening.get(found[1], found[1]), text)
    if ports:
        text = _PORT.sub(lambda found: ports.get(found[1], found[1]), text)
    if not names:
        return text
    return _TOKEN.sub(lambda found: _rename_token(found[0], names), text)


def _rename_token(token: str, names: Mapping[str, str]) -> str:
    if (image := names.get(token)) is not None:
        return image
    token = UUID.sub(lambda found: names.get(found[0], found[0]), token)
    for boundary in reversed([found.start() for found in _BOUNDARY.finditer(token)]):
        if (image := names.get(token[:boundary])) is not None:
            return image + token[boundary] + _rename_token(token[boundary + 1 :], names)
    head, dot, rest = token.partition(".")
    return head + dot + _rename_token(rest, names) if dot else token


def without_store_revision(text: str) -> str:
    """A Status's message without the revision that the store happened to have (apiserver/pkg/storage/errors.go)."""
    return _STORES_REVISION.sub(r"\1…", text)
