"""A recording opened together with what follows from it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from kproxy.correlate.number import CORRELATOR
from kproxy.errors import RecordingError, UsageError
from kproxy.model.attribution import Ledger
from kproxy.model.exchange import Exchange, Nanos, Seq
from kproxy.model.recording import Recording
from kproxy.store.kept import kept_ledger
from kproxy.store.reader import open_recording

_NO_SEQ = 1 << 63
"""More than a table's integers hold."""


@dataclass(frozen=True)
class Opened:
    """A recording, and its ledger when it is asked for: the one that it keeps, else computed, which needs no server."""

    recording: Recording
    kept: bool = True  # whether a ledger that was kept is trusted

    @cached_property
    def ledger(self) -> Ledger:
        """Every change of a key and where it stands."""
        return ledger_of(self.recording) if self.kept else _computed(self.recording)


def ledger_of(recording: Recording) -> Ledger:
    """The ledger that a recording keeps, else the one that is computed from it."""
    return kept_ledger(recording, CORRELATOR) or _computed(recording)


def _computed(recording: Recording) -> Ledger:
    from kproxy.correlate.ledger import correlate  # noqa: PLC0415 - most need not know how: it is kept

    return correlate(recording)


@contextmanager
def opened(where: str) -> Iterator[Opened]:
    """Open a recording. RecordingError with one sentence if it cannot be read."""
    with open_recording(where) as recording:
        yield Opened(recording)


@contextmanager
def computed(where: str) -> Iterator[Opened]:
    """The same, with the ledger computed again from the raw recording, whether or not one was kept."""
    with open_recording(where) as recording:
        yield Opened(recording, kept=False)


def exchange_at(recording: Recording, seq: int) -> Exchange:
    """The exchange that a person names by its number. UsageError when the recording has none of that number."""
    found = recording.exchange(Seq(seq)) if 0 < seq < _NO_SEQ else None
    if found is None:
        raise UsageError(f"the recording has no exchange {seq}; `kproxy log` lists those that it has")
    return found


def clock_time(recording: Recording, at: Nanos) -> str:
    """A moment of the session as RFC 3339 in UTC, with microseconds."""
    return (started_at(recording) + timedelta(microseconds=at / 1000)).isoformat().replace("+00:00", "Z")


def started_at(recording: Recording) -> datetime:
    """When the session began. RecordingError when its header does not say."""
    text = recording.session.started_at
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise RecordingError(f"the recording's header says that it began at {text!r}, which is no time") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
