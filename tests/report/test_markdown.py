"""kproxy.report.markdown: a comment that fits, in which nothing of a recording is Markdown or HTML."""

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from kproxy.report.markdown import MAX_CHARACTERS, escaped, fenced, markdown_report
from tests.report.hostile import TEXTS, hostile

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
OURS = re.compile(r"</?(?:details|summary)>")


def tokens(markdown: str) -> list[Token]:
    """All tokens of a Markdown text, those within lines too."""
    return [inner for each in PARSER.parse(markdown) for inner in (each, *(each.children or ()))]


def assert_harmless(markdown: str) -> None:
    """No HTML but ours, no link, no picture, no heading but the first."""
    found = tokens(markdown)
    assert not [each for each in found if each.type in {"link_open", "image", "code_inline", "em_open", "s_open"}]
    html = "".join(each.content for each in found if each.type in {"html_block", "html_inline"})
    assert "<" not in OURS.sub("", html)
    assert sum(each.type == "heading_open" for each in found) == 1


def test_the_verdict_comes_first_then_a_table_of_the_findings() -> None:
    verdict, evidence = hostile("a", "b")
    lines = markdown_report(verdict, evidence).splitlines()
    assert lines[0] == "## ❌ kproxy: different"
    assert "**2 differences of 2 causes**:" in lines
    assert any(line.startswith("| 1 | ") for line in lines)


def test_hostile_texts_stay_texts() -> None:
    verdict, evidence = hostile(*TEXTS)
    markdown = markdown_report(verdict, evidence)
    assert_harmless(markdown)
    outside = re.sub(r"^(`{3,}).*?^\1$", "", markdown, flags=re.DOTALL | re.MULTILINE)
    for reference in ("@octocat", "#4711", "GH-3", "https://", "www.example"):
        assert reference not in re.sub(r"\\(?=[^\w\s])", "", outside)


def test_a_table_has_as_many_cells_in_each_row_whatever_stands_in_them() -> None:
    verdict, evidence = hostile(*TEXTS)
    for rows in PARSER.render(markdown_report(verdict, evidence)).split("<tr>")[1:]:
        row = rows.partition("</tr>")[0]
        assert row.count("</td>") + row.count("</th>") in {4, 5}


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_any_text_stays_text(texts: list[str]) -> None:
    assert_harmless(markdown_report(*hostile(*texts)))


@given(st.text(min_size=1))
def test_any_text_that_is_escaped_is_one_paragraph_of_text(text: str) -> None:
    found = [each.type for each in tokens(f"x {escaped(text, 10_000)} x")]
    assert set(found) <= {"paragraph_open", "inline", "text", "text_special", "paragraph_close"}


@given(st.lists(st.text(alphabet="`~\n ab")))
def test_no_text_ends_its_block(lines: list[str]) -> None:
    assert [each.type for each in PARSER.parse(fenced(lines))] == ["fence"]


def test_thousands_of_findings_fit_into_a_comment() -> None:
    verdict, evidence = hostile(*TEXTS)
    many = replace(verdict, findings=verdict.findings * 400, reasons=verdict.reasons * 400)
    markdown = markdown_report(many, evidence)
    assert MAX_CHARACTERS // 2 < len(markdown) <= MAX_CHARACTERS
    assert "had no room here" in markdown
    assert_harmless(markdown)
