"""Whether a replay took two requests in another order than the recording: then what they made is in another order, too.

A replay takes what is independent at once, and the times that a server gives follow its own order, not the recording's.
"""

from dataclasses import dataclass

from kproxy.diff.moments import Moment, Moments
from kproxy.model.exchange import Nanos

_NEVER = Nanos(1 << 62)

type Span = tuple[Nanos, Nanos]


@dataclass(frozen=True, slots=True)
class Shown:
    """When a pair of times was first shown by an answer, on either side: by the one that was over first."""

    baseline: Span
    replayed: Span

    def turned(self, other: "Shown") -> bool:
        """Whether the two stand otherwise to each other in the replay, or overlapped in both."""
        there, here = _relation(self.baseline, other.baseline), _relation(self.replayed, other.replayed)
        return there != here or not here

    def earlier(self, other: "Shown | None") -> "Shown":
        """The earlier one of two, on each side."""
        if other is None:
            return self
        return Shown(_first(self.baseline, other.baseline), _first(self.replayed, other.replayed))


def shown(moments: Moments) -> Shown | None:
    """When a pair of exchanges was under way; None for watches: they tell of a time when it comes to them."""
    if moments.verb == "watch":
        return None
    return Shown(_span(moments.baseline), _span(moments.replayed))


def headed(moments: Moments) -> Shown:
    """When a pair of exchanges was answered, of a watch too: its Date is of when its answer began."""
    return Shown(_head(moments.baseline), _head(moments.replayed))


def _head(moment: Moment) -> Span:
    return moment.started, moment.answered if moment.answered is not None else _NEVER


def _span(moment: Moment) -> Span:
    return moment.started, moment.ended if moment.ended is not None else _NEVER


def _first(one: Span, other: Span) -> Span:
    return min(one, other, key=lambda span: (span[1], span[0]))


def _relation(one: Span, other: Span) -> int:
    """-1: one was over when the other began; 1: the other way round; 0: they overlapped."""
    if one[1] <= other[0]:
        return -1
    return 1 if other[1] <= one[0] else 0
