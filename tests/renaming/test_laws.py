"""The laws of a renaming: identity, inverse, composition; and the form in which it is passed on."""

import json
from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.model.jsontypes import JSONObject
from kproxy.renaming.apply import rename_body, rename_target
from kproxy.renaming.kinds import Owner
from kproxy.renaming.learn import Learner
from kproxy.renaming.renaming import Renaming
from kproxy.renaming.value import renaming_json, renaming_of

SUFFIX = "bcdfghjklmnpqrstvwxz2456789"


@dataclass(frozen=True)
class World:
    """A server: what it drew for the objects of one session, in the order in which their changes came to it."""

    objects: tuple[JSONObject, ...]
    at: int  # the store's revision in the end

    def listed(self) -> JSONObject:
        """A list of them all."""
        items = sorted(self.objects, key=lambda each: json.dumps(each, sort_keys=True))
        return {"kind": "PodList", "metadata": {"resourceVersion": str(self.at)}, "items": list(items)}


def world(seed: int, count: int, order: list[int], base: int) -> World:
    """What a server of its own seed draws for `count` pods that are made in `order`."""
    random = Random(seed)
    revisions = {number: base + place for place, number in enumerate(order)}

    def uid() -> str:
        drawn = f"{random.getrandbits(128):032x}"
        return "-".join((drawn[:8], drawn[8:12], drawn[12:16], drawn[16:20], drawn[20:]))

    objects: list[JSONObject] = []
    for number in range(count):
        name = f"web{number}-" + "".join(random.choice(SUFFIX) for _ in range(5))
        time = f"2026-01-{1 + seed:02}T00:00:{order.index(number):02}Z"
        owner: JSONObject = {"kind": "Pod", "name": name, "uid": uid()}
        metadata: JSONObject = {
            "generateName": f"web{number}-",
            "name": name,
            "uid": owner["uid"],
            "resourceVersion": str(revisions[number]),
            "creationTimestamp": time,
        }
        condition: JSONObject = {"type": "Ready", "message": f"pod {name} is ready", "lastTransitionTime": time}
        objects.append({"kind": "Pod", "metadata": metadata, "status": {"conditions": [condition]}})
    return World(tuple(objects), base + count)


def between(first: World, second: World) -> Renaming:
    """The renaming that the answers of two servers tell."""
    renaming = Renaming()
    learner = Learner(renaming)
    for a, b in zip(first.objects, second.objects, strict=True):
        learner.learn(a, b, Owner(resource="pods"))
    learner.learn(first.listed(), second.listed(), Owner(listing=True, resource="pods"))
    renaming.settle()
    return renaming


@st.composite
def worlds(draw: st.DrawFn, *, servers: int) -> list[World]:
    """One session on several servers, its independent requests in the order in which each of them took them."""
    count = draw(st.integers(1, 4))
    bases = draw(st.lists(st.integers(1, 10**6), min_size=servers, max_size=servers))
    orders = [draw(st.permutations(range(count))) for _ in range(servers)]
    return [world(seed, count, order, base) for seed, (order, base) in enumerate(zip(orders, bases, strict=True))]


@given(worlds(servers=1))
def test_a_recordings_renaming_onto_itself_is_the_identity(one: list[World]) -> None:
    renaming = between(one[0], one[0])
    assert renaming.counts() == ()
    for each in one[0].objects:
        body = json.dumps(each).encode()
        assert rename_body(renaming, "application/json", body) == body
    target = f"/api/v1/pods?resourceVersion={one[0].at}&watch=true"
    assert rename_target(renaming, target) == target
    assert renaming_json(renaming) == renaming_json(renaming.inverse())


@given(worlds(servers=2))
def test_a_renaming_inverted_is_the_renaming_the_other_way(pair: list[World]) -> None:
    there, back = between(*pair), between(*reversed(pair))
    assert renaming_json(there.inverse()) == renaming_json(back)


@given(worlds(servers=2))
def test_a_request_renamed_there_and_back_is_the_request(pair: list[World]) -> None:
    there = between(*pair)
    back = there.inverse()
    for a, b in zip(pair[0].objects, pair[1].objects, strict=True):
        sent = rename_body(there, "application/json", json.dumps(a).encode())
        assert json.loads(sent) == b
        assert json.loads(rename_body(back, "application/json", sent)) == a
    target = f"/api/v1/pods?resourceVersion={pair[0].at}&watch=true"
    assert rename_target(back, rename_target(there, target)) == target


@given(worlds(servers=3))
def test_two_renamings_composed_are_the_renaming_of_the_ends(three: list[World]) -> None:
    first, second, third = three
    composed = between(first, second).compose(between(second, third))
    assert renaming_json(composed) == renaming_json(between(first, third))


@given(worlds(servers=3))
def test_what_only_one_of_two_renamings_knows_is_not_in_their_composition(three: list[World]) -> None:
    first, second, third = three
    less = between(World(second.objects[1:], second.at), World(third.objects[1:], third.at))
    composed = between(first, second).compose(less)
    known = between(World(first.objects[1:], first.at), World(third.objects[1:], third.at))
    assert renaming_json(composed)["names"] == renaming_json(known)["names"]


@given(worlds(servers=2))
def test_a_renaming_that_was_passed_on_is_the_same(pair: list[World]) -> None:
    renaming = between(*pair)
    written = json.dumps(renaming_json(renaming))
    again = renaming_of(json.loads(written))
    assert renaming_json(again) == renaming_json(renaming)
    for a, b in zip(pair[0].objects, pair[1].objects, strict=True):
        assert json.loads(rename_body(again, "application/json", json.dumps(a).encode())) == b


def test_last_modified_times_go_both_ways_too() -> None:
    there = Renaming()
    there.modified["/openapi/v3", "Mon"] = "Tue"
    further = Renaming()
    further.modified["/openapi/v3", "Tue"] = "Wed"
    assert there.inverse().modified == {("/openapi/v3", "Tue"): "Mon"}
    assert there.compose(further).modified == {("/openapi/v3", "Mon"): "Wed"}


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {
            "names": {"colour": {}},
            "revisions": {"objects": {}, "lists": [], "changes": {}},
            "times": [],
            "modified": [],
        },
        {"names": {"uid": []}, "revisions": {"objects": {}, "lists": [], "changes": {}}, "times": [], "modified": []},
        {"names": {}, "revisions": {"objects": {}, "lists": [["a"]], "changes": {}}, "times": [], "modified": []},
        {"names": {}, "revisions": {"objects": {}, "lists": [], "changes": {"": [1]}}, "times": [], "modified": []},
        {"names": {}, "revisions": {"objects": {}, "lists": [], "changes": {}}, "times": [{}], "modified": []},
    ],
)
def test_what_is_no_renaming_is_said_to_be_none(broken: JSONObject) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        renaming_of(broken)
