"""Which edits break an order."""

from dataclasses import replace

import pytest

from kproxy.renaming.kinds import Kind
from tests.diff.conftest import PAIR
from tests.diff.edits import Edit
from tests.mutants.drawn import Pair, read_pair


@pytest.fixture(scope="module")
def pair() -> Pair:
    """hello-kubectl and its replay."""
    return read_pair("hello-kubectl", PAIR / "recorded", PAIR / "replayed")


def edit_at(pair: Pair, kind: Kind, path: str, *, scoped: bool = True) -> Edit:
    """An edit of the first answer that has such a value there; its new value is to be set."""
    for (where, seq, index, found), chosen in pair.choices.sites.items():
        if where == "body" and found == path and chosen.kind is kind and bool(chosen.scope) is scoped:
            return Edit(where, seq, path, chosen.value, "", pair.replayed, index)
    raise LookupError(path)


def test_a_time_of_long_ago_breaks_the_order_and_the_same_one_does_not(pair: Pair) -> None:
    edit = edit_at(pair, Kind.TIME, "$.metadata.managedFields[0].time")
    chosen = pair.choices.of(edit)
    assert chosen
    assert pair.order.broken_by(replace(edit, after="2199-01-01T00:00:00Z"), chosen)
    assert not pair.order.broken_by(replace(edit, after=edit.before), chosen)


def test_a_list_from_before_the_last_write_breaks_the_order(pair: Pair) -> None:
    edit = edit_at(pair, Kind.REVISION, "$.metadata.resourceVersion", scoped=False)
    chosen = pair.choices.of(edit)
    assert chosen
    assert pair.order.broken_by(replace(edit, after=str(1 << 60)), chosen)
    assert not pair.order.broken_by(replace(edit, after=edit.before), chosen)


def test_a_date_that_the_clock_cannot_have_shown_breaks_the_order(pair: Pair) -> None:
    seq = pair.replayed.exchange_list[0].seq
    date = dict(pair.replayed.exchange_list[0].answer.headers)["Date"]  # type: ignore[union-attr] # it was answered
    edit = Edit("header", seq, "Date", date, "Thu, 01 Jan 1970 00:00:00 GMT", pair.replayed)
    chosen = pair.choices.of(edit)
    assert chosen
    assert pair.order.broken_by(edit, chosen)
    assert not pair.order.broken_by(replace(edit, after=date), chosen)
