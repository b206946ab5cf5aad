"""kproxy.report.html: one file that asks for nothing and in which nothing of a recording is markup."""

import re
from base64 import b64encode
from dataclasses import dataclass, field, replace
from hashlib import sha256
from html.parser import HTMLParser

from hypothesis import given, settings
from hypothesis import strategies as st

from kproxy.model.exchange import Seq
from kproxy.model.verdict import Outcome, Tally, Verdict
from kproxy.report.html import MAX_FINDINGS, html_report, linked
from tests.report.hostile import TEXTS, hostile

VOID = {"meta", "br", "link", "img", "input"}
ATTRIBUTES = {
    "class", "id", "href", "lang", "charset", "http-equiv", "content", "name", "scope", "hidden", "value", "open",
    "aria-label", "aria-labelledby", "tabindex", "data-resources", "data-places",
}  # fmt: skip


@dataclass
class Page(HTMLParser):
    """A page as a reader of HTML has it: elements with their attributes, texts; every element is closed in its turn."""

    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        HTMLParser.__init__(self, convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def page(html: str) -> Page:
    """Parse, and hold it to what every report must keep."""
    found = Page()
    found.feed(html)
    found.close()
    assert not found.open
    tags = [tag for tag, _ in found.elements]
    assert (tags.count("script"), tags.count("style")) == (1, 1)
    assert not {"img", "iframe", "object", "embed", "link", "base", "svg"} & set(tags)
    for _, attributes in found.elements:
        assert attributes.keys() <= ATTRIBUTES
        assert re.fullmatch(r"#[a-z]+(?:-\d+)?", attributes.get("href") or "#x")
    assert all(char.isprintable() or char == "\n" for char in html)
    return found


def policy(found: Page) -> str:
    """The page's own policy."""
    return next(each["content"] or "" for _, each in found.elements if each.get("http-equiv"))


def test_the_policy_lets_nothing_run_but_the_pages_own_style_and_script() -> None:
    html = html_report(*hostile("x"))
    assert policy(page(html)).startswith("default-src 'none'; ")
    for tag in ("style", "script"):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = b64encode(sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy(page(html))
    assert "http://" not in html
    assert "https://" not in html


def test_hostile_texts_stay_texts_and_are_all_there() -> None:
    found = page(html_report(*hostile(*TEXTS)))
    said = "".join(found.texts)
    for text in ("<script>alert(1)</script>", "</style></pre></details>", "javascript:alert(1)", "{{ 7 * 7 }}"):
        assert text in said
    assert "49" not in said
    assert "\\u202eevil" in said
    assert "\\x00\\x1b[31m" in said


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(), min_size=1, max_size=3))
def test_any_text_makes_a_page_in_which_it_is_text(texts: list[str]) -> None:
    page(html_report(*hostile(*texts)))


def test_each_finding_can_be_reached_and_links_to_its_exchange() -> None:
    verdict, evidence = hostile("x")
    finding = replace(verdict.findings[0], cause="exchange 1 (get x) was answered", chain=("", "so exchange 1 and 7"))
    found = page(html_report(replace(verdict, findings=(finding,)), evidence))
    ids = {each.get("id") for _, each in found.elements}
    links = {each["href"] for tag, each in found.elements if tag == "a"}
    assert {"#finding-1", "#exchange-1"} <= links
    assert {link[1:] for link in links if link} <= ids


def test_only_exchanges_that_the_page_has_are_links() -> None:
    link = '<a href="#exchange-{0}">{0}</a>'
    assert linked("so exchanges 1, 2, 3 <b>", {Seq(1), Seq(3)}) == (
        f"so exchanges {link.format(1)}, 2, {link.format(3)} &lt;b&gt;"
    )


def test_noise_is_counted_by_its_rules_with_where_they_come_from() -> None:
    verdict, evidence = hostile("x")
    rule = replace(verdict.noise[0], rule="my-rule", source="learned", teachers=("run 1", "run 2"), count=7)
    said = "".join(page(html_report(replace(verdict, noise=(rule,)), evidence)).texts)
    assert "my-rule7learned: run 1, run 2" in said


def test_a_page_without_differences_says_so() -> None:
    same = Verdict(
        outcome=Outcome.IDENTICAL, scope="HTTP only", exchanges=Tally(compared=3, identical=3), etcd=Tally(),
        differences=(),
    )  # fmt: skip
    said = "".join(page(html_report(same)).texts)
    assert "identical" in said
    assert "3 exchanges compared: 3 identical" in said
    assert "etcd was not compared" in said


def test_a_flood_of_findings_is_cut_and_counted() -> None:
    verdict, evidence = hostile("x")
    many = replace(verdict, findings=verdict.findings * (MAX_FINDINGS + 5))
    assert "and 5 more causes" in "".join(page(html_report(many, evidence)).texts)
