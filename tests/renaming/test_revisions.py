"""kproxy.renaming.revisions."""

from kproxy.renaming.revisions import Revisions


def test_an_objects_version_has_the_image_that_its_answer_showed() -> None:
    revisions = Revisions()
    revisions.learn("uid", "100", "7")
    assert revisions.image("uid", "100") == "7"
    assert revisions.agrees("uid", "100", "7")
    assert not revisions.agrees("uid", "100", "8")


def test_a_lists_revision_has_the_image_that_the_list_showed() -> None:
    revisions = Revisions()
    revisions.learn("", "120", "9")
    assert revisions.image("", "120") == "9"


def test_an_unknown_revision_maps_to_the_smallest_that_contains_what_is_known() -> None:
    revisions = Revisions()
    revisions.learn("a", "100", "7")
    revisions.learn("b", "104", "9")
    assert revisions.image("", "102") == "7"
    assert revisions.image("", "110") == "9"
    assert revisions.image("", "99") is None


def test_etcds_word_weighs_more_than_an_answers() -> None:
    revisions = Revisions()
    revisions.learn("a", "100", "6")
    revisions.learn("a", "100", "7", 3)
    revisions.settle()
    assert revisions.exact("a", 100) == 7
