"""Who set each field, of the recordings that are here; the rules are tested in tests/history."""

from pathlib import Path

import pytest

from kproxy.errors import UsageError
from kproxy.history.agreement import Agreement
from kproxy.model.jsontypes import JSONObject
from kproxy.session.blame import BlameRow, ObjectBlame, blame_object
from kproxy.store.text import export_text
from tests.support.life import OBJECT, Life, managed, widget

KUBECTL = str(Path(__file__).parents[2] / "recordings" / "hello-kubectl")


def row(found: ObjectBlame, path: str) -> BlameRow:
    return next(each for each in found.rows if each.path == path)


def seq(found: ObjectBlame, path: str) -> int | None:
    author = row(found, path).author
    return None if author is None else author.seq


def test_kubectl_scale_set_the_replicas_and_kubectl_create_the_rest() -> None:
    found = blame_object(KUBECTL, "deployments.apps/default/hello-web", "19")
    assert seq(found, "spec.replicas") == 19
    assert seq(found, "spec.template.spec.containers[name=hello-web].image") == 17
    assert [owner.name for owner in row(found, "spec.replicas").judged.owners] == ["kubectl"]
    assert found.figures["agrees"] == 20
    assert found.figures["disagrees"] == 0


def test_at_an_earlier_moment_there_were_other_setters() -> None:
    assert seq(blame_object(KUBECTL, "deploy/hello-web", "17", "default"), "spec.replicas") == 17


def test_an_apply_that_takes_over_what_it_does_not_change_is_named() -> None:
    found = blame_object(KUBECTL, "configmaps/default/hello-settings", "26")
    assert row(found, "data.colour").judged.agreement in {Agreement.AGREES, Agreement.HANDED_OVER}
    assert seq(found, "data.colour") == 22


@pytest.mark.parametrize(
    ("words", "at", "sentence"),
    [
        ("pods/default/hello-demo", None, "was not there then"),
        ("pods/default/nobody", None, "tells of"),
        ("/registry/nowhere", None, "did not change"),
    ],
)
def test_what_has_no_fields_is_said(words: str, at: str | None, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        blame_object(KUBECTL, words, at)


def test_without_etcd_the_answers_of_writes_tell_it(tmp_path: Path) -> None:
    x: JSONObject = {"managedFields": [managed("alice", {"f:x": {}, "f:y": {}})]}
    life = Life(etcd=False).write(widget("u1", x, x=1, y=1)).read().write(widget("u1", x, x=2, y=1))
    export_text(life.recording, tmp_path / "life")
    found = blame_object(str(tmp_path / "life"), OBJECT)
    assert (seq(found, "x"), seq(found, "y")) == (3, 1)
    assert row(found, "x").judged.agreement is Agreement.AGREES
    assert "recorded without etcd" in found.source
    assert seq(blame_object(str(tmp_path / "life"), OBJECT, "2"), "x") == 1


def test_without_etcd_what_a_read_showed_first_is_from_before(tmp_path: Path) -> None:
    life = Life(etcd=False).write(widget(x=1)).read().write(widget(x=1, y=1))
    del life.recording.exchange_list[0]
    export_text(life.recording, tmp_path / "life")
    found = blame_object(str(tmp_path / "life"), OBJECT)
    assert row(found, "x").known == "before-session"
    assert (row(found, "y").known, seq(found, "y")) == ("recorded", 3)


def test_its_json_has_the_owners_and_the_figures() -> None:
    document = blame_object(KUBECTL, "deployments.apps/default/hello-web", "19").as_json()
    fields = document["fields"]
    assert isinstance(fields, list)
    replicas = next(each for each in fields if isinstance(each, dict) and each["path"] == "spec.replicas")
    assert isinstance(replicas, dict)
    assert replicas["managed_fields"] == {
        "agreement": "agrees",
        "owners": [
            {
                "manager": "kubectl",
                "operation": "Update",
                "subresource": "scale",
                "api_version": "apps/v1",
                "time": "",
            }
        ],
        "note": "",
    }
    assert document["managed_fields"] == blame_object(KUBECTL, "deployments.apps/default/hello-web", "19").figures
