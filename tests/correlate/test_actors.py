"""kproxy.correlate.actors: who asked."""

from kproxy.correlate.actors import Actors, actor_of
from kproxy.model.exchange import Seq
from tests.correlate.story import PODS, Story


def test_a_field_manager_is_the_one_that_is_named_else_the_user_agent_up_to_its_slash() -> None:
    story = Story()
    story.ask("PATCH", f"{PODS}/web?fieldManager=helm&force=true", 200, None, caller="ada")
    story.ask("PATCH", f"{PODS}/web/status", 200, None, agent="kubelet")
    named, plain = map(actor_of, story.recording.exchanges())
    assert (named.manager, named.caller, named.verb, named.subresource) == ("helm", "ada", "patch", "")
    assert (plain.manager, plain.subresource) == ("kubelet", "status")


def test_it_is_one_client_whatever_it_asks_and_another_by_its_user() -> None:
    story = Story()
    story.ask("POST", PODS, 201, None, caller="ada")
    story.ask("DELETE", f"{PODS}/web", 200, None, caller="ada")
    story.ask("POST", PODS, 201, None, caller="grace")
    story.ask("POST", PODS, 201, None, caller="ada", forwarded="grace")
    first, second, third, fourth = map(actor_of, story.recording.exchanges())
    assert first.is_same(second)
    assert not first.is_same(third)
    assert third.is_same(fourth)


def test_it_is_found_by_the_exchanges_number() -> None:
    story = Story()
    for agent in ("kubectl", "kubelet", "kubectl"):
        story.ask("POST", PODS, 201, None, agent=agent)
    actors = Actors()
    for exchange in list(story.recording.exchanges())[1:]:
        actors.add(exchange)
    found = [actors.get(Seq(seq)) for seq in (1, 2, 3, 4)]
    assert [actor.manager if actor else None for actor in found] == [None, "kubelet", "kubectl", None]
    assert actors.managers() == {"kubectl", "kubelet"}
