"""When a pair of exchanges was under way, in short: all that is to be known of it once its content was compared."""

from typing import NamedTuple

from kproxy.model.exchange import Exchange, Nanos, Seq, header
from kproxy.renaming.times import http_seconds


class Moment(NamedTuple):
    """When an exchange was under way, by the recorder's clock, and its answer's Date in seconds since 1970."""

    started: Nanos
    answered: Nanos | None
    ended: Nanos | None
    date: int | None


class Moments(NamedTuple):
    """Both exchanges' moments, with the baseline's number and verb."""

    seq: Seq
    verb: str
    baseline: Moment
    replayed: Moment


def moment_of(exchange: Exchange) -> Moment:
    """When an exchange was under way."""
    date = http_seconds(header(exchange.answer.headers, "date")) if exchange.answer is not None else None
    return Moment(exchange.started, exchange.answered, exchange.ended, date)


def moments_of(baseline: Exchange, replayed: Exchange) -> Moments:
    """When two exchanges were under way."""
    return Moments(baseline.seq, baseline.info.verb, moment_of(baseline), moment_of(replayed))
