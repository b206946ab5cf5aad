"""kproxy.diff.beside."""

from collections.abc import Collection, Mapping

from kproxy.correlate.ledger import correlate
from kproxy.diff.beside import Seen
from kproxy.diff.compare import compare
from kproxy.model.api import metadata_of
from kproxy.model.exchange import Seq
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.verdict import Outcome, Verdict
from tests.diff.sessions import PODS, FakeServer

WEB = "/apis/apps/v1/namespaces/default/deployments/web"
KEY = "/registry/deployments/default/web"


def servers() -> tuple[FakeServer, FakeServer]:
    return FakeServer("a", 100, 7), FakeServer("b", 5000, 15)


def beside(
    first: FakeServer,
    second: FakeServer,
    missed: Mapping[Seq, str] | None = None,
    passing: Collection[int] = (),
    passed: Collection[int] = (),
) -> Verdict:
    """The verdict where only people's requests were driven."""
    pairs = [(each.seq, each.seq) for each in first.made.exchange_list]
    ledgers = correlate(first.made), correlate(second.made)
    seen = Seen(missed=missed or {}, moving=passing, passed=passed)
    return compare(first.made, ledgers[0], second.made, ledgers[1], pairs, beside=seen)


def scaled(server: FakeServer, ready: int, writes: int, **fields: JSON) -> None:
    """A Deployment that is scaled; a controller then writes its status so many times."""
    server.exchange("PATCH", WEB, 200, server.pod(1, "web", status={"readyReplicas": ready}, **fields))
    server.put(1, KEY, server.pod(1, "web", status={"readyReplicas": ready}, **fields))
    for number in range(writes):
        server.put(2 + number, KEY, server.pod(2 + number, "web", status={"readyReplicas": 3}, **fields), 2 + number)


def places(verdict: Verdict) -> set[tuple[str, str]]:
    return {(each.where, each.path) for each in verdict.differences}


def test_how_often_a_controller_writes_and_what_an_answer_shows_of_that_is_its_own_business() -> None:
    first, second = servers()
    scaled(first, ready=0, writes=2)
    scaled(second, ready=1, writes=4)
    verdict = beside(first, second)
    assert verdict.outcome is Outcome.EQUIVALENT, verdict.differences
    assert [each.rule for each in verdict.noise] == ["controllers-beside"]


def test_a_deployment_may_be_read_before_its_controller_put_the_first_annotation_there_but_lacks_no_other() -> None:
    place = ("body", "$.metadata.annotations")
    for name, found in (("deployment.kubernetes.io/revision", set()), ("example.org/team", {place})):
        first, second = servers()
        first.exchange("GET", WEB, 200, first.pod(1, "web"))
        shown = second.pod(1, "web")
        metadata_of(shown)["annotations"] = {name: "1"}
        second.exchange("GET", WEB, 200, shown)
        assert places(beside(first, second)) == found
        assert places(beside(second, first)) == found


def test_what_people_asked_for_is_compared_as_ever() -> None:
    first, second = servers()
    scaled(first, ready=0, writes=1)
    scaled(second, ready=0, writes=1, spec={"replicas": 7})
    assert ("body", "$.spec.replicas") in places(beside(first, second))


def owned(server: FakeServer, revision: int, suffix: str) -> JSONObject:
    """A pod whose name was drawn for the Deployment's."""
    pod = server.pod(revision, f"web-{suffix}")
    metadata = pod["metadata"]
    assert isinstance(metadata, dict)
    return {**pod, "metadata": {**metadata, "generateName": "web-"}}


def test_what_controllers_made_is_the_same_as_a_set_whatever_its_names() -> None:
    first, second = servers()
    for server, names in ((first, ("bbbbb", "ccccc")), (second, ("ddddd", "fffff"))):
        server.exchange("GET", f"{PODS}/x", 404, {"kind": "Status", "code": 404, "reason": "NotFound"})
        for revision, name in enumerate(names, start=1):
            server.put(revision, f"/registry/pods/default/web-{name}", owned(server, revision, name))
    assert not beside(first, second).differences
    second.put(3, "/registry/pods/default/web-ggggg", owned(second, 3, "ggggg"))
    found = beside(first, second).differences
    assert [(each.where, each.kind) for each in found] == [("consequence", "added")]


def test_a_final_state_that_is_another_one_is_a_difference() -> None:
    first, second = servers()
    scaled(first, ready=0, writes=1)
    scaled(second, ready=0, writes=1)
    second.put(9, KEY, second.pod(9, "web", status={"readyReplicas": 2}), 9)
    found = [each for each in beside(first, second).differences if each.where == "consequence"]
    assert [(each.path, each.kind) for each in found] == [("/deployments/default/web", "changed")]


def test_a_state_that_people_saw_and_that_did_not_come_is_one_and_what_a_get_showed_of_it_is_not_hidden() -> None:
    first, second = servers()
    for server, address in ((first, "x"), (second, "y")):
        server.exchange("GET", f"{PODS}/a", 200, server.pod(1, finalizers=[address]))
    assert not beside(first, second).differences
    assert ("consequence", "state") in places(beside(first, second, {Seq(1): "a state"}))
    assert any(path.startswith("$.finalizers") for _, path in places(beside(first, second, {Seq(1): "a state"})))


def test_a_get_whose_state_came_hides_no_more_than_controllers_and_servers_choose() -> None:
    first, second = servers()
    for server, label in ((first, "x"), (second, "y")):
        server.exchange("GET", f"{PODS}/a", 200, server.pod(1, labels={"a": label}, status={"phase": label}))
    assert places(beside(first, second)) == {("body", "$.labels.a")}


def test_what_was_on_its_way_out_may_be_gone_but_what_is_there_still_is_compared() -> None:
    first, second, gone = (*servers(), FakeServer("c", 9000, 20))
    for server, label in ((first, "x"), (second, "y")):
        server.exchange("GET", f"{PODS}/a", 200, server.pod(1, labels={"a": label}))
    gone.exchange("GET", f"{PODS}/a", 404, {"kind": "Status", "code": 404, "reason": "NotFound"})
    assert not beside(first, gone, passing=[1]).differences
    assert not beside(gone, second, passing=[1]).differences
    assert beside(first, gone).differences
    assert places(beside(first, second, passing=[1])) == {("body", "$.labels.a")}


def test_a_pod_on_its_way_out_may_have_ended_already_but_has_no_other_time_of_grace() -> None:
    grace = ("body", "$.metadata.deletionGracePeriodSeconds")
    for now, moving, found in ((0, [1], set()), (0, [], {grace}), (7, [1], {grace})):
        first, second = servers()
        for server, seconds in ((first, 30), (second, now)):
            shown = server.pod(1)
            metadata_of(shown)["deletionGracePeriodSeconds"] = seconds
            server.exchange("GET", f"{PODS}/a", 200, shown)
        assert places(beside(first, second, passing=moving)) == found
        assert places(beside(second, first, passing=moving)) == found


def person(server: FakeServer, *, shown: JSONObject) -> None:
    """An object that people make, and read again; then, a controller writes another one."""
    server.exchange("POST", PODS, 201, server.pod(1))
    server.put(1, "/registry/pods/default/a", server.pod(1))
    server.exchange("GET", f"{PODS}/a", 200, {**server.pod(1), **shown})
    server.put(2, KEY, server.pod(2, "web"))


def test_nothing_is_hidden_of_what_only_people_write() -> None:
    other: JSONObject = {"metadata": {**metadata(servers()[1]), "uid": servers()[1].uid(99)}}
    status: JSONObject = {"status": {"phase": "x"}}
    for shown, path in ((status, "$.status"), (other, "$.metadata.uid")):
        first, second = servers()
        person(first, shown={})
        person(second, shown=shown)
        assert ("body", path) in places(beside(first, second))


def test_a_write_more_of_what_only_people_write_is_a_difference() -> None:
    first, second = servers()
    person(first, shown={})
    person(second, shown={})
    assert not beside(first, second).differences
    second.put(3, "/registry/pods/default/a", second.pod(3), 2)
    assert ("etcd", "/registry/pods/default/a[1]") in places(beside(first, second))


def metadata(server: FakeServer) -> JSONObject:
    found = server.pod(1)["metadata"]
    assert isinstance(found, dict)
    return found


def added(value: JSONObject) -> JSONObject:
    return {"type": "ADDED", "object": value}


def seen(server: FakeServer, target: str, shown: JSONObject, *, listed: bool) -> None:
    """What people made and a controller's object, in a list or in a watch."""
    person(server, shown={})
    both = [server.pod(2, "web"), {**server.pod(1), **shown}]
    if listed:
        server.exchange("GET", target, 200, server.listed(3, *both))
    else:
        server.watch(f"{target}?watch=true", *map(added, both))


def test_nothing_is_hidden_in_lists_and_watches_of_what_only_people_write() -> None:
    uid: JSONObject = {"metadata": {**metadata(servers()[1]), "uid": servers()[1].uid(99)}}
    status: JSONObject = {"status": {"phase": "x"}}
    for listed, root in ((True, "$.items[1]"), (False, "$[1].object")):
        for other, path in ((uid, ".metadata.uid"), (status, ".status")):
            first, second = servers()
            seen(first, PODS, {}, listed=listed)
            seen(second, PODS, other, listed=listed)
            assert ("body" if listed else "stream", root + path) in places(beside(first, second))


def test_what_controllers_wrote_is_hidden_in_a_list_and_which_of_their_objects_it_names() -> None:
    first, second = servers()
    for server, phase in ((first, "x"), (second, "y")):
        person(server, shown={})
        more = [server.pod(3, "c")] if server is second else []
        server.exchange(
            "GET", PODS, 200, server.listed(3, server.pod(1), server.pod(2, "web", status={"phase": phase}), *more)
        )
    assert not beside(first, second).differences


def test_an_object_that_only_people_wrote_is_missed_in_a_list_and_in_a_watch() -> None:
    for listed in (True, False):
        first, second = servers()
        for server in (first, second):
            person(server, shown={})
            made = [server.pod(1)] if server is first else []
            if listed:
                server.exchange("GET", PODS, 200, server.listed(3, *made))
            else:
                server.watch(f"{PODS}?watch=true", *map(added, made))
        assert places(beside(first, second)) == {("body", "$.items[0]") if listed else ("stream", "$[0]")}


def test_another_status_is_nobodys_own_business() -> None:
    first, second = servers()
    for server, status in ((first, 200), (second, 201)):
        server.exchange("PATCH", WEB, status, server.pod(1, "web"))
        server.put(1, KEY, server.pod(1, "web"))
    assert places(beside(first, second)) == {("status", "status")}


def test_which_of_two_objects_a_list_shows_first_is_not_held_against_it() -> None:
    first, second = servers()
    for server in (first, second):
        person(server, shown={})
        shown = [server.pod(1), server.pod(2, "web")]
        server.exchange("GET", PODS, 200, server.listed(3, *(shown if server is first else reversed(shown))))
    assert not beside(first, second).differences


def test_what_was_written_before_the_session_is_neither_left_by_it_nor_makes_an_object_a_controllers() -> None:
    first, second = servers()
    for server, phase in ((first, "x"), (second, "y")):
        person(server, shown={"status": {"phase": phase}})
        server.put(0, "/registry/pods/default/a", server.pod(0))
    first.put(0, "/registry/pods/default/z", first.pod(0, "z"))
    assert places(beside(first, second)) == {("body", "$.status.phase")}


def test_what_the_system_keeps_for_itself_is_no_consequence() -> None:
    first, second = servers()
    for server in (first, second):
        scaled(server, ready=0, writes=1)
    for number, name in enumerate(("leases/kube-system/x", "configmaps/default/kube-root-ca.crt"), start=7):
        second.put(number, f"/registry/{name}", second.pod(number, "x"))
    assert "consequence" not in {where for where, _ in places(beside(first, second))}
    second.put(9, "/registry/configmaps/default/x", second.pod(9, "x"))
    assert ("consequence", "/configmaps/default/x") in places(beside(first, second))


def test_a_volume_for_an_accounts_token_has_a_drawn_name_and_another_volume_its_own() -> None:
    def found(*names: str) -> set[str]:
        sides = servers()
        for server, name in zip(sides, names, strict=True):
            server.exchange("GET", "/version", 200, {"major": "1"})
            server.put(1, "/registry/pods/default/a", server.pod(1, volumes=[{"name": name}]))
        return {where for where, _ in places(beside(*sides)) if where == "consequence"}

    assert found("kube-api-access-bbbbb", "kube-api-access-ccccc") == set()
    assert found("data-b", "data-c") == {"consequence"}


def test_a_list_of_another_moment_names_others_but_shows_each_as_it_is() -> None:
    first, second = servers()
    for server, names, image in ((first, ("a", "b"), "i"), (second, ("a",), "other")):
        pods: list[JSON] = [server.pod(1, name, image=image, status={"phase": image}) for name in names]
        server.exchange("GET", PODS, 200, {"kind": "PodList", "metadata": {}, "items": pods})
    assert not beside(first, second).differences
    assert places(beside(first, second, passed=[1])) == {("body", "$.items[0].image")}
