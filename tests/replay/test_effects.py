"""kproxy.replay.effects: what an exchange does, as far as the order of others depends on it."""

from dataclasses import replace

import pytest

from kproxy.model.api import ObjectRef
from kproxy.model.exchange import Exchange
from kproxy.replay.effects import Effect, agent_of, changes, group_of, program_of, ref_of, writes
from tests.replay.test_sights import MAPS, PODS, exchanged


def asked(method: str, target: str, status: int = 200) -> Exchange:
    """An exchange."""
    return exchanged(method, target, status)[1]


def effect(exchange: Exchange) -> Effect:
    """What it does."""
    return Effect(exchange=exchange, ref=None, writes=writes(exchange), changes=changes(exchange), sent={}, told={})


@pytest.mark.parametrize(
    ("method", "target", "written"),
    [
        ("POST", MAPS, True),
        ("PATCH", f"{MAPS}/x/status", True),
        ("DELETE", MAPS, True),
        ("POST", f"{PODS}/p/binding", True),
        ("POST", f"{PODS}/p/eviction", True),
        ("GET", MAPS, False),
        ("POST", "/version", False),
        ("POST", f"{MAPS}?dryRun=All", False),
        ("POST", "/apis/authentication.k8s.io/v1/tokenreviews", False),
        ("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", False),
        *(("POST", f"{PODS}/p/{each}", False) for each in ("exec", "attach", "portforward", "proxy")),
    ],
)
def test_what_is_meant_to_change_something_that_is_stored_writes(method: str, target: str, *, written: bool) -> None:
    assert writes(asked(method, target)) is written


@pytest.mark.parametrize(
    ("status", "changed"), [(200, True), (299, True), (300, False), (404, False), (499, False), (500, True)]
)
def test_who_was_refused_changed_nothing_and_of_an_error_nobody_knows(status: int, *, changed: bool) -> None:
    assert changes(asked("POST", MAPS, status)) is changed
    assert not changes(asked("GET", MAPS, status))
    assert changes(replace(asked("POST", MAPS, status), answer=None))


def test_what_passes_something_through_connects_and_only_a_creation_of_an_object_makes_one() -> None:
    for target, connects in ((f"{PODS}/p/exec", True), (f"{PODS}/p/log", True), (f"{PODS}/p/status", False)):
        assert effect(asked("GET", target)).connects is connects
    assert effect(replace(asked("GET", "/x"), upgrade="websocket")).connects
    for method, target, makes in (
        ("POST", MAPS, True),
        ("POST", f"{PODS}/p/binding", False),
        ("PUT", f"{MAPS}/x", False),
        ("POST", f"{MAPS}?dryRun=All", False),
    ):
        assert effect(asked(method, target)).makes is makes


def test_an_object_is_named_as_it_is_stored() -> None:
    namespace, team = asked("GET", "/api/v1/namespaces/team"), "/apis/example.org/v1/namespaces/team/namespaces"
    assert ref_of(namespace, "team") == ObjectRef(group="", resource="namespaces", namespace="", name="team")
    assert ref_of(asked("GET", f"{team}/x"), "x") == ObjectRef(
        group="example.org", resource="namespaces", namespace="team", name="x"
    )
    events = asked("GET", "/apis/events.k8s.io/v1/namespaces/team/events")
    assert ref_of(events, "e") == ObjectRef(group="", resource="events", namespace="team", name="e")
    assert (group_of(events), group_of(asked("GET", "/apis/apps/v1/events"))) == ("", "apps")
    assert ref_of(events, "") is None
    assert ref_of(asked("GET", "/version"), "x") is None


def test_a_program_is_what_stands_before_the_first_space_of_its_name() -> None:
    exchange = asked("GET", MAPS)
    headers = (("user-agent", "ctl/v1 (linux) kubernetes/a informers"),)
    named = replace(exchange, request=replace(exchange.request, headers=headers))
    assert (agent_of(named), program_of(named)) == (headers[0][1], "ctl/v1")
    assert (agent_of(exchange), program_of(exchange)) == ("", "")
