"""kproxy.proxy.handover.held: what is let go of, held against going through all records."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from kproxy.proxy.handover.held import CONTENT, Held, HeldRecord
from kproxy.wire.handoff import RecordType

_KINDS = (RecordType.ANSWER_BODY, RecordType.ANSWER_BODY, RecordType.ANSWER_BODY, RecordType.ANSWER_HEAD)


@dataclass(frozen=True)
class Kept:
    """What an exchange must hold after content was let go of."""

    records: list[HeldRecord]
    offset: int
    content: int
    acknowledged: int


def held(sizes: list[tuple[int, int]], committed: int) -> Held:
    """An exchange with its head and so many bytes of these kinds, two records a batch."""
    found = Held(7)
    found.records.append(HeldRecord(1, RecordType.REQUEST_HEAD, b"head", 0))
    for number, (kind, size) in enumerate(sizes):
        found.records.append(HeldRecord(1 + number // 2, _KINDS[kind], bytes([number % 256]) * size, number))
    found.content = sum(len(each.payload) for each in found.records if each.kind in CONTENT)
    found.acknowledge(committed)
    return found


def expected(before: Held, offset: int, committed: int) -> Kept:
    """By going through all records."""
    position, kept = before.answer_offset, []
    for record in before.records:
        if record.kind != RecordType.ANSWER_BODY:
            kept.append(record)
            continue
        start, position = position, position + len(record.payload)
        if position > offset:
            kept.append(record._replace(payload=record.payload[max(0, offset - start) :]))
    return Kept(
        kept,
        min(offset, position),
        sum(len(each.payload) for each in kept if each.kind in CONTENT),
        sum(each.size for each in kept if each.batch <= committed),
    )


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), max_size=14),
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 8)), min_size=1, max_size=4),
)
def test_what_is_let_go_of_step_by_step_is_what_going_through_all_lets_go_of(
    sizes: list[tuple[int, int]], steps: list[tuple[int, int]]
) -> None:
    committed = 0
    found = held(sizes, committed)
    for frames, (offset, more) in enumerate(steps):
        committed = max(committed, more)
        if offset <= found.answer_offset:
            assert found.let_go(offset, frames, committed) == 0
            continue
        want, before = expected(found, offset, committed), found.acknowledged
        freed = found.let_go(offset, frames, committed)
        assert Kept(found.records, found.answer_offset, found.content, found.acknowledged) == want
        assert freed == before - want.acknowledged
        assert found.known_gone == sum(each.batch <= committed for each in want.records)
        assert (found.frames, found.resumed) == (frames, True)


def test_of_many_records_that_wait_only_the_first_ones_are_looked_at() -> None:
    looked = 0

    class Counted(HeldRecord):
        __slots__ = ()

        @property
        def size(self) -> int:
            nonlocal looked
            looked += 1
            return super().size

    found = Held(7, records=[Counted(each, RecordType.ANSWER_BODY, b"x" * 10, each) for each in range(1, 5001)])
    found.acknowledge(5000)
    looked = 0
    for step in range(1, 101):
        found.let_go(10 * step, step, 5000)
    assert looked == 100
    assert len(found.records) == 4900
