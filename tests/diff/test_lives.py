"""kproxy.diff.lives: keys whose names were drawn again when their objects were gone."""

import pytest

from kproxy.model.jsontypes import JSONObject
from kproxy.model.verdict import Difference, Outcome
from tests.diff.sessions import PODS, FakeServer, verdict_of

FIRST, SECOND, THIRD = "web-bbbbb", "web-ccccc", "web-ddddd"
OVER: dict[str, tuple[list[str], list[str]]] = {
    "here": ([FIRST, FIRST, SECOND], [FIRST, SECOND, THIRD]),
    "there": ([FIRST, SECOND, THIRD], [THIRD, THIRD, FIRST]),
    "on both sides": ([FIRST, FIRST, SECOND], [THIRD, SECOND, SECOND]),
    "crosswise": ([FIRST, SECOND, FIRST], [SECOND, SECOND, FIRST]),
}


def pod(server: FakeServer, number: int, revision: int, name: str, image: str) -> JSONObject:
    """A pod of its own uid."""
    made = server.pod(revision, name, spec={"image": image})
    metadata = made["metadata"]
    assert isinstance(metadata, dict)
    metadata |= {"uid": server.uid(number + 1), "generateName": "web-"}
    return made


def session(letter: str, base: int, hour: int, names: list[str], *, image: str = "i") -> FakeServer:
    """Pods that are made, changed and deleted one after the other; `image`: of the last one."""
    server = FakeServer(letter, base, hour)
    for number, name in enumerate(names):
        at, key = 3 * number + 1, f"/registry/pods/default/{name}"
        shown = image if number == len(names) - 1 else "i"
        made = pod(server, number, at, name, "i")
        server.exchange("POST", PODS, 201, made)
        server.put(at, key, made)
        server.exchange("PUT", f"{PODS}/{name}", 200, pod(server, number, at + 1, name, "i"))
        server.put(at + 1, key, pod(server, number, at + 1, name, shown), version=2)
        server.exchange("DELETE", f"{PODS}/{name}", 200, pod(server, number, at + 1, name, "i"))
        server.delete(at + 2, key)
    return server


def in_etcd(first: FakeServer, second: FakeServer) -> list[Difference]:
    """What differs in etcd."""
    return [each for each in verdict_of(first, second).differences if each.where == "etcd"]


@pytest.mark.parametrize("over", OVER)
def test_each_object_of_a_name_has_a_counterpart_of_its_own(over: str) -> None:
    here, there = OVER[over]
    verdict = verdict_of(session("a", 100, 7, here), session("b", 5000, 15, there))
    assert verdict.outcome is Outcome.IDENTICAL, verdict.differences
    assert verdict.etcd.compared == 3


@pytest.mark.parametrize("over", OVER)
def test_what_differs_is_found_in_the_object_that_has_it(over: str) -> None:
    here, there = OVER[over]
    (found,) = in_etcd(session("a", 100, 7, here), session("b", 5000, 15, there, image="j"))
    index = 3 * here[:-1].count(here[-1]) + 1
    assert (found.seq, found.path) == (8, f"/registry/pods/default/{here[-1]}[{index}].spec.image")


@pytest.mark.parametrize("over", OVER)
def test_an_object_that_was_not_written_is_missing(over: str) -> None:
    here, there = OVER[over]
    first, second = session("a", 100, 7, here), session("b", 5000, 15, there)
    del second.made.change_list[-3:]
    assert [each.kind for each in in_etcd(first, second)] == ["removed"] * 3
    first = session("a", 100, 7, here)
    second = session("b", 5000, 15, there)
    del first.made.change_list[-3:]
    assert [each.kind for each in in_etcd(first, second)] == ["added"] * 3


def test_a_persons_name_is_one_key_however_often_its_object_is_made() -> None:
    first, second = session("a", 100, 7, ["one", "one"]), session("b", 5000, 15, ["one", "one"])
    verdict = verdict_of(first, second)
    assert (verdict.outcome, verdict.etcd.compared) == (Outcome.IDENTICAL, 1)


def test_a_deletion_that_nobody_saw_begins_no_other_object() -> None:
    """The first object's end is not in either history: the changes of its name stand beside each other as they come."""
    first, second = (session(letter, base, 7, [FIRST, FIRST]) for letter, base in (("a", 100), ("b", 5000)))
    for server in (first, second):
        del server.made.change_list[2]
    assert not in_etcd(first, second)


@pytest.mark.parametrize("edited", [0, 1])
def test_an_object_that_moved_to_another_name_is_found_whichever_side_moved(edited: int) -> None:
    """A server that changes an object's name, address or port is wrong, whether it was recorded or replays."""
    servers = session("a", 100, 7, [FIRST, SECOND]), session("b", 5000, 15, [FIRST, SECOND])
    for number, server in enumerate(servers):
        shown = THIRD if number == edited else SECOND
        server.exchange("GET", f"{PODS}/{SECOND}", 200, pod(server, 1, 5, shown, "i"))
    assert "$.metadata.name" in {each.path for each in verdict_of(*servers).differences}


def test_two_objects_of_one_name_at_one_time_are_a_difference_in_a_list_alone() -> None:
    first, second = FakeServer("a", 100, 7, etcd=False), FakeServer("b", 5000, 15, etcd=False)
    for server, names in ((first, [FIRST, SECOND]), (second, [THIRD, THIRD])):
        for number, name in enumerate(names):
            server.exchange("POST", PODS, 201, pod(server, number, number + 1, name, "i"))
        server.exchange(
            "GET", PODS, 200, server.listed(2, *(pod(server, n, n + 1, name, "i") for n, name in enumerate(names)))
        )
    assert {(each.seq, each.kind) for each in verdict_of(first, second).differences} == {(3, "removed"), (3, "added")}


def addressed(letter: str, base: int, hour: int, owners: list[str], addresses: list[str]) -> FakeServer:
    """Addresses of Services that are made at once; then all are gone, and the first one's is another's."""
    server = FakeServer(letter, base, hour)

    def held(number: int, address: str, owner: str) -> JSONObject:
        made = server.pod(1, address)
        made["spec"] = {"parentRef": {"resource": "services", "name": owner}}
        metadata = made["metadata"]
        assert isinstance(metadata, dict)
        metadata["uid"] = server.uid(100 + number)
        return made

    def service(number: int, owner: str, address: str) -> JSONObject:
        made = server.pod(number + 1, owner)
        made["spec"] = {"clusterIP": address}
        return made

    for number, (owner, address) in enumerate(zip(owners, addresses, strict=True)):
        key, at = f"/registry/ipaddresses/{address}", 10 * number
        server.put(at + 1, key, held(number, address, owner))
        server.exchange("POST", "/api/v1/namespaces/default/services", 201, service(at + 1, owner, address))
        server.put(at + 2, f"/registry/services/specs/default/{owner}", service(at + 1, owner, address))
        if number >= 1:
            server.delete(at + 5, key)
    return server


def test_addresses_that_are_one_by_now_stand_beside_each_other_by_whose_they_are() -> None:
    first = addressed("a", 100, 7, ["s", "t", "u"], ["10.0.0.2", "10.0.0.3", "10.0.0.3"])
    second = addressed("b", 5000, 15, ["s", "t", "u"], ["10.0.0.4", "10.0.0.5", "10.0.0.6"])
    assert not [each for each in in_etcd(first, second) if "parentRef" in each.path]


def test_a_persons_key_that_looks_drawn_is_known_by_whoever_wrote_it_once() -> None:
    """A server that makes it again by itself differs from one that does not."""
    for name in ("one", "backup-20260101"):
        first, second = session("a", 100, 7, [name]), session("b", 5000, 15, [name])
        second.put(9, f"/registry/pods/default/{name}", pod(second, 7, 9, name, "i"))
        assert "added" in {each.kind for each in in_etcd(first, second)}, name
