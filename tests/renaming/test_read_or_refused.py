"""What reads words of the API in `renaming`: it reads what was written, and refuses the rest without an error."""

import base64
import json
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

from hypothesis import given
from hypothesis import strategies as st

from kproxy.renaming.continuetoken import same_page
from kproxy.renaming.openapi import hash_key, learn_links
from kproxy.renaming.path import Path, depth_of, path_text
from kproxy.renaming.renaming import Renaming
from kproxy.renaming.times import age_range, http_seconds, seconds

ANY = st.text(max_size=30)
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/"), min_size=1, max_size=12)
MOMENTS = st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1))  # noqa: DTZ001 - zones are given
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
STEPS = st.recursive(
    ANY | st.integers(0, 99), lambda inner: st.lists(inner, min_size=1, max_size=3).map(tuple), max_leaves=4
)
WAYS = st.lists(STEPS, max_size=4)


def token(start: str, revision: int, form: str) -> str:
    value = {"v": form, "rv": revision, "start": start}
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@given(NAMES, NAMES, st.integers(-1, 2**62), st.integers(-1, 2**62))
def test_two_tokens_are_of_one_page_just_if_they_go_on_at_the_same_object(
    name: str, other: str, first: int, second: int
) -> None:
    form = "meta.k8s.io/v1"
    assert same_page(token(name, first, form), token(f"/{name}", second, form), str)
    assert same_page(token(name, first, form), token(other, second, form), str) == (name == other)
    assert not same_page(token(name, first, form), token(name, second, "meta.k8s.io/v2"), str)


@given(ANY | st.binary(max_size=30).map(lambda data: base64.urlsafe_b64encode(data).decode()), ANY)
def test_any_token_is_of_the_page_that_it_is_of(text: str, other: str) -> None:
    assert same_page(text, text, str)
    assert same_page(text, other, str) == same_page(other, text, str)


@given(MOMENTS, ZONES)
def test_a_time_is_read_as_the_moment_that_was_written(moment: datetime, zone: timezone) -> None:
    there = moment.replace(tzinfo=zone)
    whole = int(there.replace(microsecond=0).timestamp())
    assert seconds(there.isoformat()) == whole
    assert seconds(there.astimezone(UTC).isoformat().replace("+00:00", "Z")) == whole
    assert http_seconds(format_datetime(there.astimezone(UTC), usegmt=True)) == whole


@given(ANY)
def test_any_text_is_a_time_or_none(text: str) -> None:
    for read in (seconds, http_seconds):
        assert isinstance(read(text), int | None)


def human(passed: int) -> str:
    """What a server writes for an age: k8s.io/apimachinery/pkg/util/duration.HumanDuration."""
    minutes, hours, days = passed // 60, passed // 3600, passed // 86400
    steps = (
        (passed < 120, ((passed, "s"),)),
        (minutes < 10, ((minutes, "m"), (passed % 60, "s"))),
        (minutes < 180, ((minutes, "m"),)),
        (hours < 8, ((hours, "h"), (minutes % 60, "m"))),
        (hours < 48, ((hours, "h"),)),
        (hours < 192, ((days, "d"), (hours % 24, "h"))),
        (days < 730, ((days, "d"),)),
        (days < 8 * 365, ((days // 365, "y"), (days % 365, "d"))),
        (True, ((days // 365, "y"),)),
    )
    parts = next(parts for holds, parts in steps if holds)
    return "".join(f"{number}{unit}" for place, (number, unit) in enumerate(parts) if number or not place)


@given(st.integers(0, 20 * 365 * 86400) | st.integers(0, 200 * 3600) | st.integers(0, 1000))
def test_an_age_that_a_server_writes_is_within_what_it_can_mean(passed: int) -> None:
    found = age_range(human(passed))
    assert found is not None
    least, most = found
    assert least <= passed < most or (passed, least) == (0, 0)


@given(ANY)
def test_any_text_is_an_age_or_none(text: str) -> None:
    found = age_range(text)
    assert found is None or 0 <= found[0] < found[1]


def way_of(steps: list[object] | tuple[object, ...]) -> Path:
    way: Path = None
    for step in steps:
        if isinstance(step, tuple):
            way = (way, way_of(step))
        else:
            assert isinstance(step, str | int)
            way = (way, step)
    return way


def flat(steps: list[object] | tuple[object, ...]) -> list[object]:
    return [each for step in steps for each in (flat(step) if isinstance(step, tuple) else [step])]


@given(WAYS, WAYS)
def test_two_ways_are_written_alike_just_if_they_have_the_same_steps(one: list[object], other: list[object]) -> None:
    assert (path_text(way_of(one)) == path_text(way_of(other))) == (flat(one) == flat(other))
    assert path_text(way_of(one)) == path_text(way_of(flat(one)))
    assert depth_of(way_of(one)) == len(flat(one))


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_any_two_answers_may_be_lists_of_links_or_not(first: bytes, second: bytes) -> None:
    renaming = Renaming()
    learn_links(renaming, first, second)
    assert not renaming.modified


WORDS = st.text("abcXYZ019", min_size=1, max_size=8)


@given(st.dictionaries(WORDS, WORDS), st.dictionaries(WORDS, WORDS))
def test_a_link_is_learned_just_if_both_lists_have_it(first: dict[str, str], second: dict[str, str]) -> None:
    told = [
        {"paths": {name: {"serverRelativeURL": f"/openapi/v3/{name}?hash={value}"} for name, value in each.items()}}
        for each in (first, second)
    ]
    renaming = Renaming()
    learn_links(renaming, *(json.dumps(each).encode() for each in told))
    assert renaming.modified == {
        (f"/openapi/v3/{name}", hash_key(first[name])): second[name] for name in first.keys() & second.keys()
    }
