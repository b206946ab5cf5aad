"""A watch that goes on from a list which showed another moment in the replay than it had in the recording.

A list that overlapped writes may show them in part (overlap.py), and its client watches from there on. What the
recorded list had shown and the replay's had not comes as an event there, and the other way round. Both follow from the
revisions that the two requests asked for, and from when each change was made, which both etcds tell.
"""

from dataclasses import dataclass
from typing import Self

from kproxy.diff.events import Seen
from kproxy.diff.sides import Comparison, Pair
from kproxy.diff.tails import in_history
from kproxy.model.exchange import Exchange
from kproxy.renaming.kinds import Kind, is_revision
from kproxy.renaming.target import parameter


@dataclass(frozen=True, slots=True)
class Asked:
    """The revisions from which two watches were to go on; 0: from none that is certain."""

    baseline: int
    replayed: int

    @classmethod
    def of(cls, pair: Pair) -> Self:
        """What two requests asked for."""
        return cls(_asked(pair.baseline), _asked(pair.replayed))

    def explains(self, of: Comparison, pair: Pair, a: Seen | None, b: Seen | None) -> bool:
        """Whether an event on one side only is of a change that the other side's revision holds already."""
        if not (self.baseline and self.replayed):
            return False
        if a is not None:
            image = of.renaming.revisions.exact(a.uid, a.revision)
            return (
                image is not None and a.revision is not None and self.baseline < a.revision and image <= self.replayed
            )
        if b is None or b.revision is None or b.revision <= self.replayed:
            return False
        origin = of.renaming.revisions.origin(of.renaming.origin(Kind.UID, b.uid) or b.uid, b.revision)
        return origin is not None and origin <= self.baseline and in_history(of.replayed, pair.replayed, b) is True


def _asked(exchange: Exchange) -> int:
    asked = parameter(exchange.request.target, "resourceVersion")
    if asked is None or not is_revision(asked) or parameter(exchange.request.target, "sendInitialEvents") == "true":
        return 0
    return int(asked)
