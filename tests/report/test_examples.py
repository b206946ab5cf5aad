"""Each format on one fixed pair: the golden files, and the examples in docs/reports.md, are what kproxy writes."""

import re

import pytest

import kproxy
from kproxy.cli.formats import FORMATS
from tests.report.examples import GOLDEN, PAGE, page_with, reports

AGAIN = "if that is right, `python -m tests.report.examples` writes them again"


@pytest.fixture(scope="module", name="made")
def made_reports() -> dict[str, str]:
    """All reports on the pair."""
    return reports()


@pytest.mark.parametrize("name", FORMATS)
def test_a_report_is_what_it_was(made: dict[str, str], name: str) -> None:
    golden = (GOLDEN / f"report.{FORMATS[name].suffix}").read_text(encoding="utf-8")
    assert unversioned(made[name]) == unversioned(golden), AGAIN


def unversioned(report: str) -> str:
    """Without kproxy's own version, which the page names."""
    return re.sub(r"kproxy \d[\w.+-]*\. Values", "kproxy VERSION. Values", report)


def test_the_page_names_the_version_that_made_it(made: dict[str, str]) -> None:
    assert f"kproxy {kproxy.__version__}. Values" in made["html"]


def test_the_examples_in_the_docs_are_true(made: dict[str, str]) -> None:
    page = PAGE.read_text()
    assert page_with(page, made) == page, AGAIN


def test_three_faults_are_three_findings(made: dict[str, str]) -> None:
    assert "of 3 causes" in made["text"]
