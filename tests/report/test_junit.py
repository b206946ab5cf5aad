"""kproxy.report.junit: what GitHub's and GitLab's reporters and Jenkins read."""

from dataclasses import replace
from xml.etree.ElementTree import Element, fromstring

from hypothesis import given
from hypothesis import strategies as st

from kproxy.model.exchange import Seq
from kproxy.model.verdict import Outcome, Tally, Verdict
from kproxy.report.evidence import Evidence, Named, Side
from kproxy.report.junit import junit_report
from tests.report.hostile import TEXTS, hostile

SAME = Verdict(
    outcome=Outcome.IDENTICAL, scope="HTTP only", exchanges=Tally(compared=2, identical=2), etcd=Tally(), differences=()
)
NAMES = {Seq(1): Named(kind="get pods", name="get pods/default/a"), Seq(2): Named(kind="list nodes", name="list nodes")}
EVIDENCE = Evidence(
    baseline=Side(name="a", server="kube-apiserver v1.34.4"),
    replayed=Side(name="b", server="kube-apiserver v1.37.2"),
    names=NAMES,
    kinds={"get pods": 1, "list nodes": 1},
)


def parsed(verdict: Verdict, evidence: Evidence = EVIDENCE) -> Element:
    """The report as a reader of XML has it, with the numbers that it says of itself checked."""
    root = fromstring(junit_report(verdict, evidence))  # noqa: S314 - our own
    for suite in root:
        cases = suite.findall("testcase")
        assert suite.get("tests") == str(len(cases))
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert suite.get(attribute) == str(sum(case.find(tag) is not None for case in cases))
    for attribute in ("tests", "failures", "errors", "skipped"):
        assert root.get(attribute) == str(sum(int(suite.get(attribute) or 0) for suite in root))
    return root


def result(root: Element, name: str) -> str:
    """What became of a case."""
    case = next(each for each in root.iter("testcase") if each.get("name") == name)
    return case[0].tag if len(case) else "passed"


def test_each_exchange_is_a_case_and_what_is_the_same_passes() -> None:
    root = parsed(SAME)
    assert [each.get("name") for each in root.iter("testcase")] == [
        "same behaviour",
        "exchange 1: get pods/default/a",
        "exchange 2: list nodes",
    ]
    assert root.get("failures") == root.get("errors") == root.get("skipped") == "0"
    properties = {each.get("name"): each.get("value") for each in root.iter("property")}
    assert properties["baseline.server"] == "kube-apiserver v1.34.4"
    assert properties["exchanges.identical"] == "2"


def test_a_finding_fails_the_exchanges_and_keys_where_it_shows() -> None:
    verdict, evidence = hostile("x")
    key = replace(verdict.differences[0], where="etcd", path="/registry/pods/default/a[0]")
    finding = replace(verdict.findings[0], cause="because", differences=(*verdict.differences, key))
    root = parsed(
        replace(verdict, findings=(finding,), reasons=()), replace(evidence, keys={"/registry/pods/default/a": "pods"})
    )
    assert result(root, "exchange 1: x") == result(root, "/registry/pods/default/a") == "failure"
    failure = next(root.iter("failure"))
    assert failure.get("message") == "different: because"


def test_an_exchange_of_which_nothing_can_be_told_is_skipped_and_the_verdict_an_error() -> None:
    root = parsed(replace(SAME, outcome=Outcome.INCONCLUSIVE, reasons=("exchange 2 was not replayed: why",)))
    assert result(root, "exchange 2: list nodes") == "skipped"
    assert result(root, "same behaviour") == "error"


def test_of_many_exchanges_each_kind_is_one_case_with_its_number() -> None:
    verdict, evidence = hostile("x")
    root = parsed(verdict, replace(evidence, kinds={"x": 5_000, "get pods": 70_000}))
    assert result(root, "70000 more exchanges without a listed difference") == "passed"
    assert result(root, "4999 more exchanges without a listed difference") == "passed"
    assert result(root, "exchange 1: x") == "failure"


def test_hostile_texts_make_well_formed_xml() -> None:
    root = parsed(*hostile(*TEXTS))
    assert all(char.isprintable() or char == "\n" for each in root.iter() for char in each.text or "")


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_any_text_makes_well_formed_xml(texts: list[str]) -> None:
    parsed(*hostile(*texts))
