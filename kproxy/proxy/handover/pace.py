"""How fast the recorder is given work where it would get in the way. Sans-I/O: times are seconds of a monotonic clock.

A recorder that has a CPU for itself is in nobody's way. One that has to wait for a CPU takes it from the traffic when
its turn comes: from the proxy, from the client, from the server beside it, and then nothing is left out because all of
them have become slower. Such a recorder gets its batches one by one, with pauses, so that it works for a share of the
time only: a quarter of a CPU, thousands of exchanges a second. What comes faster fills the buffer.

Once exchanges are left out, the share is a quarter again, so that a burst is soon over, and half of that each time that
the buffer is full again soon: under a load that does not end, the times between, when all is recorded and paid for,
become rare.

A replay has no such client to be fair to: its recorder may work when all was sent, and gets the least share until then.
"""

SHARE = 1 / 4
LEAST_SHARE = 1 / 32
CALM = 10.0
"""Seconds without anything left out after which the share is the first one again."""
BUSY = 0.1
"""A recorder that waits for a CPU for more than this part of its time competes for it."""
_FADE = 0.7
"""What of its past waits counts when the next are known."""


class Pace:
    """Told of each batch; says when the next one may go."""

    def __init__(self, share: float = SHARE) -> None:
        """`share`: of a CPU, while everything is recorded."""
        self._usual = share
        self._worked = 0.0
        self._waited = 0.0
        self._turn = 0
        self._share = SHARE  # while exchanges are left out
        self._left_out_at = float("-inf")
        self._since = float("-inf")  # when the recorder began what it does
        self._next_at = float("-inf")

    @property
    def busy(self) -> bool:
        """Whether the recorder competes for a CPU."""
        return self._waited > BUSY * (self._worked + self._waited)

    def begins(self, now: float) -> None:
        """The recorder, which had nothing to do, gets a batch."""
        self._since = now

    def committed(self, now: float, worked: float, waited: float, turn: int = 0) -> None:
        """A batch is stored; the recorder has worked and waited for a CPU so many seconds since the one before.

        `turn`: 0 while everything is recorded, else a number for each time that exchanges began to be left out.
        """
        self._worked = _FADE * self._worked + worked
        self._waited = _FADE * self._waited + waited
        own = min(worked, now - self._since)  # the rest was no work of ours: it follows etcd, too
        self._since = now
        if turn:
            self._left_out(now, turn)
        if self.busy:
            share = self._share if turn else self._usual
            self._next_at = max(self._next_at, now) + own * (1 / share - 1)
        else:
            self._next_at = now

    def pause(self, now: float) -> float:
        """Seconds until the next batch may go."""
        return max(0.0, self._next_at - now)

    def _left_out(self, now: float, turn: int) -> None:
        if turn != self._turn:
            again = now - self._left_out_at < CALM
            self._share = max(LEAST_SHARE, self._share / 2) if again else SHARE
        self._turn = turn
        self._left_out_at = now
