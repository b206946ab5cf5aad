"""A server's clock beside the recorder's: what a Date header must say."""

from collections import Counter
from collections.abc import Iterable
from functools import cached_property

from kproxy.diff.moments import Moment, moment_of
from kproxy.model.exchange import Exchange, Nanos, header
from kproxy.model.session import Session
from kproxy.renaming.times import http_seconds, seconds

SLACK = 2.5
"""Seconds: Date has whole seconds, and the skew is known as well as that."""

_PARTS = 100
"""Parts of a second that offsets are counted in: as many counters as there are, whatever the number of answers."""


class Clock:
    """The skew between a server and the recorder, as most of the answers that it was shown have it."""

    def __init__(self, session: Session, exchanges: Iterable[Exchange] = ()) -> None:
        self._start = seconds(session.started_at)
        self._offsets: Counter[int] = Counter()
        for each in exchanges:
            self.see(each)

    def see(self, exchange: Exchange) -> None:
        """One more answer."""
        self.see_at(moment_of(exchange))

    def see_at(self, moment: Moment) -> None:
        """The same, of when it was under way."""
        offset = self._offset(moment)
        if offset is not None:
            self._offsets[round(offset * _PARTS)] += 1
            self.__dict__.pop("_skew", None)

    @cached_property
    def _skew(self) -> float | None:
        """The median offset."""
        left = self._offsets.total() / 2
        for offset in sorted(self._offsets):
            left -= self._offsets[offset]
            if left <= 0:
                return offset / _PARTS
        return None

    def _offset(self, moment: Moment) -> float | None:
        if moment.date is None or moment.answered is None or self._start is None:
            return None
        return moment.date - self._start - moment.answered / 1e9

    def explains(self, exchange: Exchange) -> bool:
        """Whether an answer's Date is what the server's clock showed between the request and the answer.

        True when nothing is known of its clock. The recorder may have been slow on either side, so it is no moment.
        """
        return self.explains_at(moment_of(exchange))

    def explains_at(self, moment: Moment) -> bool:
        """The same, of when the exchange was under way."""
        skew = self._skew
        if skew is None:
            return True
        started, answered, _, date = moment
        if date is None or answered is None or self._start is None:
            return False
        since = date - self._start - skew
        return since - started / 1e9 >= -SLACK and since - answered / 1e9 <= SLACK

    def at(self, when: Nanos | None) -> int | None:
        """The server's time then, in seconds since 1970."""
        if self._skew is None or self._start is None or when is None:
            return None
        return int(self._start + when / 1e9 + self._skew)


def after_date(exchange: Exchange, name: str) -> int | None:
    """How many seconds after its answer's Date a header's time is; None if one of them is no time."""
    headers = exchange.answer.headers if exchange.answer else ()
    when, date = http_seconds(header(headers, name)), http_seconds(header(headers, "date"))
    return None if when is None or date is None else when - date
