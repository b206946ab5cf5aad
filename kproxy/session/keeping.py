"""The ledger is kept in the recording, so that what reads a large one need not compute it each time."""

from pathlib import Path

from kproxy.correlate.ledger import correlate
from kproxy.correlate.number import CORRELATOR
from kproxy.errors import UsageError
from kproxy.model.api import WRITE_VERBS
from kproxy.store.reader import FileRecording, open_recording
from kproxy.store.writer import Writer

AT_ONCE = 30_000
"""Changes and writes of which a ledger is computed when a recording ends: a few seconds' work."""


def keep_ledger(where: str, most: int | None = None) -> bool:
    """Compute the ledger of a closed recording's file and keep it there; False, and nothing, where there is too much.

    `most`: how many changes and writing exchanges are not too many, None: any number. UsageError for a recording in
    text form, and for one that still grows; RecordingError if it cannot be read or written.
    """
    with open_recording(where) as recording:
        if not isinstance(recording, FileRecording):
            raise UsageError(
                f"{where} is a recording in text form, which keeps no ledger: `kproxy import` makes a file"
            )
        if recording.growing:
            raise UsageError(f"{where} still grows: its ledger is kept when it has ended; wait for that")
        if most is not None and recording.work(WRITE_VERBS) > most:
            return False
        ledger = correlate(recording)
        writer = Writer.resume(Path(where))
        with writer:
            writer.keep_ledger(ledger, CORRELATOR)
            recording.close()  # the single file is made when nobody else has it open
            writer.close(writer.session)
    return True
