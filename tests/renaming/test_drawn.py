"""kproxy.renaming.drawn: what is drawn once more, when what had it is gone."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.model.jsontypes import JSONObject
from kproxy.renaming.apply import rename_target
from kproxy.renaming.drawn import Drawn, Merged
from kproxy.renaming.kinds import Kind, Owner, Place
from kproxy.renaming.learn import Learner
from kproxy.renaming.renaming import Renaming
from kproxy.renaming.value import renaming_json, renaming_of

NAMES = tuple(f"web-{each * 5}" for each in "bcdfgh")


def pod(server: str, number: int, name: str) -> JSONObject:
    """The pod that is made as the so manieth."""
    uid = f"{server * 8}-0000-4000-8000-{number:012}"
    said = f"pod {name} is ready"
    metadata: JSONObject = {"generateName": "web-", "name": name, "namespace": "default", "uid": uid}
    return {"kind": "Pod", "metadata": metadata, "status": {"message": said}}


def between(recorded: list[str], replayed: list[str]) -> Renaming:
    """What pods tell that are made, and read, one after the other, with these names."""
    renaming = Renaming()
    learner = Learner(renaming)
    for number, (a, b) in enumerate(zip(recorded, replayed, strict=True)):
        for _ in range(2):
            learner.learn(pod("a", number, a), pod("b", number, b), Owner(resource="pods"))
        assert rename_target(renaming, f"/api/v1/namespaces/default/pods/{a}").endswith(f"/{b}")
    renaming.settle()
    return renaming


def agree(renaming: Renaming, number: int, a: str, b: str) -> bool:
    """Whether these two names of the pod stand for each other."""
    first, second = pod("a", number, a)["metadata"], pod("b", number, b)["metadata"]
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    return renaming.agrees(Kind.NAME, Place("name", first, second, Owner(uid=str(first["uid"]))), a, b)


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), min_size=1, max_size=6))
def test_each_object_has_its_own_name_whatever_was_drawn_again(drawn: list[tuple[str, str]]) -> None:
    renaming = between([a for a, _ in drawn], [b for _, b in drawn])
    for number, (a, b) in enumerate(drawn):
        for image in NAMES:
            assert agree(renaming, number, a, image) is (image == b)
        assert renaming.same_text(f"pod {a} is ready", f"pod {b} is ready")


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), min_size=1, max_size=6))
def test_read_the_other_way_and_written_and_read_texts_say_the_same(drawn: list[tuple[str, str]]) -> None:
    renaming = between([a for a, _ in drawn], [b for _, b in drawn])
    again = renaming_of(json.loads(json.dumps(renaming_json(renaming))))
    assert renaming_json(again) == renaming_json(renaming)
    back, both = renaming.inverse(), renaming.compose(renaming.inverse())
    for a, b in drawn:
        assert again.same_text(f"pod {a}", f"pod {b}")
        assert back.same_text(f"pod {b}", f"pod {a}")
        for each in (both, both.inverse()):
            assert each.same_text(f"pod {a}", f"pod {a}")


def test_a_name_that_was_drawn_once_has_one_image_in_texts() -> None:
    renaming = between(["web-bbbbb", "web-ccccc"], ["web-ddddd", "web-fffff"])
    assert not renaming.merged.pairs
    assert not renaming.same_text("pod web-bbbbb", "pod web-fffff")


def test_another_name_of_the_same_object_is_none_that_was_drawn_again() -> None:
    renaming = Renaming()
    learner = Learner(renaming)
    for image in ("web-ccccc", "web-ddddd", "web-ccccc"):
        learner.learn(pod("a", 1, "web-bbbbb"), pod("b", 1, image), Owner(resource="pods"))
    renaming.settle()
    assert not renaming.merged.pairs
    assert agree(renaming, 1, "web-bbbbb", "web-ccccc")
    assert not agree(renaming, 1, "web-bbbbb", "web-ddddd")


def test_what_no_object_had_is_none_that_was_drawn_again() -> None:
    renaming = Renaming()
    renaming.learn_name(Kind.NAME, "web-bbbbb", "web-ccccc")  # as a text tells it
    Learner(renaming).learn(pod("a", 1, "web-bbbbb"), pod("b", 1, "web-ddddd"), Owner(resource="pods"))
    assert not renaming.merged.pairs


def service(uid: str, address: str, port: int) -> JSONObject:
    """A Service with a node port."""
    spec: JSONObject = {"clusterIP": address, "clusterIPs": [address], "ports": [{"nodePort": port}]}
    return {"kind": "Service", "metadata": {"name": "s", "uid": uid}, "spec": spec}


def test_ports_and_addresses_are_drawn_again_for_another_service() -> None:
    renaming = Renaming()
    learner = Learner(renaming)
    drawn = (("10.0.0.2", 30002), ("10.0.0.2", 30002), ("10.0.0.3", 30003))
    images = (("10.0.0.4", 30004), ("10.0.0.5", 30005), ("10.0.0.4", 30004))
    uids = [[f"{letter * 8}-0000-4000-8000-{number:012}" for number in range(3)] for letter in "ab"]
    for first, second, here, there in zip(*uids, drawn, images, strict=True):
        learner.learn(service(first, *here), service(second, *there), Owner(resource="services"))
    renaming.settle()
    for uid, (address, port), (image, other) in zip(uids[0], drawn, images, strict=True):
        place = Place(owner=Owner(uid=uid))
        assert renaming.agrees(Kind.CLUSTER_IP, place, address, image)
        assert renaming.agrees(Kind.NODE_PORT, place, port, other)
        assert not renaming.agrees(Kind.CLUSTER_IP, place, address, "10.0.0.6")
        assert not renaming.agrees(Kind.NODE_PORT, place, port, 30006)
        said = "spec.ports[0].nodePort: Invalid value: {}: provided port is already allocated"
        assert renaming.same_text(said.format(port), said.format(other))


@pytest.mark.parametrize("order", list(itertools.permutations((("a", "b"), ("b", "c"), ("d", "c")))))
def test_all_that_stand_for_one_are_one_in_whatever_order_they_came(order: tuple[tuple[str, str], ...]) -> None:
    merged = Merged()
    for pair in order:
        merged.add(*pair)
    assert {merged.text(each) for each in "abcd"} == {merged.said("a")}
    assert merged.are_one("a", "d")
    assert merged.text("e") == "e"
    assert merged.said("a") not in merged.pairs


def test_nothing_is_merged_with_itself_or_with_what_is_not_known() -> None:
    merged = Merged()
    for pair in (("a", "a"), (None, "a"), ("a", None)):
        merged.add(*pair)
    assert not merged.pairs


def test_it_is_looked_for_what_was_drawn_again_only_so_often() -> None:
    drawn = Drawn(16)
    drawn.learn("u1/", "a", "x", 1)
    assert [drawn.is_again("u2/", "a", "x") for _ in range(70)] == [True] * 64 + [False] * 6
    drawn.close()


def test_what_was_drawn_in_a_namespace_is_nobodys() -> None:
    drawn = Drawn(16)
    drawn.learn("u1/", "a", "x", 1)
    assert not drawn.is_again("default", "a", "x")
    assert drawn.agrees("default", "a", "x") is None
    drawn.close()


def test_within_an_object_two_values_never_share_an_image() -> None:
    drawn = Drawn(16)
    drawn.learn("u1/", "a", "x", 1)
    drawn.learn("u1/", "b", "x", 1)
    assert [drawn.agrees("u1/", value, "x") for value in "ab"] == [True, False]
    assert drawn.agrees("u1/", "b", "y") is None
    drawn.close()


def test_a_uid_with_a_slash_tells_of_no_other_object() -> None:
    drawn = Drawn(16)
    drawn.learn("u/1/", "a", "x", 1)
    assert not drawn.is_again("u2/", "a", "x")
    assert not drawn.is_again("u2/", "1/a", "x")
    drawn.close()


def test_a_port_is_a_number_like_others_where_nothing_says_that_it_is_one() -> None:
    merged = Merged()
    merged.add("30004", "30005")
    assert merged.text("exit 30004 of 7") == "exit 30004 of 7"
    assert merged.text("80:30004/TCP") == "80:30005/TCP"


def test_a_field_that_has_a_name_which_was_drawn_again_is_found() -> None:
    renaming = between(["web-bbbbb", "web-bbbbb"], ["web-ccccc", "web-ddddd"])
    assert renaming.field("web-bbbbb", {"web-ccccc": 1, "other": 2}) == "web-ccccc"
    assert renaming.field("web-bbbbb", {"web-ddddd": 1, "web-ccccc": 2}) == "web-ddddd"
    assert renaming.field("web-bbbbb", {"web-fffff": 1}) == "web-ddddd"


def test_a_statefulsets_revision_may_have_a_name_that_was_drawn_again() -> None:
    renaming = between(["web-bbbbb", "web-bbbbb"], ["web-ccccc", "web-ddddd"])
    renaming.learn_name(Kind.HASH, "5d4f8c7b9", "6c7d9f4bb")
    place = Place("currentRevision")
    assert renaming.agrees(Kind.HASH, place, "web-bbbbb-5d4f8c7b9", "web-ccccc-6c7d9f4bb")
    assert not renaming.agrees(Kind.HASH, place, "web-bbbbb-5d4f8c7b9", "web-fffff-6c7d9f4bb")
