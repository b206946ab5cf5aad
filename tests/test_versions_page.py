"""docs/versions.md has the table of what is explained."""

from tests.support.versions import PAGE, PLANE, explanations, page_with, unexplained


def test_the_page_has_all_explanations() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page_with(page) == page, "if that is right, `python -m tests.support.versions` writes it again"


def test_a_cause_may_name_its_exchange_first() -> None:
    first = "exchange 8 (watch devicetaintrules.resource.k8s.io) was answered with 200 instead of 403"
    strange, _ = unexplained([first, "exchange 8 (watch pods) was answered with 200 instead of 403"], PLANE)
    assert strange == ["exchange 8 (watch pods) was answered with 200 instead of 403"]


def test_a_finding_is_explained_once_and_what_does_not_come_is_told() -> None:
    causes = [f"{each.begins[-1]} of x is there now, in exchange 1" for each in explanations()]
    assert unexplained(causes) == ([], [])
    assert unexplained([*causes[1:], causes[1], "new of y"]) == ([causes[1], "new of y"], [explanations()[0].begins[0]])
