"""kproxy.renaming.times."""

import pytest

from kproxy.renaming.times import age_range, http_seconds, seconds


def test_times_are_read_in_whole_seconds_whatever_their_precision_or_zone() -> None:
    assert seconds("1970-01-01T00:00:10Z") == 10
    assert seconds("1970-01-01T00:00:10.999999Z") == 10
    assert seconds("1970-01-01T01:00:10+01:00") == 10
    assert seconds("2026-13-01T00:00:00Z") is None


def test_an_http_date_is_read() -> None:
    assert http_seconds("Thu, 01 Jan 1970 00:00:10 GMT") == 10
    assert http_seconds("Thu, 01 Jan 1970 00:00:10 UTC") == 10
    assert http_seconds("soon") is None


@pytest.mark.parametrize("year", ["99999999999999999999", "10000", "0"])
@pytest.mark.parametrize("zone", ["GMT", "+9999", "-9999", "+99999999999999999999"])
def test_a_date_that_no_clock_shows_is_none(year: str, zone: str) -> None:
    assert http_seconds(f"Thu, 01 Jan {year} 00:00:10 {zone}") is None or year == "0"


def test_an_age_means_a_range_as_wide_as_its_last_unit() -> None:
    assert age_range("5s") == (5, 6)
    assert age_range("5m30s") == (330, 331)
    assert age_range("3h") == (10800, 14400)
    assert age_range("2d3h") == (2 * 86400 + 3 * 3600, 2 * 86400 + 4 * 3600)


def test_what_is_no_age_is_none() -> None:
    for text in ("", "<unknown>", "5", "s", "5 s", "5x", "-5s"):
        assert age_range(text) is None
