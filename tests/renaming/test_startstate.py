"""Two start states beside each other."""

import json

from kproxy.model.etcd import ClusterId, EtcdKey, Revision
from kproxy.model.jsontypes import JSONObject
from kproxy.model.start import StartKey, StartObject
from kproxy.renaming.kinds import Kind
from kproxy.renaming.renaming import Renaming
from kproxy.renaming.startstate import Standing, learn_start, standing_of, start_of, start_revision
from tests.support.made import a_session
from tests.support.memory import MemoryRecording


def value(name: str, uid: str, **more: str) -> bytes:
    """A config map as etcd might have it."""
    metadata: JSONObject = {"name": name, "namespace": "team", "uid": uid, **more}
    return json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}).encode()


UID, OTHER = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002"
KEY = EtcdKey(b"/registry/configmaps/team/a")


def test_what_was_restored_is_its_own_image_at_another_revision() -> None:
    renaming, data = Renaming(), value("a", UID)
    learn_start(renaming, [standing_of(KEY, 7, data, "/registry")], [standing_of(KEY, 3, data, "/registry")])
    assert renaming.image(Kind.UID, UID) == UID
    assert renaming.revisions.exact(UID, 7) == 3
    assert renaming.revisions.image("", "8", "configmaps") == "3"


def test_what_a_server_made_by_itself_has_an_image_there_and_what_is_missing_has_none() -> None:
    renaming = Renaming()
    gone = EtcdKey(b"/registry/configmaps/team/gone")
    learn_start(
        renaming,
        [standing_of(KEY, 7, value("a", UID), "/registry"), standing_of(gone, 8, value("gone", "u"), "/registry")],
        [standing_of(KEY, 3, value("a", OTHER), "/registry")],
    )
    assert renaming.image(Kind.UID, UID) == OTHER
    assert renaming.revisions.exact("u", 8) is None


def test_keys_and_objects_of_one_name_stand_for_each_other_and_prefixes_do_not_matter() -> None:
    there = MemoryRecording(session=a_session(start_state="etcd", etcd_prefix="/elsewhere"))
    there.start_list = [
        StartKey(
            cluster=ClusterId("aa"),
            key=EtcdKey(b"/elsewhere/configmaps/team/a"),
            value=there.keep(value("a", UID)),
            create_revision=Revision(5),
            mod_revision=Revision(7),
            version=2,
        )
    ]
    here = MemoryRecording(session=a_session(start_state="api"))
    here.start_list = [
        StartObject(
            group="",
            version="v1",
            resource="configmaps",
            kind="ConfigMap",
            namespace="team",
            name="a",
            revision=Revision(3),
            value=here.keep(value("a", OTHER, resourceVersion="3")),
        )
    ]
    renaming = Renaming()
    learn_start(renaming, start_of(there), start_of(here))
    assert renaming.image(Kind.UID, UID) == OTHER
    assert renaming.revisions.exact(UID, 7) == 3


def test_what_cannot_be_read_has_a_revision_all_the_same() -> None:
    renaming = Renaming()
    opaque = EtcdKey(b"/registry/ranges/x")
    learn_start(
        renaming, [standing_of(opaque, 7, None, "/registry")], [standing_of(opaque, 3, b"\xff\xff", "/registry")]
    )
    assert renaming.revisions.exact("/ranges/x", 7) == 3
    assert Standing("x", None, 1, b"\xff").document() is None


def test_the_last_revision_of_a_start_state_is_etcds_or_the_greatest_that_the_api_told() -> None:
    made = MemoryRecording(session=a_session(start_state="etcd", etcd_start=Revision(9)))
    assert start_revision(made) == 9
    api = MemoryRecording(session=a_session(start_state="api"))
    for name, revision in (("a", 3), ("b", 7)):
        api.start_list.append(
            StartObject(
                group="", version="v1", resource="pods", kind="Pod", namespace="", name=name,
                revision=Revision(revision), value=api.keep(b"{}"),
            )
        )  # fmt: skip
    assert start_revision(api) == 7
    assert start_revision(MemoryRecording(session=a_session(etcd_start=Revision(9)))) == 0


def test_an_object_without_a_uid_has_its_revision_by_its_name() -> None:
    renaming, data = Renaming(), json.dumps({"apiVersion": "v1", "kind": "RangeAllocation", "metadata": {}}).encode()
    key = EtcdKey(b"/registry/ranges/servicenodeports")
    first, second = standing_of(key, 7, data, "/registry"), standing_of(key, 3, data, "/registry")
    learn_start(renaming, [first], [second])
    assert renaming.revisions.exact(first.name, 7) == 3
    assert renaming.image(Kind.UID, "") is None


def test_what_nobody_knows_the_revision_of_has_none_there() -> None:
    renaming = Renaming()
    unknown = standing_of(KEY, 0, value("a", OTHER), "/registry")
    learn_start(renaming, [standing_of(KEY, 7, value("a", UID), "/registry")], [unknown])
    assert renaming.image(Kind.UID, UID) == OTHER
    assert renaming.revisions.exact(UID, 7) is None
