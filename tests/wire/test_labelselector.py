"""Label selectors that the api-server takes, and those that it does not; most are of its own selector_test.go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.wire.labelselector import is_label_selector


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "x=a,y=b,z=c",
        "x!=a,y=b",
        "x=",
        "x= ",
        "x=,z= ",
        "x= ,z= ",
        "!x",
        "x>1",
        "x<99",
        "x",
        "x,!y",
        "x in (a,b)",
        "x notin (a)",
        "x in ()",
        "x in (,)",
        "x in (a,,b)",
        "in in (in,notin)",
        "example.com/x==a",
        "x == a \t, y",
        "notin",
    ],
)
def test_these_are_selectors(text: str) -> None:
    assert is_label_selector(text)


@pytest.mark.parametrize(
    "text",
    [
        "x=a||y=b",
        "x==a==b",
        "!x=a",
        "x<a",
        "x>-1",
        "x>",
        "x,",
        ",x",
        "x in a",
        "x in (a",
        "x in (a b)",
        "x in (a,=)",
        "x y",
        "x (a)",
        "=a",
        "!",
        "/x=a",
        "Example.com/x=a",
        "a/b/c=d",
        "-x",
        "x=-a",
        f"{'x' * 64}=a",
        f"x={'a' * 64}",
        "x=ü",
    ],
)
def test_these_are_none(text: str) -> None:
    assert not is_label_selector(text)


@given(st.text(st.sampled_from("ax1-/.=!(),<> \0"), max_size=30))
def test_garbage_never_raises(text: str) -> None:
    is_label_selector(text)


@pytest.mark.parametrize(("length", "accepted"), [(63, True), (64, False)])
def test_a_value_is_as_long_as_a_label_may_be(length: int, accepted: bool) -> None:
    assert is_label_selector(f"x={'a' * length}") is accepted
    assert is_label_selector(f"x in (b,{'a' * length})") is accepted
