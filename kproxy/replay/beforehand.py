"""What of a plan is read before its first step is taken.

Planning takes a quarter of the processor time that a request takes (docs/performance.md). Read before, it is not taken
from a target on the same machine while that is at work, and none of the first requests comes late for it.
"""

import asyncio
from collections import deque
from collections.abc import Iterator
from itertools import islice

from kproxy.replay.plan import Send, Step
from kproxy.replay.stopping import Stopper

_STEPS = 8192
"""Steps that are read before, at most,"""
_BYTES = 32 << 20
"""and bytes of the bodies that are kept with them."""
_AT_ONCE = 32
"""Of so many a turn of the loop takes some milliseconds, in which no signal is heard."""


async def read_before(steps: Iterator[Step], stopper: Stopper) -> Iterator[Step]:
    """The same steps, the first ones of them read; fewer when the replay is stopped. What making the plan raises."""
    read: deque[Step] = deque()
    size = 0
    while stopper.stopped is None and len(read) < _STEPS and size < _BYTES:
        some = list(islice(steps, _AT_ONCE))
        if not some:
            break
        read.extend(some)
        size += sum(len(step.action.sent) for step in some if isinstance(step.action, Send))
        await asyncio.sleep(0)
    return _given(read, steps)


def _given(read: deque[Step], rest: Iterator[Step]) -> Iterator[Step]:
    """What was read is given away, and then the rest."""
    while read:
        yield read.popleft()
    yield from rest
