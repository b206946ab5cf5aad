"""Commits that wait."""

import asyncio
import errno
from pathlib import Path

import pytest

from kproxy.record import committer as module
from kproxy.record import recorder
from kproxy.record.committer import Committer
from kproxy.store.sqlite import NotWritableNowError
from kproxy.store.writer import Batch, Writer
from tests.support.loop import in_loop
from tests.support.made import a_session


class Full(Writer):
    """A writer whose disk is full `times` times."""

    times = 0

    def commit(self, batch: Batch) -> None:
        """Fails, or commits."""
        if self.times:
            self.times -= 1
            raise NotWritableNowError("The disk is full.", errno.ENOSPC)
        super().commit(batch)


@in_loop
async def test_a_batch_is_tried_again_until_it_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY", 0.001)
    told: list[int | None] = []
    with Full.create(tmp_path / "a.kproxy", a_session()) as writer:
        writer.times = 3
        committer = Committer(writer, lambda error: told.append(error.errno if error else None))
        await committer.commit(Batch(number=1))
        await committer.commit(Batch(number=2))
        assert writer.committed_batch() == 2
    assert told == [errno.ENOSPC, None]  # once each, not for each attempt


@in_loop
async def test_patience_has_an_end_where_nobody_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY", 0.001)
    with Full.create(tmp_path / "a.kproxy", a_session()) as writer:
        writer.times = 1000
        committer = Committer(writer, lambda _: None)
        committer.patience = 0.005
        with pytest.raises(NotWritableNowError):
            await committer.commit(Batch(number=1))


@in_loop
async def test_a_session_that_goes_while_the_disk_is_full_ends_the_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY", 0.001)
    monkeypatch.setattr(recorder, "LAST_PATIENCE", 0.005)
    control = asyncio.StreamReader()
    with Full.create(tmp_path / "a.kproxy", a_session()) as writer:
        writer.times = 10**9
        committer = Committer(writer, lambda error: control.feed_eof() if error else None)
        farewell = asyncio.create_task(recorder._farewell(control, committer))
        with pytest.raises(NotWritableNowError):
            await committer.commit(Batch(number=1))
        assert await farewell == b""
