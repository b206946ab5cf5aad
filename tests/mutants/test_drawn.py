"""What is drawn, and how it is counted."""

from dataclasses import replace

import pytest

from kproxy.renaming.kinds import Kind
from tests.diff.conftest import PAIR
from tests.mutants.drawn import (
    BOUND,
    FREE,
    NOT_CHOSEN,
    OUT_OF_SCOPE,
    Drawn,
    Pair,
    Score,
    class_of,
    read_pair,
    try_drawn,
)

FOUND = Drawn(golden="g", number=1, edit="e", where="body", caught=True)


@pytest.fixture(scope="module")
def pair() -> Pair:
    """hello-kubectl and its replay."""
    return read_pair("hello-kubectl", PAIR / "recorded", PAIR / "replayed")


@pytest.mark.long
def test_a_seed_draws_the_same_again(pair: Pair) -> None:
    assert try_drawn(pair, 7, range(4)) == try_drawn(pair, 7, range(2)) + try_drawn(pair, 7, range(2, 4))
    assert try_drawn(pair, 7, range(3)) != try_drawn(pair, 8, range(3))


def test_a_uid_is_chosen_and_occurs_twice_and_a_name_is_not_chosen(pair: Pair) -> None:
    created = next(each for each in pair.replayed.exchange_list if each.info.verb == "create")
    uid = pair.choices.sites["body", created.seq, 0, "$.metadata.uid"]
    assert uid.kind is Kind.UID
    assert pair.choices.twice(uid)
    assert ("body", created.seq, 0, "$.metadata.name") not in pair.choices.sites


def test_a_score_is_good_when_few_survive_where_the_server_has_no_choice() -> None:
    many = [replace(FOUND, number=number) for number in range(100)]
    survived = replace(FOUND, caught=False)
    assert Score((*many, survived, survived)).good()
    assert not Score((*many, survived, survived, survived)).good()


def test_a_chosen_value_that_occurs_twice_may_not_survive_and_one_that_stands_alone_may() -> None:
    free = replace(FOUND, caught=False, chosen="audit id")
    bound = replace(free, bound="occurs twice")
    assert [class_of(each) for each in (FOUND, bound, free)] == [NOT_CHOSEN, BOUND, FREE]
    assert Score((FOUND, free)).good()
    assert not Score((FOUND, bound)).good()
    assert Score((FOUND, bound, free)).counts() == {
        NOT_CHOSEN: (1, 0),
        BOUND: (1, 1),
        FREE: (1, 1),
        OUT_OF_SCOPE: (0, 0),
    }
