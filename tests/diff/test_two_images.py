"""A value that would need two images is a difference, and it is found where it stands: for each kind of value."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.verdict import Outcome
from kproxy.renaming.kinds import Kind
from tests.diff.sessions import PODS, FakeServer, verdict_of

VALUES: dict[Kind, tuple[str, JSON, JSON, JSON]] = {
    Kind.UID: ("$.metadata.uid", "", "", "b0000000-0000-4000-8000-000000000077"),
    Kind.NAME: ("$.metadata.name", "web-x7k2p", "web-bbbbb", "web-ccccc"),
    Kind.HASH: ("$.metadata.labels.pod-template-hash", "5d4f8c7b9", "6c7d9f4bb", "7d8f9c5bb"),
    Kind.CLUSTER_IP: ("$.spec.clusterIP", "10.96.0.7", "10.96.0.9", "10.96.0.8"),
    Kind.NODE_PORT: ("$.spec.ports[0].nodePort", 30001, 30700, 30701),
    Kind.PSEUDONYM: (
        "$.spec.password",
        "kproxy-redacted-" + "0a" * 20,
        "kproxy-redacted-" + "1b" * 20,
        "kproxy-redacted-" + "2c" * 20,
    ),
    Kind.TIME: ("$.metadata.creationTimestamp", "", "", "2026-11-23T15:00:09Z"),
}
"""By kind: where it stands, what the first server drew, what the second one did, and another value of that form."""

FORMS: dict[str, Callable[[JSON], str]] = {
    "alone": str,
    "in a message": lambda value: f'pods "{value}" not found',
    "in JSON in an annotation": lambda value: f'{{"metadata":{{"name":"{value}"}}}}',
    "in a selector": lambda value: f"a=b,name={value}",
    "at the beginning of another name": lambda value: f"{value}-0",
}


def pod(server: FakeServer, kind: Kind, value: JSON, said: str = "") -> JSONObject:
    """An object that holds a value of a kind."""
    made = server.pod(1)
    metadata, spec = made["metadata"], made["spec"]
    assert isinstance(metadata, dict)
    assert isinstance(spec, dict)
    if kind is Kind.NAME:
        metadata |= {"generateName": "web-", "name": value}
    elif kind is Kind.HASH:
        metadata["labels"] = {"pod-template-hash": value}
    elif kind is Kind.CLUSTER_IP:
        spec["clusterIP"] = value
    elif kind is Kind.NODE_PORT:
        spec["ports"] = [{"nodePort": value}]
    elif kind is Kind.PSEUDONYM:
        spec["password"] = value
    elif value:
        metadata[{Kind.UID: "uid", Kind.TIME: "creationTimestamp"}[kind]] = value
    return made | {"status": {"message": said}}


@pytest.mark.parametrize("kind", VALUES)
@given(place=st.integers(0, 3))
@settings(max_examples=8)
def test_another_image_is_found_in_the_exchange_and_field_where_it_stands(kind: Kind, place: int) -> None:
    path, drawn, image, other = VALUES[kind]
    first, second = FakeServer("a", 100, 7, etcd=False), FakeServer("b", 5000, 15, etcd=False)
    for index in range(4):
        first.exchange("GET", f"{PODS}/a", 200, pod(first, kind, drawn))
        second.exchange("GET", f"{PODS}/a", 200, pod(second, kind, other if index == place else image))
    found = verdict_of(first, second).differences
    wanted = "changed" if kind is Kind.PSEUDONYM else "renamed"  # a pseudonym is told by the text, not by its place
    assert (place + 1, path, wanted) in {(each.seq, each.path, each.kind) for each in found}
    assert {each.seq for each in found} == {place + 1}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", [Kind.NAME, Kind.CLUSTER_IP, Kind.PSEUDONYM])
def test_text_that_names_another_value_than_the_image_is_found(kind: Kind, form: str) -> None:
    _, drawn, image, other = VALUES[kind]
    say = FORMS[form]
    for said, same in ((image, True), (other, False)):
        first, second = FakeServer("a", 100, 7, etcd=False), FakeServer("b", 5000, 15, etcd=False)
        for _ in range(3):
            first.exchange("GET", f"{PODS}/a", 200, pod(first, kind, drawn))
            second.exchange("GET", f"{PODS}/a", 200, pod(second, kind, image))
        first.exchange("GET", f"{PODS}/a", 200, pod(first, kind, drawn, say(drawn)))
        second.exchange("GET", f"{PODS}/a", 200, pod(second, kind, image, say(said)))
        found = verdict_of(first, second).differences
        places = {(each.seq, ".".join(each.path.split(".")[:3])) for each in found}  # in JSON it is deeper
        assert places == (set() if same else {(4, "$.status.message")})


def mounted(server: FakeServer, volumes: dict[str, str], *, mount: str = "") -> None:
    """Pods with a token's volume each, made and read; `mount`: what a container of the last one says instead."""
    for name, volume in volumes.items():
        last = mount if name == list(volumes)[-1] else ""
        made = server.pod(1, name)
        made["spec"] = {
            "volumes": [{"name": volume, "projected": {}}],
            "containers": [{"name": "c", "volumeMounts": [{"name": last or volume, "mountPath": "/x"}]}],
        }
        for method, target in (("POST", PODS), ("GET", f"{PODS}/{name}")):
            server.exchange(method, target, 200, made)


def test_two_pods_may_have_a_tokens_volume_of_one_name_on_one_server() -> None:
    first, second = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    mounted(first, {"p": "kube-api-access-bbbbb", "q": "kube-api-access-bbbbb"})
    mounted(second, {"p": "kube-api-access-ccccc", "q": "kube-api-access-ddddd"})
    assert verdict_of(first, second).outcome is Outcome.IDENTICAL
    assert verdict_of(second, first).outcome is Outcome.IDENTICAL


def test_within_a_pod_a_tokens_volume_has_one_name() -> None:
    first, second = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    mounted(first, {"p": "kube-api-access-bbbbb", "q": "kube-api-access-bbbbb"})
    mounted(second, {"p": "kube-api-access-ccccc", "q": "kube-api-access-ddddd"}, mount="kube-api-access-ccccc")
    verdict = verdict_of(first, second)
    assert {each.path for each in verdict.differences} <= {
        "$.spec.volumes[0].name",
        "$.spec.containers[0].volumeMounts[0].name",
    }
    assert verdict.outcome is Outcome.DIFFERENT
