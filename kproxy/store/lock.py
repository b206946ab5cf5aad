"""The writer's lock: how a reader knows whether a recording still grows.

A file beside the recording, because flock(2) and SQLite's own fcntl(2) locks meddle with each other on some systems.
It is gone with a recording that was closed; after a crash it stays, held by nobody.
"""

import fcntl
import os
import time
from pathlib import Path

from kproxy.errors import RecordingError

PATIENCE = 3.0
"""Seconds: longer than any reader holds the lock for its question, and than a killed recorder takes to be gone."""


def lock_path(recording: Path) -> Path:
    """Where the lock of a recording is."""
    return recording.with_name(recording.name + "-lock")


class WriterLock:
    """Held by the one process that writes a recording."""

    def __init__(self, recording: Path) -> None:
        self._path = lock_path(recording)
        try:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise RecordingError(f"{recording} cannot be written: {error.strerror}; choose another place.") from error
        deadline = time.monotonic() + PATIENCE
        while not _try(self._descriptor, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                os.close(self._descriptor)
                raise RecordingError(f"{recording} is being written by another kproxy: end it first or choose a name.")
            time.sleep(0.01)

    def release(self) -> None:
        """Lets go of it and takes the file away."""
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)


def is_growing(recording: Path) -> bool:
    """Whether a living process writes this recording."""
    try:
        descriptor = os.open(lock_path(recording), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # no lock file, or one of another user's: nobody whom we could see writes
        return False
    try:
        return not _try(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def _try(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
