"""kproxy.diff.framing: how an answer's end is marked, and whether it is compressed."""

from dataclasses import replace

import pytest

from kproxy.diff.findings import Findings
from kproxy.diff.framing import by_size, framing_differences
from kproxy.model.exchange import Exchange
from tests.diff.sessions import PODS, FakeServer

type Fields = dict[str, list[str]]


def exchange(size: int = 5, method: str = "GET", target: str = PODS, accepts: str = "gzip") -> Exchange:
    """One that was answered with so many bytes."""
    server = FakeServer("a", 1, 7)
    server.exchange(method, target)
    [made] = server.made.exchange_list
    assert made.answer is not None
    answer = replace(made.answer, body=replace(made.answer.body, size=size))
    return replace(made, answer=answer, request=replace(made.request, headers=(("Accept-Encoding", accepts),)))


LENGTH, CHUNKED = "content-length", "transfer-encoding"


@pytest.mark.parametrize(
    ("first", "second", "differ", "noise"),
    [
        ({LENGTH: ["5"]}, {LENGTH: ["7"]}, [], 0),
        ({LENGTH: ["5"]}, {LENGTH: ["5"]}, [LENGTH], 0),
        ({LENGTH: ["9"]}, {LENGTH: ["9"]}, [], 0),
        ({LENGTH: ["9"]}, {LENGTH: ["8"]}, [LENGTH], 0),
        ({LENGTH: ["5"]}, {CHUNKED: ["chunked"]}, [], 1),
        ({CHUNKED: ["chunked"]}, {LENGTH: ["7"]}, [], 1),
        ({CHUNKED: ["chunked"]}, {CHUNKED: ["chunked"]}, [], 0),
        ({CHUNKED: ["chunked"]}, {CHUNKED: ["gzip, chunked"]}, [CHUNKED], 0),
        ({}, {LENGTH: ["7"]}, [LENGTH], 0),
        ({CHUNKED: ["chunked"]}, {}, [CHUNKED], 0),
        ({}, {}, [], 0),
        ({"connection": ["close"]}, {}, [], 1),
        ({"keep-alive": ["5"]}, {"keep-alive": ["6"]}, [], 1),
        ({"connection": ["close"]}, {"connection": ["close"]}, [], 0),
    ],
)
def test_a_length_is_the_contents_and_chunks_beside_it_are_noise(
    first: Fields, second: Fields, differ: list[str], noise: int
) -> None:
    findings = Findings(strict=False)
    sides = exchange(5), exchange(7)
    assert list(framing_differences(sides[0], first, sides[1], second, findings)) == differ
    assert findings.noise.total() == noise
    strict = list(framing_differences(sides[0], first, sides[1], second, Findings(strict=True)))
    assert len(strict) == len(differ) + noise


def test_a_head_says_the_length_of_what_it_does_not_send() -> None:
    sides = exchange(0, "HEAD"), exchange(0, "HEAD")
    lengths: tuple[Fields, Fields] = {LENGTH: ["5"]}, {LENGTH: ["7"]}
    assert list(framing_differences(sides[0], lengths[0], sides[1], lengths[1], Findings(strict=True))) == []
    unanswered = replace(sides[0], answer=None)
    assert list(framing_differences(unanswered, lengths[0], sides[1], lengths[1], Findings(strict=True))) == []


LONG, SHORT = 128 * 1024 + 1, 128 * 1024
GZIP: Fields = {"content-encoding": ["gzip"], "vary": ["Accept-Encoding"]}


@pytest.mark.parametrize(
    ("first", "second", "sizes", "fits"),
    [
        (GZIP, {}, (LONG, SHORT), True),
        ({}, GZIP, (SHORT, LONG), True),
        (GZIP, {}, (SHORT, LONG), False),
        ({}, GZIP, (LONG, SHORT), False),
        (GZIP, {}, (LONG, LONG), False),
        (GZIP, {}, (SHORT, SHORT), False),
        (GZIP, GZIP, (LONG, SHORT), False),
        ({"content-encoding": ["gzip"]}, {}, (LONG, SHORT), False),
        ({**GZIP, "content-encoding": ["br"]}, {}, (LONG, SHORT), False),
        ({**GZIP, "vary": ["Origin", "Accept-Encoding"]}, {"vary": ["Origin"]}, (LONG, SHORT), True),
        (GZIP, {"vary": ["Origin"]}, (LONG, SHORT), False),
    ],
)
def test_an_answer_is_compressed_by_its_size(
    first: Fields, second: Fields, sizes: tuple[int, int], *, fits: bool
) -> None:
    assert by_size(exchange(), first, exchange(), second, sizes) is fits


def test_only_what_asked_for_gzip_and_is_a_resource_is_compressed() -> None:
    def fits(one: Exchange, other: Exchange) -> bool:
        return by_size(one, GZIP, other, {}, (LONG, SHORT))

    assert fits(exchange(accepts="br, gzip;q=0.5"), exchange())
    assert not fits(exchange(accepts="br"), exchange())
    assert not fits(exchange(), exchange(accepts=""))
    assert not fits(exchange(target="/version"), exchange(target="/version"))
