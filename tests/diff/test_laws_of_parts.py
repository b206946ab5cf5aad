"""Laws of a comparison's parts: who stands beside whom, what a clock explains, which form a value has."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.diff.align import align_exchanges
from kproxy.diff.clock import SLACK, Clock
from kproxy.diff.forms import MAX_TEXT, form_of
from kproxy.diff.moments import Moment
from kproxy.diff.trees import MAX_SHOWN, shortened
from kproxy.model.exchange import End, Exchange, Nanos, Request, Seq
from kproxy.model.jsontypes import JSON
from kproxy.model.session import Session
from kproxy.renaming.times import seconds
from kproxy.wire.requestinfo import request_info

PODS = "/api/v1/namespaces/default/pods"
START = "2026-11-23T07:00:00Z"
SECOND = 1_000_000_000

QUERIES = st.sampled_from(["", "?limit=5", "?watch=true&resourceVersion=7", "?watch=true&resourceVersion=9"])
LINES = st.lists(
    st.tuples(st.sampled_from(["GET", "POST"]), st.sampled_from(["", "/a", "/b"]), QUERIES).map(
        lambda parts: f"{parts[0]} {PODS}{parts[1]}{parts[2]}"
    ),
    max_size=8,
)


def exchanges(lines: list[str]) -> list[Exchange]:
    made = []
    for number, line in enumerate(lines, start=1):
        method, _, target = line.partition(" ")
        request = Request(method=method, target=target, http_version="HTTP/1.1", headers=())
        info = request_info(method, target)
        made.append(Exchange(seq=Seq(number), connection=1, started=Nanos(0), request=request, info=info))
    return made


def kind(line: str) -> str:
    """What is left of a line where names and revisions are the server's to choose: all are of pods in one namespace."""
    method, _, target = line.partition(" ")
    return request_info(method, target).verb


@given(LINES)
def test_a_session_stands_beside_itself_one_by_one(lines: list[str]) -> None:
    one = exchanges(lines)
    assert list(align_exchanges(one, one)) == [(each.seq, each.seq) for each in one]


@given(LINES, LINES)
def test_nobody_stands_beside_two_and_both_sides_see_the_same_pairs(first: list[str], second: list[str]) -> None:
    pairs = list(align_exchanges(exchanges(first), exchanges(second)))
    assert len({a for a, _ in pairs}) == len({b for _, b in pairs}) == len(pairs)
    assert {(b, a) for a, b in align_exchanges(exchanges(second), exchanges(first))} == set(pairs)


@given(LINES, LINES)
def test_who_is_left_alone_has_nobody_of_its_kind_who_is_alone_too(first: list[str], second: list[str]) -> None:
    pairs = list(align_exchanges(exchanges(first), exchanges(second)))
    assert all(kind(first[a - 1]) == kind(second[b - 1]) for a, b in pairs)
    left = {kind(line) for at, line in enumerate(first, 1) if at not in {a for a, _ in pairs}}
    right = {kind(line) for at, line in enumerate(second, 1) if at not in {b for _, b in pairs}}
    assert not left & right


def test_what_a_fault_answered_stands_beside_nothing() -> None:
    [refused, served] = exchanges([f"GET {PODS}"] * 2)
    refused = replace(refused, end=End.REFUSED, fault="rule 1")
    assert list(align_exchanges([refused, served], exchanges([f"GET {PODS}"]))) == [(2, 1)]
    assert list(align_exchanges([replace(refused, fault="")], exchanges([f"GET {PODS}"]))) == [(1, 1)]


def moment(at: float, skew: int, took: float = 0) -> Moment:
    """An answer's, whose server is `skew` seconds ahead, and which took so many seconds."""
    said = (seconds(START) or 0) + int(at + took) + skew
    return Moment(Nanos(int(at * SECOND)), Nanos(int((at + took) * SECOND)), None, said)


def clock(skew: int, *ats: int) -> Clock:
    made = Clock(Session(id="0", started_at=START))
    for at in ats:
        made.see_at(moment(at, skew))
    return made


SKEWS = st.integers(-(10**6), 10**6)


@given(SKEWS, st.lists(st.integers(0, 1000), min_size=1, max_size=9), st.floats(0, 1000), st.floats(0, 100))
def test_a_clock_explains_what_its_own_server_says_and_nothing_beyond_its_slack(
    skew: int, ats: list[int], at: float, took: float
) -> None:
    made = clock(skew, *ats)
    assert made.explains_at(moment(at, skew, took))
    assert not made.explains_at(moment(at, skew + int(SLACK) + 2, took))
    assert not made.explains_at(moment(at, skew - int(SLACK) - 2 - int(took) - 1, took))
    assert made.at(Nanos(int(at) * SECOND)) == (seconds(START) or 0) + int(at) + skew


@given(SKEWS, st.lists(st.integers(0, 1000), min_size=3, max_size=9), SKEWS)
def test_one_answer_that_is_wrong_does_not_set_a_clock(skew: int, ats: list[int], wrong: int) -> None:
    made = clock(skew, *ats)
    made.see_at(moment(5, wrong))
    assert made.at(Nanos(0)) == clock(skew, *ats).at(Nanos(0))


def test_a_clock_that_nobody_saw_knows_no_time_and_one_without_a_date_explains_nothing() -> None:
    assert clock(0).at(Nanos(0)) is None
    assert clock(0, 1).at(None) is None
    assert not clock(0, 1).explains_at(Moment(Nanos(0), Nanos(1), None, None))
    assert not clock(0, 1).explains_at(Moment(Nanos(0), None, None, seconds(START)))


VALUES: st.SearchStrategy[JSON] = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.just({})
    | st.just([])
)


@given(VALUES, VALUES)
def test_two_values_of_one_form_are_of_one_type(one: JSON, other: JSON) -> None:
    if form_of(one) is not None and form_of(one) == form_of(other):
        assert type(one) is type(other)


@given(st.lists(st.sampled_from(["waited", "for", "web", "12ms", "9s", "300"]), min_size=1, max_size=5), st.data())
def test_other_numbers_leave_a_texts_form_as_it_is_and_other_words_do_not(
    words: list[str], data: st.DataObject
) -> None:
    drawn = [
        str(data.draw(st.integers(0, 10**6))) + each.lstrip("0123456789") if each[0].isdigit() else each
        for each in words
    ]
    assert form_of(" ".join(drawn)) == form_of(" ".join(words))
    assert form_of(" ".join([*words, "more"])) != form_of(" ".join(words))


@pytest.mark.parametrize("sign", [1, -1])
def test_a_number_beyond_64_bits_and_a_text_beyond_the_bound_have_no_form(sign: int) -> None:
    assert form_of(sign * (2**64 - 1)) is not None
    assert form_of(sign * 2**64) is None
    assert form_of("x" * MAX_TEXT) is not None
    assert form_of("x" * (MAX_TEXT + 1)) is None


@given(st.text(max_size=3) | st.lists(st.text(max_size=3)), st.integers(1, 3))
def test_a_report_shows_short_values_whole_and_says_of_long_ones_how_long_they_are(value: JSON, times: int) -> None:
    assert shortened(value) == value
    long = "x" * (MAX_SHOWN + times)
    shown = shortened(long)
    assert isinstance(shown, str)
    assert shown == f"{'x' * MAX_SHOWN}… ({MAX_SHOWN + times} characters)"
    assert shortened([long]) == f"{str([long])[:MAX_SHOWN]}… (list of 1)"
    assert shortened({"a": long}) == f"{str({'a': long})[:MAX_SHOWN]}… (dict of 1)"
    assert shortened(long[:MAX_SHOWN]) == long[:MAX_SHOWN]
