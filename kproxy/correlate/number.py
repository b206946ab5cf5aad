"""Which correlator this is: known to those who only read what it kept, without what it is made of."""

from collections.abc import Iterable
from zlib import crc32

from kproxy.correlate.background import RULES, BackgroundRule
from kproxy.model.attribution import Basis

_LOGIC = 3
"""Goes up when the same recording would get another ledger though it has the same grounds and the same background."""


def correlator_of(grounds: Iterable[Basis], background: Iterable[BackgroundRule]) -> int:
    """The number of a correlator with these grounds, in their order, and this background: positive, of 31 bits."""
    lists = [each.value for each in grounds], [(each.name, each.prefix) for each in background]
    return _LOGIC << 24 | crc32(repr(lists).encode()) >> 8


CORRELATOR = correlator_of(Basis, RULES)
"""A kept ledger of another number is computed again."""
