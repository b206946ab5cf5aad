"""Entries of the ledger: the kept ones, or computed ones, and the same of both."""

from pathlib import Path

import pytest

from kproxy.correlate.ledger import CORRELATOR, correlate
from kproxy.model.exchange import Seq
from kproxy.model.recording import Recording
from kproxy.session import entries as module
from kproxy.session.entries import Entries
from kproxy.store.copying import copy
from kproxy.store.reader import open_recording
from kproxy.store.writer import Batch, Writer
from tests.support.life import KEY, Life, widget


@pytest.fixture
def life() -> Life:
    return Life().write(widget(x=1)).read().write(widget(x=2)).store(widget(x=3)).delete()


def a_file(life: Life, path: Path) -> Path:
    copy(life.recording, path)
    return path


def keep(path: Path) -> None:
    with open_recording(str(path)) as recording:
        ledger, session = correlate(recording), recording.session
    with Writer.resume(path) as writer:
        writer.keep_ledger(ledger, CORRELATOR)
        writer.close(session)


def never(recording: Recording) -> None:
    raise AssertionError(f"the ledger of {recording.session.id} is computed though it was kept")


def test_a_kept_ledger_is_asked_and_nothing_is_computed(
    life: Life, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = a_file(life, tmp_path / "life.kproxy")
    computed = Entries(life.recording)
    assert computed.ledger.entries
    keep(path)
    monkeypatch.setattr(module, "correlate", never)
    with open_recording(str(path)) as recording:
        kept = Entries(recording)
        assert kept.of_key(KEY) == computed.of_key(KEY)
        assert kept.of_exchange(Seq(3)) == computed.of_exchange(Seq(3))
        assert [entry.change.revision for entry in kept.of_exchange(Seq(3))] == [12]


def test_without_one_the_whole_is_computed_once(life: Life, tmp_path: Path) -> None:
    with open_recording(str(a_file(life, tmp_path / "life.kproxy"))) as recording:
        entries = Entries(recording)
        assert [each.attribution is not None for each in entries.of_key(KEY)] == [True, True, False, True]
        assert entries.ledger is entries.ledger
        assert [each.change.revision for each in entries.of_exchange(Seq(1))] == [11]
        assert entries.of_exchange(Seq(2)) == []
        assert entries.after_exchange(Seq(1)) == []


def test_one_that_was_kept_of_an_earlier_state_is_not_believed(life: Life, tmp_path: Path) -> None:
    path = a_file(life, tmp_path / "life.kproxy")
    keep(path)
    life.write(widget("u2"))
    with Writer.resume(path) as writer:
        writer.commit(Batch(changes=life.recording.change_list[-1:], bodies=life.recording.body_bytes))
        writer.close(life.recording.session)
    with open_recording(str(path)) as recording:
        assert len(Entries(recording).of_key(KEY)) == 5
