"""kproxy.diff.rules: what rules hide, in a comparison of two recordings."""

from dataclasses import replace

from kproxy.correlate.ledger import correlate
from kproxy.diff.compare import compare
from kproxy.diff.rulepath import rule_path
from kproxy.diff.rules import HidingRule, RuleBook, Taught, Teacher, forms_in
from kproxy.model.exchange import Seq
from kproxy.model.jsontypes import JSONObject
from kproxy.model.verdict import Difference, Outcome, Verdict
from kproxy.wire.requestinfo import request_info
from tests.diff.sessions import PODS, FakeServer

RUNS = (Teacher(session="s1", version="v1.37.2", started="a"), Teacher(session="s2", version="v1.37.2", started="b"))


def server(letter: str, base: int, *, phase: str = "Running", host: str = "n1", status: int = 200) -> FakeServer:
    """A server that answers one GET, and stores a pod."""
    made = FakeServer(letter, base, 10)
    shown: JSONObject = {"phase": phase, "host": host}
    made.exchange("POST", PODS, 201, made.pod(1, status=shown), send={"kind": "Pod"})
    made.exchange("GET", f"{PODS}/a", status, made.pod(1, status=shown), headers=(("X-Host", host),))
    made.put(1, "/registry/pods/default/a", made.pod(1, status=shown))
    return made


def verdict(first: FakeServer, second: FakeServer, *rules: HidingRule, strict: bool = False) -> Verdict:
    """The verdict under rules."""
    return compare(
        first.made,
        correlate(first.made),
        second.made,
        correlate(second.made),
        [(Seq(1), Seq(1)), (Seq(2), Seq(2))],
        strict=strict,
        rules=RuleBook(rules),
    )


def rule(
    path: str, *, resource: str = "pods", verb: str = "", key: str = "", taught: Taught | None = None
) -> HidingRule:
    """A rule."""
    where = rule_path(path, key=bool(key))
    resource = "" if key else resource
    return HidingRule(path=where, reason="why", resource=resource, verb=verb, key=key, taught=taught)


EVERYWHERE = (
    rule("$.status.host"),
    rule("x-host"),
    rule("$.status.host", key="/registry/pods/default/*"),
)


def test_rules_hide_at_their_place_and_the_report_counts_what_each_hid() -> None:
    found = verdict(server("a", 100), server("b", 900, host="n2"), *EVERYWHERE)
    assert found.outcome is Outcome.EQUIVALENT
    assert [(each.rule, each.count, each.source, each.ground) for each in found.noise] == [
        ("pods $.status.host", 2, "user", "why"),
        ("pods x-host", 1, "user", "why"),
        ("/registry/pods/default/* $.status.host", 1, "user", "why"),
    ]


def test_what_stands_beside_the_place_is_still_a_difference() -> None:
    found = verdict(server("a", 100), server("b", 900, host="n2", phase="Failed"), *EVERYWHERE)
    assert {each.path for each in found.differences} == {"$.status.phase", "/registry/pods/default/a[0].status.phase"}


def test_a_rule_is_for_its_resource_and_verb_only() -> None:
    found = verdict(
        server("a", 100),
        server("b", 900, host="n2"),
        rule("$.status.host", verb="create"),
        rule("$.status.host", resource="apps/deployments"),
        rule("$.status.host", key="/registry/pods/other/*"),
    )
    assert [(each.seq, each.where) for each in found.differences if each.where != "etcd"] == [
        (2, "header"),
        (2, "body"),
    ]
    assert sum(each.where == "etcd" for each in found.differences) == 1
    assert "the rule 'apps/deployments $.status.host' hid nothing" in found.notes
    assert len(found.notes) == 2


def test_strict_turns_them_off_and_says_so() -> None:
    found = verdict(server("a", 100), server("b", 900, host="n2"), *EVERYWHERE, strict=True)
    assert found.outcome is Outcome.DIFFERENT
    assert not found.noise
    assert found.notes == ("--strict: none of the 3 rules that were given was applied",)


def test_a_status_code_is_hidden_by_no_rule() -> None:
    found = verdict(server("a", 100), server("b", 900, status=202), *EVERYWHERE)
    assert [each.where for each in found.differences] == ["status"]


def taught(*forms: str, kinds: tuple[str, ...] = ("changed",)) -> Taught:
    """What runs showed."""
    return Taught(kinds=frozenset(kinds), forms=frozenset(forms), times=1, runs=RUNS)


def test_a_learned_rule_hides_what_it_was_taught_and_nothing_else() -> None:
    known = rule("$.status.host", verb="get", taught=taught("text n-??"))
    for host, hidden in (("n-x2", True), ("n-xx2", False), ("n-2", False)):
        found = verdict(server("a", 100, host="n-a1"), server("b", 900, host=host), known)
        assert (any(each.source == "learned" for each in found.noise)) is hidden
    assert [
        each.teachers for each in verdict(server("a", 1, host="n-a1"), server("b", 9, host="n-b2"), known).noise
    ] == [("s1", "s2")]


def test_a_learned_rule_hides_no_other_kind_of_difference() -> None:
    known = rule("$.status.host", verb="get", taught=taught("text ??", kinds=("added", "removed")))
    found = verdict(server("a", 100), server("b", 900, host="n2"), known)
    assert not found.noise
    assert "1 of 1 learned rules hid nothing" in found.notes


def test_a_list_in_another_order_is_of_one_form_and_a_value_of_its_own() -> None:
    reordered = Difference(
        seq=None, where="body", path="$.a", kind="reordered", baseline=["x", "y"], replayed=["y", "x"]
    )
    assert forms_in(reordered) == ("list",)
    assert len(forms_in(replace(reordered, kind="changed"))) == 2


def test_a_rule_for_a_path_that_is_no_resource_hides_there_and_for_no_exchange_that_nobody_knows() -> None:
    book = RuleBook((rule("$.gitVersion", resource="/version"),))
    found = Difference(seq=Seq(1), where="body", path="$.gitVersion", kind="changed", baseline="v1", replayed="v2")
    assert book.hides(found, lambda _: request_info("GET", "/version")) is not None
    assert book.hides(found, lambda _: request_info("GET", "/healthz")) is None
    assert book.hides(found, lambda _: None) is None
    assert book.hides(replace(found, seq=None), lambda _: request_info("GET", "/version")) is None
