"""An object's life, out of etcd and out of answers."""

from pathlib import Path

import pytest

from kproxy.errors import UsageError
from kproxy.fields.paths import path_text
from kproxy.session.history import HistoryRow, history
from kproxy.store.text import export_text
from tests.support.life import OBJECT, Life, widget

RECORDINGS = Path(__file__).parents[2] / "recordings"


def rows(life: Life, folder: Path, words: str = OBJECT) -> list[HistoryRow]:
    export_text(life.recording, folder)
    with history(str(folder), words) as found:
        return list(found.rows)


def changed(row: HistoryRow) -> list[str]:
    return [f"{each.change} {path_text(each.path)}" for each in row.changes]


def test_each_version_has_its_author_and_its_ground(tmp_path: Path) -> None:
    found = rows(Life().write(widget(x=1)).write(widget(x=2), agent="bob/2").delete(), tmp_path / "life")
    assert [(row.revision, row.type, row.what) for row in found] == [
        (11, "PUT", "created"),
        (12, "PUT", "changed"),
        (13, "DELETE", "deleted"),
    ]
    authors = [row.author for row in found]
    assert [(author.seq, author.verb, author.caller) for author in authors if author] == [
        (1, "create", "alice"),
        (2, "update", "bob"),
        (3, "delete", "alice"),
    ]
    assert changed(found[1]) == ["changed x"]
    assert found[1].as_json()["basis"] == "revision"
    assert found[2].as_json()["by"] is not None
    assert {row.uid for row in found} == {"u1"}


def test_a_change_of_nobody_is_there_without_an_author(tmp_path: Path) -> None:
    row = rows(Life().write(widget(x=1)).store(widget(x=2)), tmp_path / "life")[1]
    assert row.author is None
    assert row.as_json()["standing"] == "unattributed"


def test_a_key_is_asked_for_as_well_as_an_object(tmp_path: Path) -> None:
    found = rows(Life().write(widget(x=1)), tmp_path / "life", "/registry/example.org/widgets/default/app")
    assert [row.revision for row in found] == [11]


def test_without_etcd_answers_tell_it(tmp_path: Path) -> None:
    life = Life(etcd=False).read().write(widget(x=1)).read().write(widget(x=2)).delete().write(widget("u2"))
    found = rows(life, tmp_path / "life")
    assert [(row.what, row.revision, row.author is not None) for row in found] == [
        ("created", 11, True),
        ("changed", 12, True),
        ("deleted", None, True),
        ("created", 14, True),
    ]
    assert changed(found[1]) == ["changed x"]
    assert found[1].source == "the answer of exchange 4"


def test_without_etcd_what_a_read_shows_first_is_nobody_s(tmp_path: Path) -> None:
    life = Life(etcd=False).write(widget(x=1)).read().write(widget(x=2)).read()
    del life.recording.exchange_list[2], life.recording.exchange_list[0]
    found = rows(life, tmp_path / "life")
    assert [(row.what, row.author) for row in found] == [("seen", None), ("changed", None)]


@pytest.mark.parametrize("words", ["widgets.example.org/default/other", "/registry/nowhere"])
def test_what_the_recording_knows_nothing_of_is_said(tmp_path: Path, words: str) -> None:
    with pytest.raises(UsageError, match=r"tells of|did not change"):
        rows(Life().write(widget()), tmp_path / "life", words)


def test_the_walkthrough_s_pod(tmp_path: Path) -> None:
    del tmp_path
    with history(str(RECORDINGS / "hello-demo"), "pod/hello-demo", "default") as found:
        assert (found.name, found.source) == ("pods/default/hello-demo", "etcd")
        assert [row.what for row in found.rows] == ["created", "changed", "deleted"]
