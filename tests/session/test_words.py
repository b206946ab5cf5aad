"""What reads words that people write: it reads what it writes, or refuses in one sentence."""

import contextlib
import string
from datetime import UTC, datetime, timedelta

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.cli.sizes import SIZE
from kproxy.errors import UsageError
from kproxy.model.session import Session
from kproxy.session.moments import parse_moment
from tests.support.memory import MemoryRecording

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
RECORDING = MemoryRecording(session=Session(id="0" * 32, started_at="2026-11-23T12:00:00Z"))
UNITS = {"": 1, "k": 1000, "Ki": 1024, "M": 1000**2, "Mi": 1024**2, "G": 1000**3, "Gi": 1024**3}


@given(
    st.integers(0, 10**15 - 1),
    st.sampled_from(sorted(UNITS)),
    st.sampled_from(["", "B", "b"]),
    st.sampled_from(["", " "]),
)
def test_a_size_is_its_number_times_its_unit_and_never_below_a_batch(
    number: int, unit: str, end: str, space: str
) -> None:
    words, size = f"{number}{space}{unit}{end}", number * UNITS[unit]
    if size < 64 * 1024:
        with pytest.raises(click.BadParameter, match="too small"):
            SIZE.convert(words, None, None)
    else:
        assert SIZE.convert(words, None, None) == size


@given(st.text(string.printable, max_size=12))
def test_any_word_is_a_size_or_is_refused(words: str) -> None:
    with contextlib.suppress(click.BadParameter):
        assert SIZE.convert(words, None, None) >= 64 * 1024


@given(st.integers(0, 10**9))
def test_a_moment_is_the_same_as_a_time_or_as_seconds_since_the_start(millis: int) -> None:
    told = (START + timedelta(milliseconds=millis)).isoformat()
    found = parse_moment(RECORDING, told).time
    assert found is not None
    assert abs(found - millis * 1_000_000) < 1000
    assert parse_moment(RECORDING, told.replace("+00:00", "Z")).time == found
    offset = parse_moment(RECORDING, f"+{millis / 1000}").time
    assert offset is not None
    assert abs(offset - millis * 1_000_000) < 1000


@given(st.integers(0, 10**29))
def test_a_revision_is_the_number_behind_its_mark(revision: int) -> None:
    assert parse_moment(RECORDING, f"rev:{revision}").revision == revision


@given(st.text(max_size=30) | st.text("0123456789+-:TZ.e infa", max_size=30))
def test_any_word_is_a_moment_or_is_refused_in_a_sentence(words: str) -> None:
    with contextlib.suppress(UsageError):
        found = parse_moment(RECORDING, words)
        assert found.time is None or isinstance(found.time, int)
