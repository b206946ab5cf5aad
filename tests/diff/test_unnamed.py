"""kproxy.diff.unnamed."""

from kproxy.diff.unnamed import kind_of, pair_unnamed
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.verdict import Outcome
from kproxy.renaming.kinds import Kind
from tests.diff.sessions import FakeServer, verdict_of


def held(name: str) -> JSON:
    """What an address of a Service holds."""
    return {"spec": {"parentRef": {"name": name}}}


def test_keys_are_paired_by_the_object_that_they_name_in_their_order() -> None:
    first = [("/ipaddresses/1", held("a")), ("/ipaddresses/2", held("b")), ("/ipaddresses/3", held("a"))]
    second = [("/ipaddresses/7", held("x")), ("/ipaddresses/8", held("a")), ("/ipaddresses/9", held("a"))]
    pairs = list(pair_unnamed(first, second, lambda text: text.replace('"b"', '"x"')))
    assert [(key[-1], image[-1]) for key, image in pairs] == [("1", "8"), ("2", "7"), ("3", "9")]


def test_other_keys_are_not_paired() -> None:
    assert list(pair_unnamed([("/pods/a", held("a"))], [("/pods/b", held("a"))], str)) == []


def made_past_the_proxy(server: FakeServer, template: str, *suffixes: str, image: str = "i") -> None:
    """A ReplicaSet and pods of it, as a controller writes them that nobody records."""
    labels: JSONObject = {"pod-template-hash": template}
    replica_set = server.pod(1, f"web-{template}")
    replica_set["metadata"] |= {"labels": labels}  # type: ignore[operator] # it is an object
    server.put(1, f"/registry/replicasets/default/web-{template}", replica_set)
    for number, suffix in enumerate(suffixes, start=2):
        name = f"web-{template}-{suffix}"
        pod = server.pod(number, name, spec={"image": image})
        pod["metadata"] |= {"labels": labels, "generateName": f"web-{template}-"}  # type: ignore[operator] # the same
        server.put(number, f"/registry/pods/default/{name}", pod)


def test_objects_with_drawn_names_that_no_answer_says_are_paired_by_what_they_were_drawn_for() -> None:
    first, second = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    made_past_the_proxy(first, "5d4f8c7b9", "x7k2p", "bbbbb")
    made_past_the_proxy(second, "6c7d9f4bb", "zzzzz", "x7k2q")
    verdict = verdict_of(first, second)
    assert verdict.outcome is Outcome.IDENTICAL
    assert dict(verdict.renamed)["generated name"] == 3
    other = FakeServer("b", 5000, 15)
    made_past_the_proxy(other, "6c7d9f4bb", "zzzzz", "x7k2q", image="j")
    assert {each.path.rpartition(".")[2] for each in verdict_of(first, other).differences} == {"image"}


def test_what_a_key_ends_with_is_an_address_or_a_name() -> None:
    assert kind_of("/registry/ipaddresses/10.0.0.1") is Kind.CLUSTER_IP
    assert kind_of("/registry/pods/default/web-x7k2p") is Kind.NAME
