"""Watches while they go on."""

import gzip
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kproxy.record.stream import Stream

EVENTS = [b'{"type":"ADDED","object":{"n":%d}}' % number for number in range(5)]
CONTENT = b"".join(event + b"\n" for event in EVENTS)


@given(st.lists(st.integers(0, len(CONTENT)), max_size=6), st.booleans())
def test_events_are_the_same_however_the_content_is_cut(places: list[int], zipped: bool) -> None:
    content = gzip.compress(CONTENT) if zipped else CONTENT
    ends = [0, *sorted(min(place, len(content)) for place in places), len(content)]
    stream = Stream("application/json", "gzip" if zipped else "")
    cuts = [cut for start, end in pairwise(ends) for cut in stream.feed(content[start:end])]
    assert [cut.data for cut in cuts] == EVENTS
    assert [cut.index for cut in cuts] == list(range(5))
    assert stream.size == len(content)
    assert stream.safe == len(content)
    assert stream.checkpoint
    assert stream.rest == ""


@given(st.integers(0, len(CONTENT)))
def test_a_stream_resumed_at_its_checkpoint_goes_on_where_it_was(place: int) -> None:
    before, after = Stream("application/json", ""), Stream("application/json", "")
    first = [cut.data for cut in before.feed(CONTENT[:place])]
    after.resume(before.safe, before.frames)
    second = list(after.feed(CONTENT[before.safe :]))
    assert first + [cut.data for cut in second] == EVENTS
    assert [cut.index for cut in second] == list(range(len(first), 5))
    assert after.safe == after.size == len(CONTENT)


def test_what_cannot_be_cut_is_counted_and_not_held() -> None:
    stream = Stream("text/html", "")
    assert list(stream.feed(b"x" * 100)) == []
    assert stream.size == stream.safe == 100
    assert "text/html" in stream.rest


def test_an_unknown_coding_is_a_failure_not_an_error() -> None:
    stream = Stream("application/json", "br")
    assert list(stream.feed(b"x")) == []
    assert "br is not known" in stream.rest


def test_a_stream_that_breaks_off_says_how_much_of_it_is_no_event() -> None:
    stream = Stream("application/json", "")
    assert len(list(stream.feed(CONTENT + b'{"type"'))) == 5
    assert "last 7 bytes" in stream.rest


def test_a_hole_ends_the_cutting() -> None:
    stream = Stream("application/json", "")
    list(stream.feed(CONTENT[:10]))
    stream.interrupt(50, "the buffer was full")
    assert list(stream.feed(CONTENT)) == []
    assert stream.size == 60 + len(CONTENT)
    assert stream.rest == "the buffer was full"
