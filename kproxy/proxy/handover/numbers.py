"""The order of exchanges, where several processes share it."""

import fcntl
import mmap
import struct
from tempfile import TemporaryFile

_NUMBER = struct.Struct("=Q")


class SharedNumbers:
    """Counts from 1 for all processes that were forked with it: no number is given twice, each is later than the last.

    A lock of the kernel's guards it, which ends with the process that holds it.
    """

    def __init__(self) -> None:
        self._shared = mmap.mmap(-1, _NUMBER.size)
        self._lock = TemporaryFile()  # noqa: SIM115 - as long as this object

    def next(self) -> int:
        """The next one."""
        descriptor = self._lock.fileno()
        fcntl.lockf(descriptor, fcntl.LOCK_EX)
        try:
            number = int(_NUMBER.unpack_from(self._shared)[0]) + 1
            _NUMBER.pack_into(self._shared, 0, number)
        finally:
            fcntl.lockf(descriptor, fcntl.LOCK_UN)
        return number

    @property
    def last(self) -> int:
        """The last one that was given."""
        return int(_NUMBER.unpack_from(self._shared)[0])
