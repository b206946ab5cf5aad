"""Bitmaps of what a server has allocated: they follow from the node ports and addresses that it chose.

Source: k8s.io/kubernetes/pkg/registry/core/service/allocator/bitmap.go: the bytes of a big-endian number whose bit i
stands for the i-th of the range.
"""

import base64
from collections.abc import Callable

_MAX = 1 << 20


def same_allocation(
    span: str,
    baseline: str,
    replayed: str,
    image: Callable[[str], str | None],
    said: Callable[[str], str] = str,
) -> bool:
    """Whether two bitmaps of the range `span` allocate the same: port by port, for addresses as many.

    `image` tells a node port of the baseline in the replay's words, `said` which of the replay's is the last of several
    that one of the baseline's became.
    """
    first, second = _bits(baseline), _bits(replayed)
    if first is None or second is None:
        return baseline == replayed
    low = span.partition("-")[0]
    if not (low.isascii() and low.isdecimal() and len(low) < 10):
        return first.bit_count() == second.bit_count()
    here = {said(str(_renamed(int(low) + bit, image))) for bit in _set(first)}
    there = {said(str(int(low) + bit)) for bit in _set(second)}
    return here == there and first.bit_count() == second.bit_count()


def allocated(span: str, data: str) -> set[int]:
    """The numbers of the range `span` (`30000-32767`) that a bitmap holds; none for a range of addresses."""
    low, bits = span.partition("-")[0], _bits(data)
    if bits is None or not (low.isascii() and low.isdecimal() and len(low) < 10):
        return set()
    return {int(low) + bit for bit in _set(bits)}


def _renamed(port: int, image: Callable[[str], str | None]) -> int:
    return int(image(str(port)) or port)


def _bits(text: str) -> int | None:
    if len(text) > _MAX:
        return None
    try:
        return int.from_bytes(base64.b64decode(text, validate=True))
    except ValueError:  # binascii.Error is one, too
        return None


def _set(bits: int) -> list[int]:
    return [index for index, digit in enumerate(reversed(f"{bits:b}")) if digit == "1"]
