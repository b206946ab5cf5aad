"""Which exchanges are left out because the buffer is full, and how many that were. Sans-I/O.

Once new exchanges find the buffer full they are left out, all of them, until most of it is stored: an exchange that is
left out costs next to nothing, and what is recorded in between is a stretch without holes. Without such a distance
between beginning and end every other exchange would be left out, and each one pay for a recorder at its limit.
"""

import os

from kproxy.wire.handoff import GAP, RECORD, RecordType

RESERVE = 8
"""A part of the buffer, as its divisor, that new exchanges leave to those which have begun."""
_DRAINED = 4
"""Down to this part of the buffer has to be stored before exchanges are recorded again."""

_BEHIND = "the recorder was behind and the buffer full"
_CROWDED = "no CPU was to spare for the recorder, and the buffer full"
_UNTIL = ": what came was left out until most of it was stored"


class Overflow:
    """`on`: exchanges that begin now are left out; `turns`: how often that began; `crowded`: for want of a CPU.

    `blocked`: the errno for which the recorder can store nothing at the moment, 0 when it can.
    """

    def __init__(self, buffer_bytes: int) -> None:
        self.on = False
        self.turns = 0
        self.crowded = False
        self.blocked = 0
        self._unwritten = 0  # the errno for which nothing could be stored during the gap
        self.missed = 0  # exchanges so far
        self.most = buffer_bytes - buffer_bytes // RESERVE
        self._drained = buffer_bytes // _DRAINED
        self._gap: list[int] | None = None  # first and last seq, exchanges, bytes, time

    def begins(self, pending: int, size: int) -> bool:
        """Whether an exchange that begins with so many bytes, so many not being stored, has to be left out."""
        if self.on:
            return True
        if pending + size <= self.most:
            return False
        if pending > self._drained:  # else it is this exchange alone that has no room
            self.on = True
            self.turns += 1
            self.crowded = False
        return True

    def miss(self, seq: int, at: int) -> None:
        """This exchange is left out."""
        self.missed += 1
        if self._gap is None:
            self._unwritten = 0
            self._gap = [seq, seq, 1, 0, at]
        else:
            self._gap[1] = seq
            self._gap[2] += 1
        self._unwritten = self.blocked or self._unwritten

    def ended(self, seq: int, size: int) -> None:
        """One that was left out has ended, with so many bytes of content."""
        if self._gap is not None and self._gap[0] <= seq <= self._gap[1]:
            self._gap[3] += size

    def stored(self, pending: int) -> None:
        """So many bytes are not stored yet."""
        if pending <= self._drained:
            self.on = False

    def gap(self) -> tuple[bytes, bytes] | None:
        """Once: the record of what is missing so far, its head and its payload."""
        if self._gap is None:
            return None
        first, last, exchanges, size, at = self._gap
        self._gap = None
        reason = _CROWDED if self.crowded else _BEHIND
        payload = GAP.pack(last, exchanges, size) + (_full_disk(self._unwritten) or reason).encode() + _UNTIL.encode()
        return RECORD.pack(RecordType.GAP, first, at, len(payload)), payload

    def why(self) -> bytes:
        """Why the rest of one exchange is left out now."""
        return (_full_disk(self.blocked) or _BEHIND).encode()


def _full_disk(errno: int) -> str:
    """What a gap says where the recording could not be written; "" where it could."""
    return f"the recording could not be written ({os.strerror(errno)}) and the buffer was full" if errno else ""
