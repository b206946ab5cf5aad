"""Tokens and bitmaps that servers make: read as they were written, and never trusted."""

import base64
import json

from hypothesis import given
from hypothesis import strategies as st

from kproxy.renaming.allocations import allocated, same_allocation
from kproxy.renaming.continuetoken import same_page

NAMES = st.text("abcdefgh-/", min_size=1, max_size=12)
PORTS = st.frozensets(st.integers(30000, 32767), max_size=6)


def token(start: str, revision: int = 7, version: str = "meta.k8s.io/v1") -> str:
    return (
        base64.urlsafe_b64encode(json.dumps({"v": version, "rv": revision, "start": start}).encode())
        .decode()
        .rstrip("=")
    )


def bitmap(ports: frozenset[int]) -> str:
    bits = sum(1 << (port - 30000) for port in ports)
    return base64.b64encode(bits.to_bytes((bits.bit_length() + 7) // 8)).decode()


@given(NAMES, NAMES, st.integers(1, 10**9))
def test_two_tokens_go_on_at_the_same_place_just_if_the_start_is_the_renamed_one(a: str, b: str, revision: int) -> None:
    def renamed(start: str) -> str:
        return start.replace("a", "xx")

    start = a.removeprefix("/")
    assert same_page(token(a), token("/" + renamed(start), revision), renamed)
    assert same_page(token(a), token(b), renamed) == (renamed(start) == b.removeprefix("/"))
    assert not same_page(token(a), token(renamed(start), version="v2"), renamed)


@given(st.text(max_size=40), st.text(max_size=40) | NAMES.map(token))
def test_any_text_is_a_token_or_opaque(a: str, b: str) -> None:
    assert same_page(a, b, str) in {True, False}
    assert same_page(a, a, str)
    assert same_page(a, b, str) == same_page(b, a, str)


@given(PORTS)
def test_a_bitmap_holds_the_ports_that_were_put_in(ports: frozenset[int]) -> None:
    assert allocated("30000-32767", bitmap(ports)) == ports
    assert allocated("10.0.0.0/16", bitmap(ports)) == set()


@given(PORTS, PORTS, st.integers(0, 100))
def test_two_bitmaps_are_the_same_just_if_the_images_of_the_ports_are(
    a: frozenset[int], b: frozenset[int], by: int
) -> None:
    def image(port: str) -> str | None:
        return str(int(port) + by) if int(port) + by <= 32767 else None

    moved = frozenset(int(image(str(port)) or port) for port in a)
    assert same_allocation("30000-32767", bitmap(a), bitmap(moved), image)
    assert same_allocation("30000-32767", bitmap(a), bitmap(b), image) == (moved == b)
    assert same_allocation("10.0.0.0/16", bitmap(a), bitmap(b), image) == (len(a) == len(b))


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_any_text_is_a_bitmap_or_is_compared_as_it_is(span: str, a: str, b: str) -> None:
    assert same_allocation(span, a, a, lambda _: None)
    assert same_allocation(span, a, b, lambda _: None) == same_allocation(span, b, a, lambda _: None)
    assert isinstance(allocated(span, a), set)
