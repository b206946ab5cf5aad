"""Recordings into recordings."""

from pathlib import Path

import pytest

from kproxy.errors import UsageError
from kproxy.store import copying
from kproxy.store.copying import copy, upgrade
from kproxy.store.reader import open_recording
from tests.support.made import a_session, an_exchange
from tests.support.memory import MemoryRecording


def test_long_ones_are_copied_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "ROWS", 7)
    made = MemoryRecording(session=a_session())
    made.exchange_list = [an_exchange(seq, body=made.keep(b"%d" % seq * 100)) for seq in range(1, 100)]
    copy(made, tmp_path / "a.kproxy")
    with open_recording(str(tmp_path / "a.kproxy")) as recording:
        assert list(recording.exchanges()) == made.exchange_list
        assert all(
            e.answer and e.answer.body.digest and recording.body(e.answer.body.digest) for e in made.exchange_list
        )


def test_an_upgrade_goes_to_another_file(tmp_path: Path) -> None:
    old, new = tmp_path / "old.kproxy", tmp_path / "new.kproxy"
    copy(MemoryRecording(session=a_session(), exchange_list=[an_exchange(1)]), old)
    before = old.read_bytes()
    with pytest.raises(UsageError, match="itself"):
        upgrade(old, old, force=True)
    upgrade(old, new)
    with pytest.raises(UsageError, match="exists"):
        upgrade(old, new)
    assert old.read_bytes() == before
    with open_recording(str(new)) as recording:
        assert list(recording.exchanges()) == [an_exchange(1)]
