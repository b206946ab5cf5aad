"""A growing recording's log: each exchange is shown when it has ended, until the recording ends."""

import time
from collections import deque
from collections.abc import Callable, Iterator

from kproxy.model.exchange import Seq
from kproxy.model.session import SessionEnd
from kproxy.session.log import Filters, Line, change_rows, left_out, mark_rows, row_of
from kproxy.session.opened import opened

_POLL_SECONDS = 0.3


def follow_lines(where: str, filters: Filters, sleep: Callable[[float], None] = time.sleep) -> Iterator[Line]:
    """The rows, marks among them, as they come.

    Each look is a short transaction of its own, so that the writer is never held up. An exchange's changes are those
    known when it is shown: a change that etcd tells later is in `kproxy correlate`.
    """
    shown: set[Seq] = set()
    marked = 0
    while True:
        with opened(where) as session:
            growing = session.recording.session.end is SessionEnd.RECORDING
            marks = deque(mark_rows(session.recording)[marked:])
            marked += len(marks)
            for exchange in session.recording.exchanges():
                if exchange.seq in shown or (growing and exchange.ended is None):
                    continue
                while marks and marks[0].seq <= exchange.seq:
                    yield marks.popleft()
                shown.add(exchange.seq)
                row = row_of(session.recording, exchange, change_rows(session.ledger, exchange.seq))
                if filters.accept(row):
                    yield row
            yield from marks
            if not growing:
                yield from left_out(session.recording)
        if not growing:
            return
        sleep(_POLL_SECONDS)
