"""Times, quantities, durations and their like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.model.jsontypes import JSON
from kproxy.wire.contenterror import ContentError
from kproxy.wire.protoforms import FORMS, META, Values, base64_bytes, base64_text, number

TIME, MICRO, DURATION = (FORMS[f"{META}.{name}"] for name in ("Time", "MicroTime", "Duration"))
INT_OR_STRING = FORMS["k8s.io.apimachinery.pkg.util.intstr.IntOrString"]
QUANTITY = FORMS["k8s.io.apimachinery.pkg.api.resource.Quantity"]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({}, None),
        ({"seconds": -62_135_596_800, "nanos": 0}, None),
        ({"seconds": 0, "nanos": 0}, "1970-01-01T00:00:00Z"),
        ({"seconds": 1795417201, "nanos": 999_999_999}, "2026-11-23T07:00:01Z"),
        ({"seconds": -1, "nanos": 0}, "1969-12-31T23:59:59Z"),
        ({"seconds": -62_135_596_799}, "0001-01-01T00:00:01Z"),
    ],
)
def test_times_have_seconds(values: Values, text: str | None) -> None:
    assert TIME.read(values) == text


def test_micro_times_have_six_digits() -> None:
    assert MICRO.read({"seconds": 1795417201, "nanos": 6_999}) == "2026-11-23T07:00:01.000006Z"
    assert MICRO.write("2026-11-23T08:00:01.000006+01:00") == {"seconds": 1795417201, "nanos": 6_000}
    assert MICRO.write(None) == {}


@given(st.integers(-62_135_596_799, 253_402_300_799))
def test_a_time_written_is_the_time_read(seconds: int) -> None:
    assert TIME.write(TIME.read({"seconds": seconds, "nanos": 0})) == {"seconds": seconds, "nanos": 0}


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "0s"),
        (1, "1ns"),
        (1_500, "1.5µs"),
        (100_000_000, "100ms"),
        (1_500_000_000, "1.5s"),
        (60_000_000_000, "1m0s"),
        (3_600_000_000_000, "1h0m0s"),
        (-90_061_000_000_001, "-25h1m1.000000001s"),
    ],
)
def test_durations_are_gos(nanoseconds: int, text: str) -> None:
    assert DURATION.read({"duration": nanoseconds}) == text
    assert DURATION.write(text) == {"duration": nanoseconds}


@given(st.integers(-(2**63), 2**63 - 1))
def test_a_duration_written_is_the_duration_read(nanoseconds: int) -> None:
    assert DURATION.write(DURATION.read({"duration": nanoseconds})) == {"duration": nanoseconds}


@pytest.mark.parametrize("text", ["", "1", "1x", "s", "1s 2s", "--1s", "1s" * 200, "\N{ARABIC-INDIC DIGIT ONE}s", 5])
def test_durations_that_are_none_are_refused(text: JSON) -> None:
    with pytest.raises(ContentError):
        DURATION.write(text)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-23T07:00:01", "2026-13-01T00:00:00Z", 5])
def test_times_that_are_none_are_refused(text: JSON) -> None:
    with pytest.raises(ContentError):
        TIME.write(text)


def test_a_time_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(ContentError):
        TIME.read({"seconds": 2**62})


def test_int_or_string_is_what_its_type_says() -> None:
    assert INT_OR_STRING.read({"type": 1, "intVal": 0, "strVal": "80%"}) == "80%"
    assert INT_OR_STRING.read({}) == 0
    assert INT_OR_STRING.write("80%") == {"type": 1, "intVal": 0, "strVal": "80%"}
    assert INT_OR_STRING.write(8) == {"type": 0, "intVal": 8, "strVal": ""}
    with pytest.raises(ContentError):
        INT_OR_STRING.write([])


def test_a_quantity_is_its_text_and_zero_without_one() -> None:
    assert QUANTITY.read({"string": "1500m"}) == "1500m"
    assert QUANTITY.read({}) == "0"
    assert QUANTITY.write(5) == {"string": "5"}


def test_whole_floats_have_no_fraction() -> None:
    assert repr(number(3.0)) == "3"
    assert repr(number(-0.5)) == "-0.5"
    assert repr(number(1e21)) == "1e+21"


@given(st.binary())
def test_bytes_are_base64(data: bytes) -> None:
    assert base64_bytes(base64_text(data)) == data


def test_bytes_that_are_no_base64_are_refused() -> None:
    for text in ("a", "a b=", "\u00fc", "!!!!"):
        with pytest.raises(ContentError):
            base64_bytes(text)
