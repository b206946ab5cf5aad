"""kproxy.renaming.bijection."""

from hypothesis import given
from hypothesis import strategies as st

from kproxy.renaming.bijection import Bijection


def test_the_first_pair_wins_until_all_was_seen() -> None:
    each = Bijection()
    each.learn("a", "x")
    each.learn("a", "y")
    assert each.image("a") == "x"


def test_the_pair_seen_most_often_wins_in_the_end() -> None:
    each = Bijection()
    for replayed in ("wrong", "x", "x"):
        each.learn("a", replayed)
    each.settle()
    assert each.agrees("a", "x")
    assert not each.agrees("a", "wrong")


def test_two_values_never_share_an_image() -> None:
    each = Bijection()
    each.learn("a", "x")
    each.learn("b", "x")
    each.settle()
    assert each.image("b") is None


def test_a_value_that_came_first_and_again_keeps_its_image_from_one_that_is_shown_with_it_more_often() -> None:
    each = Bijection()
    for baseline in ("14", "14", "15", "15", "15"):
        each.learn(baseline, "14")
    each.settle()
    assert each.agrees("14", "14")
    assert each.image("15") is None


def test_a_value_that_came_first_but_only_once_gives_its_image_away() -> None:
    each = Bijection()
    for baseline in ("wrong", "a", "a"):
        each.learn(baseline, "x")
    each.settle()
    assert each.agrees("a", "x")


def test_times_may_share_an_image() -> None:
    each = Bijection(injective=False)
    each.learn("a", "x")
    each.learn("b", "x")
    each.settle()
    assert each.image("b") == "x"


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("wxyz"))))
def test_whatever_is_learned_it_stays_one_to_one(pairs: list[tuple[str, str]]) -> None:
    each = Bijection()
    for baseline, replayed in pairs:
        each.learn(baseline, replayed)
    each.settle()
    images = [image for _, image in each.items()]
    assert len(images) == len(set(images))


def test_votes_are_counted_from_the_first_one() -> None:
    each = Bijection()
    each.learn("a", "x")
    each.learn("a", "x")
    each.learn("a", "y")
    each.learn("a", "y", 2)
    each.settle()
    assert each.image("a") == "y"
