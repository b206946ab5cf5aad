"""kproxy.replay.values."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from kproxy.replay.values import uids_in
from tests.replay.test_sights import exchanged

_UUID = re.compile(rb"(?<![0-9A-Za-z])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9A-Za-z])")
_PIECES = st.uuids().map(str) | st.sampled_from(["-", "x", "0", "\n", "00000000-", "-000000000000", "abcd"])


@given(st.lists(_PIECES).map("".join))
@example("-00000000-0000-0000-0000-000000000000-0000-0000-0000-000000000000")
def test_uids_are_those_that_stand_alone(text: str) -> None:
    body = text.encode()
    assert uids_in(exchanged("GET", "/api/v1/pods")[1], body) == set(_UUID.findall(body))
