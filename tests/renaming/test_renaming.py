"""kproxy.renaming: learning from answers, applying to requests."""

import base64
import json
from itertools import permutations
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.renaming.apply import rename_body, rename_headers, rename_json, rename_target
from kproxy.renaming.kinds import Kind, Owner, Place
from kproxy.renaming.learn import Learner
from kproxy.renaming.renaming import NAMED, Renaming
from kproxy.wire.content import decode, encode

U1, U2 = "385ac3c3-d112-4b7c-aae9-3af50d03912e", "585ac3c3-d112-4b7c-aae9-3af50d03912e"
T1, T2 = "2026-01-01T00:00:01Z", "2026-02-02T00:00:02Z"


def pod(uid: str, revision: str, name: str, time: str) -> JSONObject:
    """A pod with a generated name."""
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {
            "generateName": "web-",
            "name": name,
            "uid": uid,
            "resourceVersion": revision,
            "creationTimestamp": time,
        },
    }


def learned() -> Renaming:
    """A renaming that saw one pod on both sides."""
    renaming = Renaming()
    Learner(renaming).learn(pod(U1, "100", "web-ccccc", T1), pod(U2, "7", "web-bbbbb", T2))
    return renaming


def test_a_request_names_what_the_answers_told() -> None:
    renaming = learned()
    assert rename_target(renaming, "/api/v1/pods/web-ccccc?watch=true&resourceVersion=100") == (
        "/api/v1/pods/web-bbbbb?watch=true&resourceVersion=7"
    )
    selector = quote(f"involvedObject.uid={U1}", safe="")
    assert rename_target(renaming, f"/events?fieldSelector={selector}") == "/events?fieldSelector=" + quote(
        f"involvedObject.uid={U2}", safe=""
    )


def test_a_renaming_is_blank_until_anything_is_learned() -> None:
    assert Renaming().blank
    for kind, value in ((Kind.UID, U1), (Kind.REVISION, "7"), (Kind.TIME, "2026-11-26T07:00:00Z"), (Kind.NAME, "a-b")):
        renaming = Renaming()
        renaming.learn(kind, Place(), value, value)
        assert not renaming.blank


def test_what_names_nothing_keeps_its_bytes() -> None:
    renaming = learned()
    for target in ("/a%2fb?x=%41&y", "/api?resourceVersion=0", "/?a==b"):
        assert rename_target(renaming, target) == target
    assert rename_body(renaming, "application/json", b'{"a" :  1}') == b'{"a" :  1}'
    assert rename_body(renaming, "application/octet-stream", b"\xff\x00") == b"\xff\x00"


def test_an_update_carries_the_targets_uid_revision_name_and_times() -> None:
    sent = rename_body(learned(), "application/json", json.dumps(pod(U1, "100", "web-ccccc", T1)).encode())
    assert json.loads(sent) == pod(U2, "7", "web-bbbbb", T2)


def test_a_protobuf_body_is_renamed_in_protobuf() -> None:
    media_type = "application/vnd.kubernetes.protobuf"
    sent = rename_body(learned(), media_type, encode(media_type, pod(U1, "100", "web-ccccc", T1)))
    value = decode(media_type, sent)
    assert isinstance(value, dict)
    metadata = value["metadata"]
    assert isinstance(metadata, dict)
    assert (metadata["uid"], metadata["resourceVersion"], metadata["name"]) == (U2, "7", "web-bbbbb")


def test_a_cbor_body_keeps_the_form_of_what_is_not_renamed() -> None:
    data = encode("application/cbor", {**pod(U1, "100", "web-ccccc", T1), "ratio": 0.5})
    data = data.replace(bytes.fromhex("f93800"), bytes.fromhex("f94200"))  # 3.0, which JSON has as 3
    sent = rename_body(learned(), "application/cbor", data)
    assert bytes.fromhex("f94200") in sent
    value = decode("application/cbor", sent)
    assert value == {**pod(U2, "7", "web-bbbbb", T2), "ratio": 3}


def test_a_json_patch_tests_the_targets_revision() -> None:
    patch: list[JSON] = [{"op": "replace", "path": "/metadata/resourceVersion", "value": "100"}]
    sent = rename_body(learned(), "application/json-patch+json", json.dumps(patch).encode())
    assert json.loads(sent) == [{"op": "replace", "path": "/metadata/resourceVersion", "value": "7"}]


def test_json_inside_an_annotation_is_renamed() -> None:
    inner = json.dumps({"metadata": {"name": "web-ccccc", "uid": U1}})
    body: JSONObject = {"metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": inner}}}
    sent = json.loads(rename_body(learned(), "application/json", json.dumps(body).encode()))
    text = sent["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"]
    assert json.loads(text) == {"metadata": {"name": "web-bbbbb", "uid": U2}}


def test_a_conditional_request_asks_with_the_targets_own_time() -> None:
    renaming = learned()
    renaming.modified["/openapi/v3", "Mon"] = "Tue"
    headers = (("If-Modified-Since", "Mon"), ("Accept", "*/*"))
    assert rename_headers(renaming, "/openapi/v3?timeout=3s", headers) == (
        ("If-Modified-Since", "Tue"),
        ("Accept", "*/*"),
    )
    assert rename_headers(renaming, "/other", headers) == headers


def test_a_drawn_name_has_an_image_in_each_namespace() -> None:
    renaming = Renaming()
    metadata: JSONObject = {"ownerReferences": [{"kind": "CronJob", "name": "c"}]}
    for _ in range(2):
        for namespace, image in (("a", "c-29400181"), ("b", "c-29400182")):
            place = Place("name", {**metadata, "namespace": namespace}, {**metadata, "namespace": namespace})
            renaming.learn(Kind.NAME, place, "c-29400180", image)
    renaming.settle()
    for namespace, images in (("a", {"c-29400181"}), ("b", {"c-29400182"}), ("", {"c-29400181"})):
        place = Place("name", {**metadata, "namespace": namespace}, {**metadata, "namespace": namespace})
        for image in ("c-29400181", "c-29400182", "c-29400183"):
            assert renaming.agrees(Kind.NAME, place, "c-29400180", image) is (image in images)


def test_a_tokens_volume_has_an_image_in_each_pod() -> None:
    renaming = Renaming()
    name, images = "kube-api-access-bbbbb", {"pod-1": "kube-api-access-ccccc", "pod-2": "kube-api-access-ddddd"}
    places = {pod: Place("name", {"name": name}, {"name": image}, Owner(uid=pod)) for pod, image in images.items()}
    for _ in range(2):
        for pod, image in images.items():
            renaming.learn(Kind.NAME, places[pod], name, image)
    renaming.settle()
    for pod, place in places.items():
        for image in (*images.values(), "kube-api-access-fffff"):
            assert renaming.agrees(Kind.NAME, place, name, image) is (image == images[pod])
    unknown = Place("name", {"name": name}, {"name": images["pod-1"]}, Owner(uid="pod-3"))
    assert renaming.agrees(Kind.NAME, unknown, name, images["pod-1"])


def test_a_port_or_a_hash_more_is_known_in_texts_and_makes_no_names_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    renaming = learned()
    renaming.text("web-ccccc")
    monkeypatch.setattr("kproxy.renaming.renaming.Names", None)  # whoever makes them again is found out
    for kind, baseline, replayed, there, here in (
        (Kind.NODE_PORT, "30001", "30700", "80:30001/TCP", "80:30700/TCP"),
        (Kind.HASH, "5d4f8c7b9", "6c7d9f4bb", "web-5d4f8c7b9", "web-6c7d9f4bb"),
        (Kind.SERVER_PORT, "51025", "57691", "127.0.0.1:51025", "127.0.0.1:57691"),
    ):
        assert renaming.text(there) == there
        renaming.learn_name(kind, baseline, replayed)
        assert renaming.text(there) == here
        assert renaming.text("web-ccccc") == "web-bbbbb"


def test_the_counts_name_what_has_another_image() -> None:
    renaming = learned()
    renaming.settle()
    assert dict(renaming.counts()) == {"uid": 1, "generated name": 1, "resourceVersion": 1, "time": 1}


_HEADS = st.sampled_from(["web", "web-x", "web-x-y", "fd00::1", "10.0.0.1", "30001", "6443", U1])
_TEXTS = st.lists(st.sampled_from(["web", "x", "y", "-", ".", " ", ":", "/TCP", "\\n", "30001", "6443", "1", U1])).map(
    "".join
)
_STEPS = st.lists(st.tuples(st.sampled_from([*NAMED, Kind.NODE_PORT, Kind.SERVER_PORT]), _HEADS) | _TEXTS)


@given(_STEPS)
@example([(Kind.NAME, "a"), "web-x", (Kind.NAME, "web"), (Kind.HASH, "x")])
@example([(Kind.SERVER_PORT, "6443"), "1:6443", (Kind.NAME, "6443-5")])
def test_a_text_that_is_remembered_is_renamed_as_one_that_is_asked_for_first(
    steps: list[tuple[Kind, str] | str],
) -> None:
    asked, fresh = Renaming(), Renaming()
    texts: list[str] = []
    for number, step in enumerate(steps):
        if isinstance(step, str):
            texts.append(step)
        else:
            for renaming in (asked, fresh):
                renaming.learn_name(*step, f"{number}-{step[1]}")
        for text in texts:
            asked.text(text)
    assert [asked.text(each) for each in texts] == [fresh.text(each) for each in texts]


@pytest.mark.parametrize("name", ["10.0.0.1", U1])
def test_of_a_name_of_two_kinds_the_image_of_the_kind_that_comes_last_stands_in_texts(name: str) -> None:
    """Whichever was learned first, and before a text was asked for or afterwards; one that is itself is no image."""
    images = {Kind.UID: "a-uid", Kind.PSEUDONYM: "hidden", Kind.ADDRESS: "there"}
    for order in permutations(images):
        renaming = Renaming()
        for number, kind in enumerate(order):
            renaming.learn_name(kind, name, images[kind])
            last = max(order[: number + 1], key=list(images).index)
            assert renaming.text(f"at {name}.") == f"at {images[last]}."
    renaming = Renaming()
    renaming.learn_name(Kind.ADDRESS, name, name)
    renaming.learn_name(Kind.UID, name, "a-uid")
    assert renaming.text(name) == "a-uid"


def test_it_knows_what_was_told_and_no_more() -> None:
    renaming = Renaming()
    time, version, name = "2026-01-01T00:00:01Z", Place("resourceVersion", owner=Owner("u")), Place("name")
    created = Place("creationTimestamp", owner=Owner("u"))
    before = [
        renaming.knows(kind, place, value)
        for kind, place, value in (
            (Kind.TIME, created, time),
            (Kind.REVISION, version, "7"),
            (Kind.UID, name, "a"),
            (Kind.HASH, name, "web-6d4cf56db6"),
            (Kind.AGE, name, "3s"),
        )
    ]
    assert before == [False, False, False, False, True]
    renaming.learn(Kind.TIME, created, time, "2027-01-01T00:00:01Z")
    renaming.learn(Kind.REVISION, version, "7", "70")
    renaming.learn(Kind.UID, name, "a", "b")
    renaming.learn(Kind.HASH, name, "web-6d4cf56db6", "web-7d4cf56db7")
    assert renaming.knows(Kind.TIME, created, time)
    assert renaming.knows(Kind.REVISION, version, "7")
    assert renaming.knows(Kind.UID, name, "a")
    assert renaming.knows(Kind.HASH, name, "web-6d4cf56db6")
    assert not renaming.knows(Kind.UID, name, "c")
    assert not renaming.knows(Kind.TIME, Place("creationTimestamp", owner=Owner("v")), time)


def test_two_texts_are_the_same_each_in_its_servers_words() -> None:
    renaming = Renaming()
    renaming.learn(Kind.NAME, Place("name", {"generateName": "web-"}), "web-abcde", "web-fghij")
    assert renaming.same_text("pods web-abcde not found", "pods web-fghij not found")
    assert not renaming.same_text("pods web-abcde not found", "pods web-abcde not found")


def test_a_node_port_is_renamed_where_a_field_is_one() -> None:
    renaming = Renaming()
    renaming.learn(Kind.NODE_PORT, Place("nodePort"), 30001, 30007)
    spec: JSONObject = {
        "ports": [{"nodePort": 30001, "port": 30001}, {"nodePort": 30002}],
        "healthCheckNodePort": 30001,
        "replicas": 30001,
    }
    assert rename_json(renaming, {"spec": spec}, Place()) == {
        "spec": {
            "ports": [{"nodePort": 30007, "port": 30001}, {"nodePort": 30002}],
            "healthCheckNodePort": 30007,
            "replicas": 30001,
        }
    }


def test_a_revision_is_that_of_the_object_that_it_is_of_and_in_a_query_of_the_resource() -> None:
    renaming = Renaming()
    renaming.learn(Kind.REVISION, Place("resourceVersion", owner=Owner("u", resource="pods")), "7", "70")
    renaming.learn(Kind.REVISION, Place("resourceVersion", owner=Owner("v", resource="services")), "8", "90")
    renaming.learn(Kind.REVISION, Place("resourceVersion", owner=Owner("w", resource="pods")), "9", "80")
    both: JSONObject = {"metadata": {"uid": "u", "resourceVersion": "7"}}
    assert rename_json(renaming, both, Place()) == {"metadata": {"uid": "u", "resourceVersion": "70"}}
    assert rename_target(renaming, "/api/v1/pods?resourceVersion=8") == "/api/v1/pods?resourceVersion=70"
    assert rename_target(renaming, "/api/v1/services?resourceVersion=8") == "/api/v1/services?resourceVersion=90"
    assert rename_target(renaming, "/api/v1/pods?resourceVersion=0&x&y=") == "/api/v1/pods?resourceVersion=0&x&y="


def test_a_map_of_node_ports_agrees_where_each_port_is_the_image_of_one() -> None:
    def bits(*numbers: int) -> str:
        return base64.b64encode(sum(1 << (each - 30000) for each in numbers).to_bytes(8)).decode()

    renaming = Renaming()
    renaming.learn(Kind.NODE_PORT, Place("nodePort"), 30001, 30007)
    place = Place("data", {"kind": "RangeAllocation", "range": "30000-32767"})
    assert renaming.agrees(Kind.ALLOCATION, place, bits(30001), bits(30007))
    assert not renaming.agrees(Kind.ALLOCATION, place, bits(30001), bits(30001))
    assert not renaming.agrees(Kind.ALLOCATION, place, bits(30001), bits(30007, 30008))
