"""Entries of the ledger: the kept ones, or computed ones, and the same of both."""

from dataclasses import replace
from pathlib import Path

import pytest

from kproxy.correlate import ledger
from kproxy.correlate.ledger import correlate
from kproxy.correlate.number import CORRELATOR
from kproxy.model.attribution import Consequence, Ledger
from kproxy.model.exchange import Seq
from kproxy.model.recording import Recording
from kproxy.session import entries, opened
from kproxy.session.entries import Entries
from kproxy.session.keeping import keep_ledger
from kproxy.store.copying import copy
from kproxy.store.reader import open_recording
from kproxy.store.writer import Writer
from tests.support.life import KEY, Life, widget


@pytest.fixture
def life() -> Life:
    return Life().write(widget(x=1)).read().write(widget(x=2)).store(widget(x=3)).delete()


def a_file(life: Life, path: Path) -> Path:
    copy(life.recording, path)
    return path


def never(recording: Recording) -> None:
    raise AssertionError(f"the ledger of {recording.session.id} is computed though it was kept")


def test_a_kept_ledger_is_asked_and_nothing_is_computed(
    life: Life, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = a_file(life, tmp_path / "life.kproxy")
    computed = Entries(life.recording)
    assert computed.ledger.entries
    keep_ledger(str(path))
    monkeypatch.setattr(ledger, "correlate", never)
    with open_recording(str(path)) as recording:
        kept = Entries(recording)
        assert kept.of_key(KEY) == computed.of_key(KEY)
        assert kept.of_exchange(Seq(3)) == computed.of_exchange(Seq(3))
        assert [entry.change.revision for entry in kept.of_exchange(Seq(3))] == [12]


def test_without_one_the_whole_is_computed_once(life: Life, tmp_path: Path) -> None:
    with open_recording(str(a_file(life, tmp_path / "life.kproxy"))) as recording:
        found = Entries(recording)
        assert [each.attribution is not None for each in found.of_key(KEY)] == [True, True, False, True]
        assert found.ledger is found.ledger
        assert [each.change.revision for each in found.of_exchange(Seq(1))] == [11]
        assert found.of_exchange(Seq(2)) == []
        assert found.after_exchange(Seq(1)) == []


def test_one_that_was_kept_by_another_correlator_is_not_believed(
    life: Life, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = a_file(life, tmp_path / "life.kproxy")
    keep_ledger(str(path))
    for each in (entries, opened):
        monkeypatch.setattr(each, "CORRELATOR", -1)
    monkeypatch.setattr(ledger, "correlate", never)
    with open_recording(str(path)) as recording, pytest.raises(AssertionError, match="is computed"):
        Entries(recording).of_key(KEY)


def test_follow_ups_are_found_in_a_kept_ledger_too(life: Life, tmp_path: Path) -> None:
    path = a_file(life, tmp_path / "life.kproxy")
    link = Consequence(seq=Seq(1), evidence="it follows")
    with open_recording(str(path)) as recording:
        first, *others = correlate(recording).entries
    ledger = Ledger(entries=[first, replace(others[0], consequence=link), *others[1:]])
    with Writer.resume(path) as writer:
        writer.keep_ledger(ledger, CORRELATOR)
        writer.close(writer.session)
    with open_recording(str(path)) as recording:
        assert [each.change.revision for each in Entries(recording).after_exchange(Seq(1))] == [12]
