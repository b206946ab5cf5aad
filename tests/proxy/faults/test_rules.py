"""The grammar of --fault."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.errors import UsageError
from kproxy.proxy.faults.rules import FaultAction, parse_rule
from kproxy.wire.requestinfo import request_info

PODS = "/api/v1/namespaces/default/pods"
WEB = "/apis/apps/v1/namespaces/prod/deployments/web"


def matches(rule: str, method: str, target: str, agent: str = "kubectl/v1.37") -> bool:
    return parse_rule(rule).matches(request_info(method, target), lambda: agent)


def test_a_rule_is_an_action_and_words_in_any_order() -> None:
    rule = parse_rule("  every=3  409\tverb=update resource=deployments delay=1.5s ")

    assert (rule.action, rule.status, rule.which.every, rule.delay) == (FaultAction.ANSWER, 409, 3, 1.5)
    assert rule.text == "every=3 409 verb=update resource=deployments delay=1.5s"


@pytest.mark.parametrize(("text", "seconds"), [("250ms", 0.25), ("2s", 2.0), ("1.5m", 90.0), ("0s", 0.0)], ids=str)
def test_times_have_a_unit(text: str, seconds: float) -> None:
    assert parse_rule(f"delay={text}").delay == seconds


def test_after_is_a_count_of_events_or_a_time() -> None:
    assert parse_rule("cut verb=watch after=3").after_events == 3
    assert parse_rule("cut verb=watch after=2s").after_seconds == 2.0
    assert parse_rule("410 after=0").expires
    assert not parse_rule("410 verb=watch").expires


def test_chance_without_a_seed_gets_one_that_the_recording_says() -> None:
    rule = parse_rule("500 probability=0.5")

    assert rule.text == f"500 probability=0.5 seed={rule.which.seed}"
    again = parse_rule(rule.text)
    assert (again.text, again.action, again.status, again.which) == (rule.text, rule.action, rule.status, rule.which)


@pytest.mark.parametrize(
    ("rule", "target", "expected"),
    [
        ("500 resource=deployments", WEB, True),
        ("500 resource=deployments.apps", WEB, True),
        ("500 resource=deployments.extensions", WEB, False),
        ("500 resource=deployments", f"{WEB}/scale", True),
        ("500 resource=deployments/scale", f"{WEB}/scale", True),
        ("500 resource=deployments/status", f"{WEB}/scale", False),
        ("500 resource=deployments subresource=-", f"{WEB}/scale", False),
        ("500 resource=deployments subresource=-", WEB, True),
        ("500 resource=pods,deploy*", WEB, True),
        ("500 namespace=prod name=w?b", WEB, True),
        ("500 namespace=default", WEB, False),
        ("500 path=/healthz*", "/healthz/etcd", True),
        ("500 path=/healthz*", WEB, False),
        ("500 verb=update,patch", WEB, False),
        ("500 user-agent=kubectl*", WEB, True),
        ("500 user-agent=kube-scheduler*", WEB, False),
    ],
)
def test_all_that_a_rule_says_of_requests_has_to_match(rule: str, target: str, *, expected: bool) -> None:
    assert matches(rule, "GET", target) is expected


def test_what_is_about_events_matches_watches_only() -> None:
    assert matches("drop-event nth=2", "GET", f"{PODS}?watch=1")
    assert not matches("drop-event nth=2", "GET", PODS)
    assert not matches("cut after=3", "GET", PODS)
    assert matches("cut after=3s", "GET", PODS)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "one action"),
        ("verb=get", "one action"),
        ("409 500", "one action"),
        ("explode", "no action"),
        ("200", "status 200"),
        ("0409", "status 0409"),
        ("409 colour=red", "none of"),
        ("409 verb=", "nothing behind"),
        ("409 nth=1 nth=2", "twice"),
        ("409 nth=0", "begins at 1"),
        ("409 nth=-1", "no number"),
        ("delay=2", "no time"),
        ("delay=2h", "no time"),
        ("delay=61m", "longer than an hour"),
        ("delay", "how long"),
        ("cut after=soon", "neither a number nor a time"),
        ("409 after=3", "410 only"),
        ("drop-event after=3", "does not take"),
        ("409 retry-after=3", "429"),
        ("409 type=ADDED", "drop-event"),
        ("409 probability=1.5", "from 0 to 1"),
        ("409 probability=nan", "from 0 to 1"),
        ("409 seed=1", "probability"),
        ("409 name=" + "x" * 2000, "longer"),
    ],
)
def test_a_wrong_rule_is_one_sentence(text: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint) as caught:
        parse_rule(text)
    assert "\n" not in str(caught.value)


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from(["409", "cut", "delay=1s", "nth=1", "verb=*", "after=2", "=", "a=", "x"])).map(" ".join)
)
def test_any_text_is_a_rule_or_a_sentence(text: str) -> None:
    try:
        rule = parse_rule(text)
    except UsageError:
        return
    again = parse_rule(rule.text)
    assert (again.text, again.action, again.status, again.which) == (rule.text, rule.action, rule.status, rule.which)
