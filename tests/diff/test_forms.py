"""kproxy.diff.forms."""

from kproxy.diff.forms import MAX_TEXT, form_of
from kproxy.model.jsontypes import JSON


def test_a_drawn_text_has_the_form_of_another_one() -> None:
    assert form_of("web-x7k2p") == form_of("web-9qz4m")
    assert form_of("web-x7k2p") != form_of("web-x7k2pq")
    assert form_of("web-x7k2p") != form_of("app-x7k2p")


def test_words_stand_for_themselves() -> None:
    assert form_of("Running") != form_of("Pending")
    assert form_of("waited 12ms for 3 pods") == form_of("waited 9ms for 17 pods")
    assert form_of("waited 12ms for 3 pods") != form_of("waited 12s for 3 pods")


def test_times_uids_and_numbers_are_told_apart() -> None:
    forms = [
        form_of(each)
        for each in (
            None,
            True,
            3,
            -3,
            0.5,
            "2026-01-01T00:00:00Z",
            "385ac3c3-d112-4b7c-aae9-3af50d03912e",
            "3",
            "#",
            "?",
            "",
        )
    ]
    assert len(set(forms)) == len(forms)


def test_what_a_text_says_literally_is_no_number_of_another() -> None:
    assert form_of("#") != form_of("5")
    assert form_of("?????") != form_of("x7k2p")


def test_a_few_replicas_teach_nothing_of_thousands() -> None:
    assert form_of(2) == form_of(3) == form_of(0)
    assert form_of(2) != form_of(5000)
    assert form_of(12) != form_of(-12)


def test_objects_lists_and_long_texts_have_no_form_but_empty_ones_do() -> None:
    assert form_of({"a": 1}) is None
    assert form_of([1]) is None
    assert form_of({}) != form_of([])
    assert form_of({}) is not None
    assert form_of("x" * (MAX_TEXT + 1)) is None


def test_learned_rules_know_forms_by_these_names() -> None:
    values: list[JSON] = [True, 1.5, None, {}, [], -12]
    named = ["boolean", "number", "null", "empty object", "empty list", "negative integer of 2 digits"]
    assert [form_of(each) for each in values] == named
