"""kproxy.diff.rulefile."""

from dataclasses import replace

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from kproxy.diff import rulefile
from kproxy.diff.rulefile import _digest, read_rules, write_rules
from kproxy.diff.rulepath import rule_path
from kproxy.diff.rules import HidingRule, Taught, Teacher
from kproxy.errors import KproxyError, UsageError
from kproxy.model.jsontypes import JSONObject

GOOD = """\
kproxy-rules: 1
rules:
  # a comment
  - resource: apps/deployments/status
    verb: get
    path: $.status.conditions[*].message
    reason: our operator counts its own restarts there
  - key: /registry/pods/default/*
    path: $.metadata.annotations['example.com/seen']
    reason: the time at which a sidecar saw it
  - resource: /version
    path: $.gitVersion
    reason: an upgrade is what this replay is for
"""

LEARNED = HidingRule(
    path=rule_path("$.status.host"),
    reason="differed 2 times between 2 runs on v1.37.2",
    resource="pods",
    verb="get",
    taught=Taught(
        kinds=frozenset({"changed"}),
        forms=frozenset({"text n#"}),
        times=2,
        runs=(
            Teacher(session="one", version="v1.37.2", started="2026-11-23T10:00:00Z"),
            Teacher(session="two", version="v1.37.2", started="2026-11-23T11:00:00Z"),
        ),
    ),
)


def test_a_file_of_rules_is_read() -> None:
    first, second, third = read_rules(GOOD.encode(), "rules.yaml")
    assert (first.resource, first.verb, first.path.where) == ("apps/deployments/status", "get", "body")
    assert (second.key, second.path.where) == ("/registry/pods/default/*", "etcd")
    assert third.name == "/version $.gitVersion"
    assert all(rule.taught is None and rule.reason for rule in (first, second, third))


def test_rules_that_are_written_are_read_as_they_were() -> None:
    rules = (*read_rules(GOOD.encode(), "rules.yaml"), LEARNED)
    assert read_rules(write_rules(rules).encode(), "again.yaml") == rules


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("verb: get\n", "verb: get\n    verbs: [get]\n"), "rules.yaml line 4: a rule has no field 'verbs'"),
        (("reason: our operator counts its own restarts there", "reason: ' '"), "line 4: .*needs a path, and a reason"),
        (("$.status.conditions[*].message", "$..*"), "line 4: .*too wide"),
        (("$.metadata.annotations['example.com/seen']", "$.metadata.name"), "line 8: .*says which object it is"),
        (("/registry/pods/default/*", "/registry/*/default/*"), "line 8: .*too wide"),
        (("key: /registry/pods/default/*", "resource: '*'"), "line 8: .*one resource"),
        (("  - key:", "  - resource: pods\n    key:"), "line 8: .*one of the two"),
        (("$.metadata.annotations['example.com/seen']", "x-header"), "line 8: .*no headers"),
        (("resource: /version", "resource: [a]"), "line 11: resource is a text"),
        (("resource: /version", "resource: 2026-11-23"), "line 11: names are texts, and values"),
        (
            ("  - resource: /version\n    path", "  - resource: /version\n    digest: x\n    path"),
            "line 11: .*not as its",
        ),
        (("kproxy-rules: 1", "kproxy-rules: 2"), "format 2"),
        (("kproxy-rules: 1", "kproxy-rules: 1\nmore: 2"), "no file of rules"),
        (("rules:\n  #", "rules: []\nother:\n  #"), "no file of rules"),
        (("  # a comment", "  - 5"), "line 3: a rule is a mapping"),
        (("  # a comment", "  - {"), "line"),
        (("  # a comment", "  - &a {}\n  - *a"), "aliases"),
        (
            (
                "  - resource: /version",
                "  - {resource: /version, path: $.gitVersion, reason: x}\n  - resource: /version",
            ),
            "line 12: a second rule for",
        ),
    ],
)
def test_what_cannot_be_meant_is_said_with_its_line(change: tuple[str, str], sentence: str) -> None:
    assert change[0] in GOOD
    with pytest.raises(KproxyError, match=sentence):
        read_rules(GOOD.replace(*change).encode(), "rules.yaml")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("text n#", "text #"),
        ("- changed", "- renamed"),
        ("$.status.host", "$.status.phase"),
        ("resource: pods", "resource: nodes"),
        ("  verb: get\n", ""),
        ("times: 2", "times: 200"),
        ("session: two", "session: three"),
        ("v1.37.2", "v1.34.4"),
        ("reason: differed 2", "reason: differed 3"),
        ("digest: sha256:", "digest: sha256:0"),
    ],
)
def test_a_learned_rule_that_was_edited_is_refused(old: str, new: str) -> None:
    text = write_rules([LEARNED])
    assert read_rules(text.encode(), "rules.yaml") == (LEARNED,)
    assert old in text
    with pytest.raises(UsageError, match=r"line 3: a learned rule that is not as its runs taught it"):
        read_rules(text.replace(old, new).encode(), "rules.yaml")


def test_one_run_teaches_nothing_even_with_a_right_digest() -> None:
    assert LEARNED.taught
    alone = Taught(kinds=LEARNED.taught.kinds, forms=LEARNED.taught.forms, times=1, runs=LEARNED.taught.runs[:1])
    text = write_rules([HidingRule(path=LEARNED.path, reason="r", resource="pods", verb="get", taught=alone)])
    with pytest.raises(UsageError, match="two runs"):
        read_rules(text.encode(), "rules.yaml")


JSONISH = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=10)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["path", "key", "resource", "taught"]), inner)
    ),
    max_leaves=10,
)


@given(JSONISH)
def test_whatever_a_rule_is_it_is_read_or_refused(entry: object) -> None:
    data = yaml.safe_dump({"kproxy-rules": 1, "rules": [entry]}).encode()
    with pytest.raises(KproxyError):
        read_rules(data, "rules.yaml")


@given(st.binary(max_size=60))
def test_whatever_a_file_is_it_is_read_or_refused(data: bytes) -> None:
    with pytest.raises(KproxyError):
        read_rules(data, "rules.yaml")


def test_more_rules_than_are_read_are_refused_and_as_many_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rulefile, "MOST_RULES", 3)
    assert len(read_rules(GOOD.encode(), "rules.yaml")) == 3
    more = GOOD + "  - {resource: /readyz, path: $.a, reason: r}\n"
    with pytest.raises(UsageError, match="has 4 rules, more than the 3 that"):
        read_rules(more.encode(), "rules.yaml")


@pytest.mark.parametrize(
    ("taught", "sentence"),
    [
        ({"kinds": ["changed"], "forms": ["text"], "runs": []}, "taught has kinds, forms, times and runs"),
        ({"kinds": ["changed"], "forms": ["text"], "times": "2", "runs": []}, "taught has kinds, forms, times and"),
        (
            {"kinds": ["changed"], "forms": ["text"], "times": 2, "runs": [{"session": "one", "version": "v1"}]},
            "a run has a session, a version and when it started",
        ),
    ],
)
def test_a_learned_rule_that_says_too_little_is_refused_even_with_a_right_digest(
    taught: JSONObject, sentence: str
) -> None:
    entry: JSONObject = {"resource": "pods", "path": "$.status.host", "reason": "r", "taught": taught}
    data = yaml.safe_dump({"kproxy-rules": 1, "rules": [entry | {"digest": _digest(entry)}]}).encode()
    with pytest.raises(UsageError, match=f"line 3: {sentence}"):
        read_rules(data, "rules.yaml")


def test_a_rule_may_be_taught_by_one_difference_of_two_runs_and_by_none_of_one() -> None:
    taught = LEARNED.taught
    assert taught is not None
    once = replace(LEARNED, taught=replace(taught, times=1))
    assert read_rules(write_rules([once]).encode(), "rules.yaml") == (once,)
    for none in (
        replace(taught, times=0),
        replace(taught, runs=taught.runs[:1]),
        replace(taught, runs=(taught.runs[0], taught.runs[0])),
        replace(taught, kinds=frozenset({"changed", "other"})),
    ):
        with pytest.raises(UsageError, match="two runs or more that taught it"):
            read_rules(write_rules([replace(LEARNED, taught=none)]).encode(), "rules.yaml")
