"""A key's value as the api-server answers it, or why the recording cannot say."""

from dataclasses import replace

import pytest

from kproxy.history.stored import after, answered, before, read, stored
from kproxy.model.api import metadata_of
from kproxy.model.etcd import Revision
from kproxy.model.exchange import EMPTY_BODY, Body, BodyState
from kproxy.model.jsontypes import JSONObject
from tests.support.life import Life, widget
from tests.support.memory import MemoryRecording


def test_an_object_has_its_mod_revision_for_a_resource_version() -> None:
    life = Life().write(widget(x=1)).write(widget(x=2))
    last = life.recording.change_list[-1]
    now, then = after(life.recording, last), before(life.recording, last, Revision(11))
    assert now.document == {**widget(x=2), "metadata": {**metadata_of(widget()), "resourceVersion": "12"}}
    assert then.document is not None
    assert then.document["x"] == 1
    assert then.uid == now.uid == "u1"


def test_a_stored_resource_version_is_not_believed() -> None:
    assert answered({"metadata": {"resourceVersion": "1", "uid": "u", "creationTimestamp": "t"}}, Revision(7)) == {
        "metadata": {"uid": "u", "resourceVersion": "7", "creationTimestamp": "t"}
    }
    assert answered({"metadata": None}, Revision(7)) == {"metadata": None}


@pytest.mark.parametrize("kind", ["Job", "ReplicationController"])
def test_a_job_without_labels_is_read_with_those_of_its_template(kind: str) -> None:
    template: JSONObject = {"metadata": {"labels": {"app": "x"}}}
    job: JSONObject = {"kind": kind, "metadata": {"name": "j"}, "spec": {"template": template}}
    assert read(job)["metadata"] == {"name": "j", "labels": {"app": "x"}}
    labelled: JSONObject = {**job, "metadata": {"labels": {"own": "1"}}}
    assert read(labelled) == labelled
    assert read({**job, "kind": "Deployment"})["metadata"] == {"name": "j"}
    assert read({**job, "spec": 5})["metadata"] == {"name": "j"}


def test_what_is_no_object_is_its_bytes() -> None:
    recording = MemoryRecording()
    assert stored(recording, recording.keep(b"\x00\x01")).raw == b"\x00\x01"
    assert stored(recording, EMPTY_BODY).raw == b""


@pytest.mark.parametrize("state", [BodyState.LOST, BodyState.OPAQUE, BodyState.TOO_LARGE])
def test_what_is_not_in_the_recording_says_why(state: BodyState) -> None:
    found = stored(MemoryRecording(), Body(state=state, size=5, reason="it had reasons"))
    assert found.reason == f"{state.value}, 5 bytes: it had reasons"
    assert not found.is_gone


def test_a_key_that_was_not_there_is_gone() -> None:
    life = Life().write(widget()).delete()
    assert after(life.recording, life.recording.change_list[-1]).is_gone
    assert before(life.recording, life.recording.change_list[0]).is_gone
    assert not after(life.recording, replace(life.recording.change_list[0], value=EMPTY_BODY)).is_gone
