"""Recordings into recordings: a text form into a file, an older file into today's schema."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from kproxy.errors import UsageError
from kproxy.model.exchange import Body, Digest
from kproxy.model.recording import Recording
from kproxy.model.session import SCHEMA
from kproxy.store.reader import open_recording
from kproxy.store.writer import Batch, Writer

ROWS = 500
"""Exchanges or changes of keys in one transaction."""
BYTES = 16 << 20
"""Bytes of bodies in one transaction, about."""


def import_text(folder: Path, file: Path, *, force: bool = False) -> None:
    """Makes one file of a text form. RecordingError for what is none, UsageError if FILE exists and not `force`."""
    with open_recording(str(folder)) as recording:
        copy(recording, file, force=force)


def upgrade(old: Path, new: Path, *, force: bool = False) -> None:
    """Writes a recording of an older schema in today's. The old one stays as it is."""
    if new.exists() and old.exists() and new.samefile(old):
        raise UsageError(f"{new} is the recording itself: name another file for the upgraded one.")
    with open_recording(str(old)) as recording:
        copy(recording, new, force=force)


def copy(recording: Recording, file: Path, *, force: bool = False) -> None:
    """Writes all of a recording into a new file of today's schema."""
    session = replace(recording.session, schema=SCHEMA)
    with Writer.create(file, session, force=force) as writer:
        copier = _Copier(recording, writer)
        for exchange in recording.exchanges():
            copier.batch.exchanges.append(exchange)
            copier.take((exchange.request.body, exchange.answer.body if exchange.answer else None))
            for frame in recording.frames(exchange.seq):
                copier.batch.frames.append(frame)
                copier.take((frame.body,))
        for change in recording.key_changes():
            copier.batch.changes.append(change)
            copier.take((change.value, change.previous))
        for call in recording.etcd_calls():
            copier.batch.calls.append(call)
            copier.take(())
        for span in recording.spans():
            copier.batch.spans.append(span)
            copier.take(())
        for entry in recording.start_state():
            copier.batch.start.append(entry)
            copier.take((entry.value,))
        copier.batch.etcds.update(enumerate(recording.etcds()))
        copier.batch.gaps.extend(recording.gaps())
        copier.batch.marks.extend(recording.marks())
        copier.flush()
        writer.close(session)


class _Copier:
    """Gathers rows and the bodies they name into batches of bounded size."""

    def __init__(self, recording: Recording, writer: Writer) -> None:
        self.batch = Batch()
        self._recording = recording
        self._writer = writer
        self._rows = 0
        self._bytes = 0

    def take(self, bodies: Iterable[Body | None]) -> None:
        """The bodies of the row that was just appended."""
        for body in bodies:
            if body is not None and body.digest is not None and body.digest not in self.batch.bodies:
                self._bytes += self._add(body.digest)
        self._rows += 1
        if self._rows >= ROWS or self._bytes >= BYTES:
            self.flush()

    def flush(self) -> None:
        """Commits what was gathered."""
        self._writer.commit(self.batch)
        self.batch = Batch()
        self._rows = self._bytes = 0

    def _add(self, digest: Digest) -> int:
        data = self._recording.body(digest)
        self.batch.bodies[digest] = data
        return len(data)
