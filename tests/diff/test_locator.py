"""kproxy.diff.locator: where a difference is, about which object, and when it can have begun."""

from hypothesis import example, given
from hypothesis import strategies as st

from kproxy.correlate.ledger import correlate
from kproxy.diff.locator import NEVER, Locator, Sides
from kproxy.diff.sites import Site
from kproxy.model.api import ObjectRef
from kproxy.model.exchange import Seq
from kproxy.model.jsontypes import JSON
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
