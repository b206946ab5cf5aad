"""The writer's lock."""

from pathlib import Path

import pytest

from kproxy.errors import RecordingError
from kproxy.store.lock import WriterLock, is_growing, lock_path


def test_it_is_held_by_one_and_gone_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kproxy.store.lock.PATIENCE", 0.0)
    file = tmp_path / "a.kproxy"
    assert not is_growing(file)
    lock = WriterLock(file)
    assert is_growing(file)
    with pytest.raises(RecordingError, match="another kproxy"):
        WriterLock(file)
    lock.release()
    assert not is_growing(file)
    assert not lock_path(file).exists()


def test_one_that_a_killed_writer_left_is_held_by_nobody(tmp_path: Path) -> None:
    file = tmp_path / "a.kproxy"
    lock_path(file).touch()
    assert not is_growing(file)
    WriterLock(file).release()
