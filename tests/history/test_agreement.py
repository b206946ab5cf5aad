"""Blame held against managedFields: where they agree, and each reason why they do not."""

import pytest

from kproxy.correlate.ledger import correlate
from kproxy.fields.paths import path_text
from kproxy.history.agreement import Agreement
from kproxy.history.stored import before
from kproxy.model.api import ObjectRef
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.session.authors import Authors
from kproxy.session.blame import BlameRow, blame_entries
from tests.support.life import Life, managed, widget

APP = ObjectRef(group="example.org", resource="widgets", namespace="default", name="app")
X: JSONObject = {"f:x": {}}
LATER = "2026-11-23T07:00:09Z"


def judged(life: Life, path: str = "x", target: ObjectRef = APP) -> BlameRow:
    entries = list(correlate(life.recording).entries)
    first = before(life.recording, entries[0].change)
    rows = blame_entries(life.recording, target, first, entries, Authors(life.recording))
    return next(row for row in rows if row.path == path)


def owned_by(*managers: JSON, **fields: JSON) -> JSONObject:
    return widget("u1", {"managedFields": list(managers)}, **fields)


def said(life: Life, path: str = "x", target: ObjectRef = APP) -> Agreement:
    return judged(life, path, target).judged.agreement


def test_the_request_s_manager_is_the_owner() -> None:
    life = Life().write(owned_by(managed("alice", X), x=1))
    found = judged(life)
    assert found.judged.agreement is Agreement.AGREES
    assert [owner.name for owner in found.judged.owners] == ["alice"]
    assert found.author is not None
    assert (found.author.seq, found.author.caller, found.author.manager) == (1, "alice", "alice")


def test_a_manager_that_was_asked_for_and_an_apply_are_the_request_s() -> None:
    entry = managed("ops", X, operation="Apply")
    life = Life().write(owned_by(managed("alice", X), x=0))
    life.write(owned_by(entry, x=1), query="?fieldManager=ops", content="apply-patch+yaml")
    assert said(life) is Agreement.AGREES


def test_one_owner_of_several_is_enough() -> None:
    assert said(Life().write(owned_by(managed("bob", X), managed("alice", X), x=1))) is Agreement.AGREES


def test_a_part_of_what_is_one_value_is_the_last_writer_s_of_it() -> None:
    life = Life().write(owned_by(managed("alice", {"f:one": {}}), one={"a": 1, "b": 1}))
    life.write(owned_by(managed("bob", {"f:one": {}}, LATER), one={"a": 1, "b": 2}), agent="bob/1")
    assert judged(life, "one.a").author.seq == 1  # type: ignore[union-attr] # it has one
    assert said(life, "one.a") is Agreement.AGREES


def test_what_was_there_before_the_session() -> None:
    life = Life().write(owned_by(managed("alice", X), x=1)).write(owned_by(managed("alice", X), x=1, y=1))
    del life.recording.change_list[0]
    assert said(life) is Agreement.BEFORE


@pytest.mark.parametrize("path", ["metadata.uid", "kind", "apiVersion"])
def test_what_managed_fields_never_has(path: str) -> None:
    assert said(Life().write(owned_by(managed("alice", X), x=1)), path) is Agreement.UNMANAGED


def test_what_the_server_set_while_it_handled_the_request() -> None:
    assert said(Life().write(owned_by(managed("alice", {"f:y": {}}), x=1, y=1))) is Agreement.SERVER


def test_what_the_server_wrote_for_a_request_of_another_object() -> None:
    other = ObjectRef(group="example.org", resource="widgets", namespace="default", name="other")

    def written_by(name: str) -> Life:
        life = Life().write(owned_by(managed("alice", X), x=1))
        return life.write(owned_by(managed(name, X, LATER), x=2))

    assert said(written_by("kube-apiserver"), target=other) is Agreement.ITSELF
    assert said(written_by("kube-apiserver")) is Agreement.DISAGREES
    assert said(written_by("eve"), target=other) is Agreement.DISAGREES


def test_what_its_setter_let_go_of_without_changing_it() -> None:
    life = Life().write(owned_by(managed("alice", X), x=1))
    life.write(owned_by(managed("bob", X, LATER, operation="Apply"), x=1, y=1), agent="bob/1")
    assert said(life) is Agreement.HANDED_OVER


@pytest.mark.parametrize("name", ["ancient-changes", "before-first-apply"])
def test_a_manager_that_stands_for_others(name: str) -> None:
    assert said(Life().write(owned_by(managed(name, X), x=1))) is Agreement.COLLECTIVE


def test_an_owner_that_wrote_another_version() -> None:
    entry = managed("alice", {"f:old": {}}, apiVersion="example.org/v1beta1")
    assert said(Life().write(owned_by(entry, x=1))) is Agreement.OTHER_VERSION


def test_an_object_without_managed_fields() -> None:
    assert said(Life().write(widget(x=1))) is Agreement.NO_MANAGERS


def test_a_change_that_no_request_of_the_recording_caused() -> None:
    life = Life().write(owned_by(managed("alice", X), x=1)).store(owned_by(managed("eve", X, LATER), x=2))
    found = judged(life)
    assert found.judged.agreement is Agreement.NO_REQUEST
    assert found.author is None


def test_somebody_else_s_entry_that_moved_with_the_change_disagrees() -> None:
    life = Life().write(owned_by(managed("alice", X), x=1))
    life.write(owned_by(managed("eve", X, LATER), x=2))
    found = judged(life).judged
    assert found.agreement is Agreement.DISAGREES
    assert found.note == "managedFields says that eve set it"


def test_an_owner_that_stood_still_since_before_the_change_disagrees() -> None:
    life = Life().write(owned_by(managed("alice", X, LATER), x=1))
    life.write(owned_by(managed("alice", X, LATER), managed("eve", {"f:x": {}}, LATER), x=2))
    life.write(owned_by(managed("alice", X, "2026-11-23T06:00:00Z"), x=2, y=1))
    assert said(life) is not Agreement.AGREES


def test_every_path_of_a_row_is_as_people_read_it() -> None:
    life = Life().write(owned_by(managed("alice", X), x=1))
    assert judged(life, path_text(("f:metadata", "f:name"))).value == "app"
