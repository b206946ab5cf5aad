"""Selectors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.lab.emulated.selectors import Selector, parse_fields, parse_labels
from kproxy.lab.emulated.status import StatusError
from kproxy.model.jsontypes import JSONObject

LABELLED: JSONObject = {"metadata": {"name": "x", "labels": {"tier": "web", "n": "5", "empty": ""}}}


@pytest.mark.parametrize(
    ("selector", "holds"),
    [
        ("", True),
        ("tier=web", True),
        ("tier==web", True),
        ("tier = web , n", True),
        ("tier!=web", False),
        ("none!=web", True),
        ("tier in (db, web)", True),
        ("tier notin (db,web)", False),
        ("none notin (db)", True),
        ("!tier", False),
        ("!none", True),
        ("empty=", True),
        ("n>4", True),
        ("n<4", False),
        ("tier>4", False),
    ],
)
def test_label_selectors(selector: str, holds: bool) -> None:
    assert Selector(labels=parse_labels(selector)).matches(LABELLED) is holds


@pytest.mark.parametrize(
    ("selector", "holds"),
    [("metadata.name=x", True), ("metadata.name!=x", False), ("metadata.name==x,status.phase=", True)],
)
def test_field_selectors(selector: str, holds: bool) -> None:
    assert Selector(fields=parse_fields(selector, ("metadata.name", "status.phase"))).matches(LABELLED) is holds


@pytest.mark.parametrize("selector", ["a b c", "a=b,,", ",", "a in", "a in (b", "=b", "a,", "!"])
def test_a_label_selector_that_is_none_is_refused(selector: str) -> None:
    with pytest.raises(StatusError):
        parse_labels(selector)


@given(st.text(alphabet="ab=!,()<> in", max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    for parse in (parse_labels, lambda text: parse_fields(text, ("a",))):
        try:
            parse(text)
        except StatusError as error:
            assert error.code == 400  # noqa: PT017 - the other outcome is as good
