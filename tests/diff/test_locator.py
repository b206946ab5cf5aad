"""kproxy.diff.locator: where a difference is, about which object, and when it can have begun."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kproxy.correlate.ledger import correlate
from kproxy.diff.locator import NEVER, Locator, Sides
from kproxy.diff.sites import Site
from kproxy.diff.trees import shortened
from kproxy.model.api import ObjectRef
from kproxy.model.exchange import Seq
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.verdict import Difference, split_key
from tests.diff.sessions import PODS, FakeServer

POD = ObjectRef(group="", resource="pods", namespace="default", name="a")


def world() -> FakeServer:
    """A pod is watched, made, read and listed."""
    server = FakeServer("a", 100, 7)
    server.watch(f"{PODS}?watch=true&resourceVersion=0", {"type": "ADDED", "object": server.pod(1)})
    server.exchange("POST", PODS, 201, server.pod(1))
    server.exchange("GET", f"{PODS}/a", 200, server.pod(1))
    server.exchange("GET", PODS, 200, server.listed(1, server.pod(1), server.pod(1, "b")))
    server.put(1, "/registry/pods/default/a", server.pod(1))
    return server


def at(seq: int | None, where: str, path: str, kind: str = "changed", value: JSON = 1) -> Site:
    """The site of a difference in that world."""
    server = world().made
    difference = Difference(
        seq=None if seq is None else Seq(seq), where=where, path=path, kind=kind, baseline=value, replayed=2
    )
    sides = Sides(server, server, correlate(server), {each.seq: each.seq for each in server.exchange_list})
    return Locator(sides, [difference]).site(difference)


def test_a_field_of_an_object_is_told_wherever_it_shows() -> None:
    shown = [
        at(2, "body", "$.spec.x"),
        at(3, "body", "$.spec.x"),
        at(4, "body", "$.items[0].spec.x"),
        at(1, "stream", "$[0].object.spec.x"),
        at(2, "etcd", "/registry/pods/default/a[0].spec.x"),
        at(2, "etcd", "/registry/pods/default/a[0] previous .spec.x"),
    ]
    assert {(each.aspect, each.subject, each.thing, each.steps) for each in shown} == {
        ("field", POD, "pods", ("spec", "x"))
    }


def test_an_object_in_a_list_or_a_stream_and_a_key_are_wholes() -> None:
    assert at(4, "body", "$.items[1]", "removed").subject == ObjectRef(
        group="", resource="pods", namespace="default", name="b"
    )
    assert at(4, "body", "$.items[0]", "removed").aspect == "member"
    assert at(1, "stream", "$[0]", "removed").aspect == "member"
    assert at(2, "etcd", "/registry/pods/default/a[0]", "removed").aspect == "key"
    assert at(2, "etcd", "/registry/pods/default/a[0] type").aspect == "key"


def test_a_watch_event_is_as_late_as_it_came_and_a_write_as_early_as_it_began() -> None:
    server = world().made
    assert at(1, "stream", "$[0].object.spec.x").when == server.frame_list[0].at
    assert at(2, "body", "$.spec.x").when == server.exchange_list[1].started
    assert at(3, "body", "$.spec.x").when == server.exchange_list[2].answered


def test_the_key_of_no_request_is_as_late_as_it_was_seen() -> None:
    assert at(None, "etcd", "/registry/pods/default/a[0].spec.x").when == world().made.change_list[0].at
    assert at(None, "etcd", "/registry/pods/default/zzz[0].spec.x").when == NEVER


def test_quoted_fields_and_keys_of_etcd_are_read() -> None:
    assert at(3, "body", r"$.metadata.annotations['a.b/c\'d']").steps == ("metadata", "annotations", "a.b/c'd")
    assert split_key("/registry/pods/default/a[12].spec.c[0].x") == ("/registry/pods/default/a", 12, ".spec.c[0].x")


@given(
    st.sampled_from(["body", "stream", "etcd", "header", "request", "extra", "order"]),
    st.text(),
    st.sampled_from([None, 1, 4, 99]),
)
@example("extra", "¹", None)  # a digit to str, and no number to int
@example("stream", "²[0]", 1)
def test_any_path_has_a_site(where: str, path: str, seq: int | None) -> None:
    assert at(seq, where, path).difference.path == path


CLAIMS = "/apis/example.org/v1/namespaces/team/claims"


def elsewhere() -> FakeServer:
    """Reads of other things: a table, a list over all namespaces, discovery, OpenAPI, a refusal, a scale."""
    server = FakeServer("a", 100, 7)
    table: JSONObject = {"kind": "Table", "rows": [{"cells": ["a", "1/1"], "object": server.pod(1)}]}
    server.exchange("GET", PODS, 200, table)
    everywhere = server.pod(2, "c")
    metadata = everywhere["metadata"]
    assert isinstance(metadata, dict)
    metadata["namespace"] = "other"
    server.exchange("GET", "/api/v1/pods", 200, server.listed(2, everywhere, {"metadata": {}}, "none"))
    resources: list[JSON] = [{"resource": "claims"}, {"responseKind": {}}]
    versions: list[JSON] = [{"version": "v1", "resources": resources}]
    groups: JSONObject = {
        "kind": "APIGroupDiscoveryList",
        "items": [{"metadata": {"name": "example.org"}, "versions": versions}],
    }
    server.exchange("GET", "/apis", 200, groups)
    server.exchange("GET", "/apis/example.org/v1", 200, {"resources": [{"name": "claims"}, {"name": "claims/status"}]})
    server.exchange("GET", "/openapi/v3/api/v1", 200, {"paths": {"/x": {"get": {"parameters": [{"name": "limit"}]}}}})
    server.exchange("GET", f"{PODS}/z", 404, {"kind": "Status", "code": 404})
    server.exchange("DELETE", f"{PODS}/a", 200, {"kind": "Status", "details": {"name": "a"}})
    server.exchange("DELETE", f"{PODS}/a", 200, server.pod(3))
    server.exchange("PUT", f"{CLAIMS}/c/scale", 200, {"kind": "Scale"})
    server.exchange("PUT", f"{CLAIMS}/c/status", 200, {"kind": "Claim"})
    server.exchange("POST", "/api/v1/namespaces", 201, {"metadata": {"name": "team"}})
    server.exchange("POST", CLAIMS, 409, {"kind": "Status"}, send={"metadata": {"name": "c"}})
    return server


def place(seq: int, path: str, kind: str = "changed", *, where: str = "body", value: JSON = 1) -> Site:
    """The site of a difference there."""
    server = elsewhere().made
    difference = Difference(seq=Seq(seq), where=where, path=path, kind=kind, baseline=value, replayed=value)
    sides = Sides(server, server, correlate(server), {each.seq: each.seq for each in server.exchange_list})
    return Locator(sides, [difference]).site(difference)


def ref(resource: str, name: str, namespace: str = "", group: str = "") -> ObjectRef:
    return ObjectRef(group=group, resource=resource, namespace=namespace, name=name)


CLAIM, SCALE = ref("claims", "c", "team", "example.org"), "claims.example.org/scale"
TYPES = "/openapi/v3/api/v1"


@pytest.mark.parametrize(
    ("find", "aspect", "subject", "thing", "steps"),
    [
        (partial(place, 1, "$.rows[0].object.spec.x"), "field", POD, "pods", ("spec", "x")),
        (partial(place, 1, "$.rows[0].cells[1]"), "field", POD, "pods as a table", ("cells", "1")),
        (partial(place, 1, "$.rows[0]", "added"), "member", POD, "pods as a table", ()),
        (partial(place, 1, "$.rows[7]", "removed"), "member", None, "pods as a table", ()),
        (partial(place, 1, "$.columnDefinitions[0].name"), "field", None, "pods", ("columnDefinitions", "0", "name")),
        (partial(place, 2, "$.items[0].spec"), "field", ref("pods", "c", "other"), "pods", ("spec",)),
        (partial(place, 2, "$.items[0]", "removed"), "member", ref("pods", "c", "other"), "pods", ()),
        (partial(place, 2, "$.items[0]", "reordered"), "field", ref("pods", "c", "other"), "pods", ()),
        (partial(place, 2, "$.items[1].spec"), "field", None, "pods", ("spec",)),
        (partial(place, 2, "$.items[2]", "added"), "member", None, "pods", ()),
        (partial(place, 2, "$.metadata.resourceVersion"), "field", None, "pods", ("metadata", "resourceVersion")),
        (partial(place, 3, "$.items[0]", "added"), "member", None, "example.org in /apis", ()),
        (
            partial(place, 3, "$.items[0].versions[0].resources[0].scope"),
            "field",
            None,
            "example.org",
            ("versions", "v1", "resources", "claims", "scope"),
        ),
        (
            partial(place, 3, "$.items[0].versions[0].resources[1].scope"),
            "field",
            None,
            "example.org",
            ("versions", "v1", "resources", "1", "scope"),
        ),
        (partial(place, 3, "$.items[4].versions[0].x"), "field", None, "/apis", ("versions", "0", "x")),
        (
            partial(place, 4, "$.resources[1].verbs"),
            "field",
            None,
            "/apis/example.org/v1",
            ("resources", "claims/status", "verbs"),
        ),
        (
            partial(place, 5, "$.paths['/x'].get.parameters[0].in"),
            "field",
            None,
            TYPES,
            ("paths", "/x", "get", "parameters", "0", "in"),
        ),
        (partial(place, 6, "$.message"), "field", ref("pods", "z", "default"), "Status", ("message",)),
        (partial(place, 7, "$.details.uid"), "field", POD, "Status", ("details", "uid")),
        (partial(place, 8, "$.spec"), "field", POD, "pods", ("spec",)),
        (partial(place, 9, "$.spec"), "field", CLAIM, SCALE, ("spec",)),
        (partial(place, 10, "$.spec"), "field", CLAIM, "claims.example.org", ("spec",)),
        (partial(place, 11, "$.spec"), "field", ref("namespaces", "team"), "namespaces", ("spec",)),
        (partial(place, 12, "$.code"), "field", CLAIM, "Status", ("code",)),
        (partial(place, 9, "status", where="status"), "answer", CLAIM, SCALE, ("status",)),
        (partial(place, 9, "age", where="header"), "header", CLAIM, SCALE, ("age",)),
        (partial(place, 9, "end", where="end"), "end", CLAIM, SCALE, ("end",)),
        (partial(place, 9, "$.spec.x", where="request"), "request", CLAIM, SCALE, ("spec", "x")),
        (partial(place, 1, "exchange 9", "added", where="extra"), "exchange", CLAIM, SCALE, ()),
        (partial(place, 1, "exchange 4", "added", where="extra"), "exchange", None, "/apis/example.org/v1", ()),
        (partial(place, 1, "exchange 99", "added", where="extra"), "exchange", None, "", ()),
        (partial(place, 99, "$.spec"), "field", None, "", ("$.spec",)),
    ],
)
def test_what_a_difference_is_of_is_told_by_where_it_stands(
    find: Callable[[], Site], aspect: str, subject: ObjectRef | None, thing: str, steps: tuple[str, ...]
) -> None:
    found = find()
    assert (found.aspect, found.subject, found.thing, found.steps) == (aspect, subject, thing, steps)


def test_what_an_element_calls_itself_is_its_label_and_a_group_is_the_one_that_it_is_in() -> None:
    assert place(3, "$.items[0]", "added").label == "example.org"
    assert place(3, "$.items[0].versions[0].x", "added").group == "example.org"
    assert place(3, "$.items[0]", "added").group == ""
    assert place(2, "$.items[0].spec").group == ""
    assert place(2, "$.items[0].spec").label == "c"
    parameter: JSON = {"name": "limit"}
    assert place(5, "$.paths['/x'].get.parameters[0]", "removed", value=parameter).label == "limit"
    assert place(5, "$.paths['/x'].get.parameters[0]", "changed", value=parameter).label == ""
    assert place(8, "$.spec.containers[0]", "added", value={"name": "web"}).label == "web"
    assert place(8, "$.spec.containers[0]", "added", value=["web"]).label == ""


def test_what_is_told_of_no_answer_is_as_early_as_its_request() -> None:
    server = elsewhere().made
    server.exchange_list[0] = replace(server.exchange_list[0], answered=None)
    difference = Difference(seq=Seq(1), where="body", path="$.x", kind="changed", baseline=1, replayed=2)
    sides = Sides(server, server, correlate(server), {})
    assert Locator(sides, [difference]).site(difference).when == server.exchange_list[0].started
    assert place(2, "$.x").when == server.exchange_list[1].answered
    assert place(9, "$.x").when == server.exchange_list[8].started


def test_what_a_stream_shows_is_told_by_its_event_and_what_it_never_showed_is_as_late_as_its_end() -> None:
    known = at(1, "stream", "$[0].object.spec.x")
    assert (known.event, known.subject, known.steps) == ("ADDED", POD, ("spec", "x"))
    typed = at(1, "stream", "$[0].type")
    assert (typed.aspect, typed.steps, typed.event) == ("member", (), "ADDED")
    never = at(1, "stream", "$[7]", "removed")
    assert (never.aspect, never.subject, never.event, never.when) == ("member", None, "", NEVER)
    ended = world().made.exchange_list[0].ended
    whole = at(1, "stream", "$")
    assert (whole.thing, whole.steps, whole.when) == ("stream of pods", ("$",), ended)
    more = at(1, "stream", "$[0]", "added")
    assert (more.event, more.subject, more.when) == ("ADDED", POD, ended)


def test_what_etcd_has_more_or_less_of_is_a_key_and_what_stands_beside_a_value_is_named() -> None:
    key = "/registry/pods/default/a[0]"
    version = at(2, "etcd", f"{key} version")
    assert (version.aspect, version.thing, version.steps) == ("field", "pods", ("etcd version",))
    assert at(2, "etcd", f"{key} type").steps == ()
    assert at(2, "etcd", key).aspect == "field"
    odd = at(None, "etcd", "/odd[0]", "removed")
    assert (odd.aspect, odd.subject, odd.thing) == ("key", None, "etcd")


def test_an_event_that_did_not_come_is_behind_all_if_none_behind_it_came() -> None:
    server = world().made

    def behind(path: str, matched: dict[Seq, int], kind: str = "removed", where: str = "stream") -> bool:
        difference = Difference(seq=Seq(1), where=where, path=path, kind=kind, baseline=1, replayed=None)
        sides = Sides(server, server, correlate(server), {}, matched)
        return Locator(sides, [difference]).is_behind_all(difference)

    assert behind("$[0]", {})
    assert behind("$[3]", {Seq(1): 2})
    assert not behind("$[3]", {Seq(1): 3})
    assert not behind("$", {})
    assert not behind("$[3]", {}, kind="added")
    assert not behind("$[3]", {}, where="body")


def test_an_exchange_wrote_what_its_ledger_says_and_what_it_names() -> None:
    server = world().made
    locator = Locator(Sides(server, server, correlate(server), {Seq(2): Seq(2)}), [])
    made, read = server.exchange_list[1], server.exchange_list[2]
    assert locator.written(made) == [POD]
    assert locator.written(read) == [POD]
    assert locator.written(server.exchange_list[3]) == []
    assert locator.other(made) is made
    assert locator.other(read) is None
    assert locator.answers(read)[1] is None


def test_a_long_description_of_an_api_is_shown_whole_and_an_objects_value_as_it_was_cut() -> None:
    server = FakeServer("a", 100, 7)
    long: JSON = {"description": "y" * 3000}
    server.exchange("GET", "/openapi/v3/api/v1", 200, {"a": [0, long], "b": {"c": long}})
    server.exchange("GET", f"{PODS}/a", 200, {"a": [0, long]})
    sides = Sides(server.made, server.made, correlate(server.made), {Seq(1): Seq(1), Seq(2): Seq(2)})
    locator = Locator(sides, [])

    def alone(path: str, seq: int = 1, kind: str = "removed", where: str = "body") -> JSON:
        values = (None, shortened(long)) if kind == "added" else (shortened(long), None)
        difference = Difference(seq=Seq(seq), where=where, path=path, kind=kind, baseline=values[0], replayed=values[1])
        return locator.alone(difference, server.made.exchange_list[seq - 1])

    cut = shortened(long)
    assert alone("$.a[1]") == long
    assert alone("$.b.c", kind="added") == long
    for path in ("$.a[0]", "$.a[7]", "$.a.x", "$.b.d", "$.b[0]"):
        assert alone(path) == cut
    assert alone("$.a[1]", seq=2) == cut
    assert alone("$.a[1]", where="request") == cut
