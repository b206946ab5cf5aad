"""kproxy.diff.chosen."""

import re

from hypothesis import given
from hypothesis import strategies as st

from kproxy.diff.chosen import may_be_chosen

AT_ONCE = re.compile(
    rb"[0-9a-f]{4}-[0-9a-f]{12}"
    rb"|\d\d-\d\dT\d\d:"
    rb'|"(?:resourceVersion|generateName|nodePort|healthCheckNodePort|continue|serverAddress|clusterIPs?)"\s*:\s*["\d\[]'
    rb"|kproxy-redacted-|a3Byb3h5LXJlZGFjdGVk|eyJrcHJveHki|^k8s\x00|^\xd9\xd9\xf7"
)
"""What it looks for, said in one expression."""

PIECES = [
    *(b"9f3a", b"-", b"0123456789ab", b"11", b"-22", b"T07", b":", b"2026-11-27T07:00:00Z", b"T", b"3f2a-0123456789ab"),
    *(
        b'"',
        b'"resourceVersion"',
        b'"clusterIPs"',
        b'"clusterIP"',
        b'"continue"',
        b" : ",
        b":",
        b"[",
        b"5",
        b'"nodePort":',
    ),
    *(
        b"kproxy-redacted-",
        b"kproxy-",
        b"a3Byb3h5LXJlZGFjdGVk",
        b"eyJrcHJveHki",
        b"k8s\x00",
        b"\xd9\xd9\xf7",
        b"\n",
        b"z",
    ),
]


@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=3), max_size=8).map(b"".join))
def test_it_finds_what_one_expression_finds(data: bytes) -> None:
    assert may_be_chosen(data) is (AT_ONCE.search(data) is not None)
