"""kproxy.replay.result."""

import tracemalloc

import pytest

from kproxy.model.exchange import Seq
from kproxy.replay.result import Pairs, Reasons


def test_a_million_pairs_and_reasons_are_a_few_bytes_each() -> None:
    tracemalloc.start()
    pairs, reasons = Pairs(), Reasons()
    for number in range(1, 100_001):
        pairs.add(Seq(number), number)
        reasons.add(Seq(number), "its body is lost")
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert size < 40 * 100_000
    assert len(pairs) == 100_000
    assert next(iter(pairs)) == (1, 1)


def test_reasons_are_a_mapping_in_the_order_of_seq() -> None:
    reasons = Reasons()
    for seq, reason in ((7, "a"), (3, "b"), (5, "a"), (3, "c")):
        reasons.add(Seq(seq), reason)
    assert dict(reasons) == {3: "b", 5: "a", 7: "a"}
    assert Seq(4) not in reasons
    with pytest.raises(KeyError):
        reasons[Seq(8)]
