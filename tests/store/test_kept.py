"""kproxy.store.kept: the ledger that a recording keeps is the one that was computed."""

from dataclasses import replace
from pathlib import Path

import pytest

from kproxy.correlate.ledger import correlate
from kproxy.correlate.number import CORRELATOR
from kproxy.errors import RecordingError
from kproxy.model.attribution import Ledger
from kproxy.model.exchange import Seq
from kproxy.model.recording import Recording
from kproxy.store import kept as module
from kproxy.store.copying import copy
from kproxy.store.kept import kept_ledger
from kproxy.store.reader import open_recording
from kproxy.store.writer import Writer
from tests.support.large import make_large

CHANGES = 700


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("kept") / "large.kproxy"
    make_large(file, CHANGES)
    keep(file, CORRELATOR)
    return file


def keep(file: Path, version: int) -> None:
    with Writer.resume(file) as writer, open_recording(str(file)) as recording:  # the reader leaves first
        writer.keep_ledger(correlate(recording), version)


def kept(recording: Recording) -> Ledger:
    found = kept_ledger(recording, CORRELATOR)
    assert found is not None
    return found


def test_it_is_the_computed_one(large: Path) -> None:
    with open_recording(str(large)) as recording:
        computed, found = correlate(recording), kept(recording)
        assert list(found.entries) == list(computed.entries)
        assert list(found.no_op_writes) == list(computed.no_op_writes)
        assert (len(found.entries), len(found.no_op_writes)) == (CHANGES, len(computed.no_op_writes))
        assert next(iter(computed.entries)) in found.entries
        assert object() not in found.entries
        assert not [write for write in computed.no_op_writes if write not in found.no_op_writes]


def test_each_exchange_has_its_changes_asked_for_alone_or_one_after_the_other(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", 7)
    with open_recording(str(large)) as recording:
        computed, found = correlate(recording), kept(recording)
        assert list(found.by_seq.items()) == list(computed.by_seq.items())
        assert list(found.by_seq) == list(computed.by_seq)
        assert len(found.by_seq) == len(computed.by_seq)
        assert found.by_seq[Seq(1)] == computed.by_seq[Seq(1)]
        assert Seq(0) not in found.by_seq
        assert found.by_seq.get(Seq(10**9)) is None


def test_what_one_exchange_caused_is_whole_however_small_the_chunks_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", 2)
    file = tmp_path / "one.kproxy"
    make_large(file, 20)
    with open_recording(str(file)) as recording:
        ledger = correlate(recording)
        entries = [
            replace(entry, attribution=replace(entry.attribution, seq=Seq(4))) if entry.attribution else entry
            for entry in ledger.entries
        ]
        with Writer.resume(file) as writer:
            writer.keep_ledger(replace(ledger, entries=entries), CORRELATOR)
        ((seq, caused),) = kept(recording).by_seq.items()
        assert (seq, len(caused)) == (4, 20)


def test_another_correlators_is_not_trusted(tmp_path: Path) -> None:
    file = tmp_path / "other.kproxy"
    make_large(file, 20)
    with open_recording(str(file)) as recording:
        assert kept_ledger(recording, CORRELATOR) is None
    keep(file, CORRELATOR + 1)
    with open_recording(str(file)) as recording:
        assert kept_ledger(recording, CORRELATOR) is None
        assert kept_ledger(recording, CORRELATOR + 1) is not None


def test_a_recording_that_is_gone_on_with_keeps_none(tmp_path: Path) -> None:
    file = tmp_path / "more.kproxy"
    make_large(file, 20)
    keep(file, CORRELATOR)
    with Writer.resume(file) as writer:
        writer.close(writer.session)
    with open_recording(str(file)) as recording:
        assert kept_ledger(recording, CORRELATOR) is None


def test_neither_a_growing_recording_nor_one_in_memory_has_one(tmp_path: Path) -> None:
    file = tmp_path / "grows.kproxy"
    make_large(file, 20)
    with Writer.resume(file) as writer:
        with open_recording(str(file)) as recording:
            assert kept_ledger(recording, CORRELATOR) is None
        writer.close(writer.session)


def test_entries_that_are_not_those_of_the_changes_are_an_error(tmp_path: Path) -> None:
    file = tmp_path / "odd.kproxy"
    make_large(file, 20)
    with Writer.resume(file) as writer, open_recording(str(file)) as recording:  # the reader leaves first
        ledger = correlate(recording)
        writer.keep_ledger(replace(ledger, entries=list(ledger.entries)[1:]), CORRELATOR)
    with open_recording(str(file)) as recording, pytest.raises(RecordingError, match="--keep"):
        list(kept(recording).entries)


def test_a_copy_keeps_none_and_is_computed(large: Path, tmp_path: Path) -> None:
    with open_recording(str(large)) as recording:
        copy(recording, tmp_path / "copy.kproxy")
    with open_recording(str(tmp_path / "copy.kproxy")) as recording:
        assert kept_ledger(recording, CORRELATOR) is None
