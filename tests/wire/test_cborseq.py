"""Where the items of a CBOR sequence end."""

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.wire.content import ContentError
from kproxy.wire.watchevents import WatchCutter
from tests.support.made import json_values

SEQUENCE = "application/cbor-seq"


@given(st.lists(json_values), st.lists(st.integers(1, 40)), st.booleans())
def test_items_are_the_same_however_the_sequence_arrives(
    values: list[object], cuts: list[int], indefinite: bool
) -> None:
    items = [cbor2.dumps(cbor2.CBORTag(55799, value), indefinite_containers=indefinite) for value in values]
    stream = b"".join(items)
    cutter, found, at = WatchCutter(SEQUENCE), [], 0
    for cut in [*cuts, len(stream)]:
        found += cutter.feed(stream[at : at + cut])
        at += cut
    assert [event for event, _ in found] == items
    assert [end for _, end in found] == [len(b"".join(items[: count + 1])) for count in range(len(items))]
    assert not cutter.pending


def test_strings_in_pieces_end_where_they_end() -> None:
    assert [event for event, _ in WatchCutter(SEQUENCE).feed(bytes.fromhex("5f4161ff7fffa0"))] == [
        bytes.fromhex("5f4161ff"),
        bytes.fromhex("7fff"),
        bytes.fromhex("a0"),
    ]


@pytest.mark.parametrize("bad", [b"\xff", b"\x1c", b"\x3f", b"\xdf", b"\xfc", b"\x81" * 300, b"\x81\xff"])
def test_what_is_no_item_ends_the_cutting_after_those_before_it(bad: bytes) -> None:
    cutter = WatchCutter(SEQUENCE)
    assert len(cutter.feed(b"\xa0\x01" + bad)) == 2
    for _ in range(2):
        with pytest.raises(ContentError):
            cutter.feed(b"\xa0")


def test_a_text_that_announces_too_much_is_refused_before_it_comes() -> None:
    cutter = WatchCutter(SEQUENCE, max_event=10)
    with pytest.raises(ContentError, match="larger than 10 bytes"):
        cutter.feed(bytes.fromhex("5b00000000000fffff"))


@given(st.binary(), st.lists(st.integers(1, 5), max_size=20))
def test_garbage_ends_in_one_kind_of_error_or_in_items_that_the_decoder_ends_there_too(
    data: bytes, cuts: list[int]
) -> None:
    cutter, at = WatchCutter(SEQUENCE), 0
    found: list[bytes] = []
    try:
        for cut in [*cuts, len(data)]:
            found += [event for event, _ in cutter.feed(data[at : at + cut])]
            at += cut
    except ContentError:
        pass
    assert data.startswith(b"".join(found))
