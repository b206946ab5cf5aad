"""An object as it then was: by etcd's values, and without etcd by what answers and events said."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from kproxy.errors import UsageError
from kproxy.model.api import ObjectRef
from kproxy.model.etcd import ClusterId, EtcdKey, Revision
from kproxy.model.exchange import EMPTY_BODY, Body, BodyState, Nanos
from kproxy.model.start import StartKey
from kproxy.session.mentions import latest_mention
from kproxy.session.naming import parse_object
from kproxy.session.objects import object_at
from kproxy.store.text import export_text
from kproxy.wire.requestinfo import request_info
from tests.support.made import a_session, an_exchange
from tests.support.memory import MemoryRecording

RECORDINGS = Path(__file__).parents[2] / "recordings"
DEMO = str(RECORDINGS / "hello-demo")
POD = "pods/default/hello-demo"
APP = ObjectRef(group="", resource="configmaps", namespace="default", name="app")
COLLECTION = "/api/v1/namespaces/default/configmaps"


def test_an_object_is_named_by_resource_group_namespace_and_name_or_by_its_key() -> None:
    assert parse_object("pods/default/a") == ObjectRef(group="", resource="pods", namespace="default", name="a")
    assert parse_object("namespaces/a") == ObjectRef(group="", resource="namespaces", namespace="", name="a")
    deployment = ObjectRef(group="apps", resource="deployments", namespace="default", name="a")
    assert parse_object("deployments.apps/default/a") == deployment
    assert parse_object("/registry/pods/default/a") == b"/registry/pods/default/a"


@pytest.mark.parametrize("words", ["", "pods", "pods/", "pods//a", "pods/default/a/b"])
def test_what_names_no_object_is_refused(words: str) -> None:
    with pytest.raises(UsageError, match="names no object"):
        parse_object(words)


def test_after_each_exchange_the_object_is_as_its_last_attributed_change_left_it() -> None:
    assert object_at(DEMO, POD, "1").document is not None
    assert "before" not in object_at(DEMO, POD, "2").source
    assert object_at(DEMO, POD, "3").document is None
    assert object_at(DEMO, POD, None).document is None
    by_key = object_at(DEMO, "/registry/pods/default/hello-demo", "1").document
    assert by_key == object_at(DEMO, POD, "1").document


def test_at_a_time_it_is_as_it_was_then() -> None:
    assert object_at(DEMO, POD, "2000-01-01").document is None
    assert "before revision" in object_at(DEMO, POD, "2000-01-01T00:00:00Z").source
    assert object_at(DEMO, POD, "2999-01-01T00:00:00+02:00").document is None


@pytest.mark.parametrize("at", ["0", "99", "9" * 30, "yesterday"])
def test_a_moment_that_the_recording_has_not_is_refused(at: str) -> None:
    with pytest.raises(UsageError):
        object_at(DEMO, POD, at)


def test_what_did_not_change_in_etcd_is_told_by_an_answer_and_the_source_says_so() -> None:
    with pytest.raises(UsageError, match="its key did not change in etcd"):
        object_at(DEMO, "configmaps/default/nowhere", None)
    with pytest.raises(UsageError, match="did not change in this session"):
        object_at(DEMO, "/registry/configmaps/default/nowhere", None)


def app(value: str, **metadata: object) -> dict[str, object]:
    return {"kind": "ConfigMap", "metadata": {"name": "app", "namespace": "default", **metadata}, "data": {"v": value}}


class Said:
    """A recording without etcd, one answer after another."""

    def __init__(self) -> None:
        self.recording = MemoryRecording()

    def answer(self, method: str, target: str, status: int, document: object, asked: object = None) -> "Said":
        made = an_exchange(
            len(self.recording.exchange_list) + 1, target, self.recording.keep(json.dumps(document).encode())
        )
        assert made.answer is not None
        answer = replace(made.answer, status=status, headers=(("Content-Type", "application/json"),))
        body = EMPTY_BODY if asked is None else self.recording.keep(json.dumps(asked).encode())
        request = replace(made.request, method=method, body=body, headers=(("Content-Type", "application/json"),))
        self.recording.exchange_list.append(
            replace(made, request=request, answer=answer, info=request_info(method, target))
        )
        return self

    def last(self, until: int | None = None, target: ObjectRef = APP) -> object:
        found = latest_mention(self.recording, target, Nanos(until) if until is not None else None)
        return "nothing" if found is None else found.document and found.document["data"]


def test_the_last_answer_counts_and_lists_do_too() -> None:
    said = Said().answer("POST", COLLECTION, 201, app("1")).answer("GET", COLLECTION, 200, {"items": [app("2")]})
    assert said.last() == {"v": "2"}
    assert said.last(until=3) == {"v": "1"}
    assert said.last(until=0) == "nothing"


@pytest.mark.parametrize(
    ("method", "status", "document"),
    [
        ("DELETE", 200, {"kind": "Status", "status": "Success", "details": {"name": "app"}}),
        ("DELETE", 200, app("1", deletionTimestamp="2026-01-01T00:00:00Z", deletionGracePeriodSeconds=0)),
        ("GET", 404, {"kind": "Status", "status": "Failure", "code": 404}),
    ],
    ids=["a Status in its place", "the object that was", "a read that finds nothing"],
)
def test_an_object_that_was_deleted_is_not_there(method: str, status: int, document: object) -> None:
    said = Said().answer("POST", COLLECTION, 201, app("1")).answer(method, f"{COLLECTION}/app", status, document)
    assert said.last() is None


def test_a_deleted_object_that_has_time_to_end_is_still_there() -> None:
    ending = app("2", deletionTimestamp="2026-01-01T00:00:00Z", deletionGracePeriodSeconds=30)
    assert Said().answer("DELETE", f"{COLLECTION}/app", 200, ending).last() == {"v": "2"}


def test_an_object_of_a_deleted_collection_is_not_there_where_nothing_can_hold_it() -> None:
    said = Said().answer("POST", COLLECTION, 201, app("1"))
    assert said.answer("DELETE", COLLECTION, 200, {"items": [app("1")]}).last() is None


@pytest.mark.parametrize(
    ("asked", "metadata"),
    [
        (None, {"finalizers": ["example.org/hold"]}),
        ({"propagationPolicy": "Foreground"}, {}),
        ({"propagationPolicy": "Orphan"}, {}),
        ({"orphanDependents": True}, {}),
        ({"dryRun": ["All"]}, {}),
    ],
    ids=["a finalizer", "waits for dependents", "orphans dependents", "by an older name", "a dry run"],
)
def test_a_deleted_collection_s_answer_does_not_tell_that_what_may_be_held_is_gone(
    asked: object, metadata: dict[str, object]
) -> None:
    items = {"items": [app("2", **metadata)]}
    said = Said().answer("POST", COLLECTION, 201, app("1")).answer("DELETE", COLLECTION, 200, items, asked)
    assert said.last() == {"v": "1"}
    missing = {"kind": "Status", "status": "Failure", "code": 404}
    assert said.answer("GET", f"{COLLECTION}/app", 404, missing).last() is None


def test_a_pod_of_a_deleted_collection_has_time_to_end() -> None:
    pods, pod = COLLECTION.replace("configmaps", "pods"), app("1") | {"kind": "Pod"}
    said = Said().answer("GET", f"{pods}/app", 200, pod).answer("DELETE", pods, 200, {"items": [pod]})
    assert said.last(target=replace(APP, resource="pods")) == {"v": "1"}


def test_a_delete_whose_body_asks_for_a_dry_run_deletes_nothing() -> None:
    status, dry = {"kind": "Status", "status": "Success"}, {"kind": "DeleteOptions", "dryRun": ["All"]}
    said = Said().answer("POST", COLLECTION, 201, app("1")).answer("DELETE", f"{COLLECTION}/app", 200, status, dry)
    assert said.last() == {"v": "1"}


@pytest.mark.parametrize(
    ("target", "document"),
    [
        (f"{COLLECTION}/app?dryRun=All", app("2")),
        (f"{COLLECTION}/app/status", app("2")),
        ("/api/v1/namespaces/other/configmaps/app", app("2", namespace="other")),
        (COLLECTION, {"kind": "PartialObjectMetadataList", "items": [app("2")]}),
    ],
    ids=["a dry run", "a subresource", "another namespace", "metadata only"],
)
def test_what_is_not_the_stored_object_is_passed_by(target: str, document: object) -> None:
    assert Said().answer("GET", COLLECTION + "/app", 200, app("1")).answer("GET", target, 200, document).last() == {
        "v": "1"
    }


def test_an_object_that_was_there_and_did_not_change_is_told_by_the_start_state(tmp_path: Path) -> None:
    made = MemoryRecording(session=a_session(start_state="etcd", etcd_start=Revision(9)))
    document = {"apiVersion": "v1", **app("1", uid="u", creationTimestamp="2026-01-01T00:00:00Z")}
    for name, body in (
        ("app", made.keep(json.dumps(document).encode())),
        ("hidden", Body(state=BodyState.OPAQUE, size=3, reason="encrypted at rest")),
    ):
        made.start_list.append(
            StartKey(
                cluster=ClusterId("aa"),
                key=EtcdKey(f"/registry/configmaps/default/{name}".encode()),
                value=body,
                create_revision=Revision(3),
                mod_revision=Revision(7),
                version=2,
            )
        )
    export_text(made, tmp_path / "text")
    where = str(tmp_path / "text")
    found = object_at(where, "configmaps/default/app", None)
    assert found.source == "etcd, revision 7, before the session, stored as v1"
    assert isinstance(found.document, dict)
    assert found.document["data"] == {"v": "1"}
    assert found.document["metadata"] == {
        "name": "app",
        "namespace": "default",
        "uid": "u",
        "resourceVersion": "7",
        "creationTimestamp": "2026-01-01T00:00:00Z",
    }
    assert object_at(where, "/registry/configmaps/default/app", None).document == found.document
    with pytest.raises(UsageError, match="encrypted at rest"):
        object_at(where, "configmaps/default/hidden", None)
