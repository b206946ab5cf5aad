"""The versions of a key: what each changed, and what is missing between them."""

from dataclasses import replace

from kproxy.correlate.ledger import correlate
from kproxy.fields.paths import path_text
from kproxy.history.versions import Version, versions
from kproxy.model.etcd import Revision
from kproxy.model.exchange import Body, BodyState, Nanos
from kproxy.model.jsontypes import JSONObject
from kproxy.model.session import Gap
from tests.support.life import CLUSTER, Life, managed, widget


def lived(life: Life) -> list[Version]:
    return list(versions(life.recording, correlate(life.recording).entries))


def changed(version: Version) -> list[str]:
    return [f"{each.change} {path_text(each.path)}" for each in version.changes]


def test_each_version_says_what_it_changed() -> None:
    found = lived(Life().write(widget(x=1, y=1)).write(widget(x=2, z={"a": 1})).delete())
    assert [version.what for version in found] == ["created", "changed", "deleted"]
    assert changed(found[1]) == ["changed x", "set z.a", "removed y"]
    assert len(found[0].changes) == 7
    assert found[2].changes == ()
    assert [version.notes for version in found] == [(), (), ()]


def test_an_object_that_is_made_again_is_another_one() -> None:
    found = lived(Life().write(widget()).delete().write(widget("u2")))
    assert found[2].what == "created"
    assert found[2].stored.uid == "u2"
    assert found[2].previous.is_gone


def test_a_key_that_was_taken_over_without_a_deletion_says_so() -> None:
    assert lived(Life().write(widget()).write(widget("u2")))[1].notes == ("it is another object: its uid was u1",)


def test_versions_that_are_missing_are_counted() -> None:
    life = Life()
    for x in range(4):
        life.write(widget(x=x))
    del life.recording.change_list[1:3]
    assert lived(life)[1].notes == ("2 versions between are not in the recording",)
    assert lived(life)[1].previous.document == {**widget(x=2)}, "whose resourceVersion nobody knows"


def test_a_version_that_changed_no_field_says_what_it_did() -> None:
    def owned_by(*names: str) -> JSONObject:
        return {"managedFields": [managed(name, {"f:x": {}}) for name in names]}

    life = Life().write(widget("u1", owned_by("a"), x=1)).write(widget("u1", owned_by("a", "b"), x=1))
    life.write(widget("u1", owned_by("b"), x=1)).write(widget("u1", owned_by("c"), x=1))
    life.write(widget("u1", owned_by("c"), x=1)).write(widget("u1", x=1))
    assert [version.notes for version in lived(life)] == [
        (),
        ("no field changed: only who manages them",),
        ("managers of its fields: a (Update) no more",),
        ("managers of its fields: c (Update) in place of b (Update)",),
        ("no field changed, it was written again",),
        ("managers of its fields: c (Update) no more",),
    ]


def test_a_gap_of_etcd_s_watch_is_named_where_it_lies() -> None:
    life = Life().write(widget(x=1)).write(widget(x=2)).write(widget(x=3))
    del life.recording.change_list[1]
    life.recording.gap_list = [a_gap(12, 12), a_gap(20, None), replace(a_gap(12, 12), kind="body")]
    first, last = lived(life)
    assert first.notes == ()
    assert last.notes[0] == "etcd's changes 12-12 are not in the recording: compacted"
    assert len(last.notes) == 2


def test_a_gap_of_another_etcd_is_none_of_this_key_s() -> None:
    life = Life().write(widget(x=1)).write(widget(x=2))
    life.recording.gap_list = [replace(a_gap(12, 12), cluster="another")]  # type: ignore[arg-type] # a ClusterId is its text
    assert lived(life)[1].notes == ()


def test_a_gap_without_revisions_is_told_with_the_first_version() -> None:
    life = Life().write(widget(x=1)).write(widget(x=2))
    life.recording.gap_list = [replace(a_gap(1, 1), first_revision=None, last_revision=None)]
    first, second = lived(life)
    assert first.notes == ("etcd's changes of an unknown time are not in the recording: compacted",)
    assert second.notes == ()


def test_values_that_are_not_there_are_said_and_nothing_is_made_up() -> None:
    life = Life().write(widget(x=1)).write(widget(x=2))
    lost = Body(state=BodyState.LOST, size=0, reason="etcd had compacted it")
    life.recording.change_list[1] = replace(life.recording.change_list[1], previous=lost)
    last = lived(life)[1]
    assert last.changes == ()
    assert last.notes == ("the value before is not in the recording (lost, 0 bytes: etcd had compacted it)",)


def a_gap(first: int, last: int | None) -> Gap:
    return Gap(
        kind="etcd",
        reason="compacted",
        at=Nanos(0),
        count=0,
        first_revision=Revision(first),
        last_revision=None if last is None else Revision(last),
        cluster=CLUSTER,
    )
