"""A growing recording's log: each exchange is shown when it has ended, until the recording ends."""

import time
from collections.abc import Callable, Iterator

from kproxy.model.exchange import Seq
from kproxy.model.session import SessionEnd
from kproxy.session.log import Filters, LogRow, change_rows, row_of
from kproxy.session.opened import opened

POLL_SECONDS = 0.3


def follow_rows(where: str, filters: Filters, sleep: Callable[[float], None] = time.sleep) -> Iterator[LogRow]:
    """The rows as they come. Each look is a short transaction of its own, so that the writer is never held up.

    An exchange's changes are those known when it is shown: a change that etcd tells later is in `kproxy correlate`.
    """
    shown: set[Seq] = set()
    while True:
        with opened(where) as session:
            growing = session.recording.session.end is SessionEnd.RECORDING
            changes = change_rows(session.ledger)
            for exchange in session.recording.exchanges():
                if exchange.seq in shown or (growing and exchange.ended is None):
                    continue
                shown.add(exchange.seq)
                row = row_of(session.recording, exchange, changes.get(exchange.seq, ()))
                if filters.accept(row):
                    yield row
        if not growing:
            return
        sleep(POLL_SECONDS)
