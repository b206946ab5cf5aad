"""kproxy.record.gathering."""

import asyncio
from pathlib import Path

import pytest

from kproxy.model.exchange import Nanos, Seq
from kproxy.model.session import Mark, SessionEnd
from kproxy.record.committer import Committer
from kproxy.record.gathering import Gathering
from kproxy.store.reader import open_recording
from kproxy.store.sqlite import NotWritableNowError
from kproxy.store.writer import Batch, Writer
from tests.support.made import a_session


class Marks:
    """A source of marks."""

    def __init__(self) -> None:
        self.batch = Batch()

    def put(self, text: str) -> None:
        """One more."""
        self.batch.marks.append(Mark(at=Nanos(0), seq=Seq(0), text=text))

    def take_batch(self) -> Batch:
        """All of them."""
        batch, self.batch = self.batch, Batch()
        return batch

    def give_back(self, batch: Batch) -> None:
        """To be taken again."""
        batch.extend(self.batch)
        self.batch = batch


class Full(Writer):
    """Its disk is full `full` times."""

    full = 0

    def commit(self, batch: Batch) -> None:
        """Not while it is full."""
        if self.full:
            self.full -= 1
            raise NotWritableNowError("The disk is full.", 28)
        super().commit(batch)


def recorded(path: Path) -> list[str]:
    """The marks of a recording."""
    with open_recording(str(path)) as recording:
        return [mark.text for mark in recording.marks()]


def test_what_cannot_be_committed_is_given_back_and_stands_before_what_came_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kproxy.record.committer.RETRY", 0.0)
    path, marks = tmp_path / "a.kproxy", Marks()

    async def run(writer: Full) -> None:
        committer = Committer(writer, lambda _: None)
        gathering = Gathering(marks, committer, 60.0)
        marks.put("first")
        writer.full, committer.patience = 1, 0.0
        with pytest.raises(NotWritableNowError):
            await gathering.flush()
        marks.put("second")
        await gathering.flush()

    session = a_session(end=SessionEnd.RECORDING)
    with Full.create(path, session) as writer:
        assert isinstance(writer, Full)
        asyncio.run(run(writer))
        writer.close(a_session())
    assert recorded(path) == ["first", "second"]


def test_what_comes_is_committed_without_being_asked_for(tmp_path: Path) -> None:
    path, marks = tmp_path / "a.kproxy", Marks()

    async def run(writer: Writer) -> None:
        flushing = asyncio.create_task(Gathering(marks, Committer(writer, lambda _: None), 0.001).flush_often())
        async with asyncio.timeout(60):
            for text in ("first", "second"):
                marks.put(text)
                while marks.batch:  # noqa: ASYNC110 - another task takes it
                    await asyncio.sleep(0.001)
        flushing.cancel()
        await asyncio.gather(flushing, return_exceptions=True)

    with Writer.create(path, a_session(end=SessionEnd.RECORDING)) as writer:
        asyncio.run(run(writer))
        writer.close(a_session())
    assert recorded(path) == ["first", "second"]
