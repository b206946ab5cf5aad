"""Warning headers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.wire.warnings import warning_texts


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (['299 - "v1 ComponentStatus is deprecated"'], ("v1 ComponentStatus is deprecated",)),
        ([r'299 - "unknown field \"spec.x\", back\\slash"'], ('unknown field "spec.x", back\\slash',)),
        (['299 - "one"', '299 agent "two, three"'], ("one", "two, three")),
        (['299 - "one" "Wed, 25 Nov 2026 10:00:00 GMT", 299 - "two"'], ("one", "two")),
        (['299 - "\xc3\xbc"'], ("ü",)),
        (['299 - "not ended'], ("not ended",)),
        (["299", "", '"x"', '29 - "x"', '2999 - "x"', '299  "x"', 'abc - "x"'], ()),
    ],
)
def test_the_texts_of_warnings(values: list[str], expected: tuple[str, ...]) -> None:
    assert warning_texts((("Date", '299 - "x"'), *(("Warning", value) for value in values))) == expected


@given(st.text(st.sampled_from('29 -",\\x'), max_size=60))
def test_garbage_never_raises(value: str) -> None:
    warning_texts((("warning", value),))
