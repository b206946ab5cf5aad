"""A message of protobuf cut into parts without being read: what recurs need not be read again.

The wire format is a row of fields (protobuf.dev/programming-guides/encoding): each a tag, and what follows by its type.
"""

from collections.abc import Container
from typing import NamedTuple

_LENGTH, _VARINT, _FIXED = 2, 0, {1: 8, 5: 4}
"""Wire types: of messages, texts and bytes; of integers; of what has always as many bytes."""
_MORE = 0x80
_LONGEST, _LONGEST_TAG = 10, 5
"""Bytes of a varint, and of one that is a tag or a length: the library refuses more."""
_FREE, _SHORT = 32, 16
"""So many fields may be short; of the others one for each so many bytes: the library reads many short ones more quickly
than they are cut here."""


class Parts(NamedTuple):
    """`found`: the bytes of fields, by number, in their order; `rest`: the message without them."""

    found: dict[int, list[bytes]]
    rest: bytes


def cut(data: bytes, wanted: Container[int]) -> Parts | None:
    """The fields of these numbers taken out of a message; None for what cannot be cut: the library says what it is."""
    try:
        return _cut(data, wanted)
    except IndexError:
        return None


def _cut(data: bytes, wanted: Container[int]) -> Parts | None:
    found: dict[int, list[bytes]] = {}
    rest: list[bytes] = []
    at, kept, end, fields = 0, 0, len(data), 0
    while at < end:
        if (fields := fields + 1) > _FREE + at // _SHORT:
            return None
        began = at
        tag, at = _varint(data, at, _LONGEST_TAG)
        kind, number = tag & 7, tag >> 3
        if kind == _LENGTH:
            size, at = _varint(data, at, _LONGEST_TAG)
            if number in wanted:
                found.setdefault(number, []).append(data[at : at + size])
                rest.append(data[kept:began])
                kept = at + size
            at += size
        elif kind == _VARINT:
            _, at = _varint(data, at, _LONGEST)
        elif kind in _FIXED:
            at += _FIXED[kind]
        else:
            return None
    rest.append(data[kept:])
    return Parts(found, b"".join(rest)) if at == end else None


def _varint(data: bytes, at: int, longest: int) -> tuple[int, int]:
    """The number that begins there, and where it ends. IndexError where it does not, or is longer."""
    first = data[at]
    if first < _MORE:
        return first, at + 1
    number = 0
    for place in range(longest):
        byte = data[at + place]
        number |= (byte & ~_MORE) << (7 * place)
        if byte < _MORE:
            return number, at + place + 1
    raise IndexError(at)
