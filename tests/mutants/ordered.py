"""Whether an edited value that the server chose breaks an order that it stood in, told without the comparison's code.

Times: a time that was before another one in the recording is not after its image in the replay. Revisions: of one
object in the order of its changes; a list's from what was written before it was asked for to what was written after.
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field

from kproxy.correlate.ledger import correlate
from kproxy.model.exchange import Exchange, Nanos, Seq
from kproxy.renaming.kinds import Kind
from kproxy.renaming.times import age_range, http_seconds, seconds
from tests.diff.edits import Edit
from tests.mutants.chosen import Choices, Chosen, Site
from tests.support.memory import MemoryRecording

_CLOCK = 6
"""Seconds that a Date must be moved by to be no longer what the server's clock can have shown (kproxy.diff.clock)."""

_AGE = 40
"""Seconds that an age must be moved by to be no longer right (kproxy.diff.ages), a watch event's too."""

_AHEAD = re.compile(r"\.(expirationTimestamp|notAfter|notBefore|deletionTimestamp)$")
"""Times that lie ahead when they are set, a deletion's by its grace: they stand in no order with what happens."""
_FAR = 1 << 70


@dataclass
class Order:
    """What stands in an order in a replay, beside its recording."""

    recorded: Choices
    replayed: Choices
    recording: MemoryRecording
    start: tuple[int, int]  # of the two sessions, in seconds
    times: dict[Site, tuple[int, int]] = field(default_factory=dict)
    versions: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    _writes: list[tuple[Exchange, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for site, chosen in self.replayed.sites.items():
            if chosen.kind is Kind.REVISION and chosen.scope:
                self.versions[chosen.scope].add(int(chosen.value))
            other = self.recorded.sites.get(site)
            if chosen.kind is Kind.TIME and other is not None and not _AHEAD.search(site[3]):
                pair = seconds(other.value), seconds(chosen.value)
                if pair[0] is not None and pair[1] is not None:
                    self.times[site] = max(pair[0], self.start[0]), max(pair[1], self.start[1])
        for seq, attributions in correlate(self.recording).by_seq.items():
            exchange = self.recording.exchange(Seq(seq))
            if exchange is not None:
                self._writes += [(exchange, each.revision) for each in attributions]

    def broken_by(self, edit: Edit, chosen: Chosen) -> bool:
        """Whether it is."""
        site, after = self.replayed.site_of(edit), str(edit.after)
        match chosen.kind:
            case Kind.TIME if edit.where == "header":
                return self._header(edit)
            case Kind.TIME:
                moved = seconds(after)
                return moved is not None and self._time(site, max(moved, self.start[1]))
            case Kind.REVISION if after.isdigit():
                return self._version(chosen, int(after)) if chosen.scope else self._listed(edit, int(after))
            case Kind.AGE:
                return _age_moved(str(edit.before), after)
            case _:
                return False

    def _time(self, site: Site, moved: int) -> bool:
        mine = self.times.get(site)
        if mine is None:
            return False
        others = (pair for other, pair in self.times.items() if other != site)
        return any((mine[0] < b and moved > r) or (mine[0] > b and moved < r) for b, r in others)

    def _version(self, chosen: Chosen, moved: int) -> bool:
        """Whether a version moves past another one of its object."""
        low, high = sorted((int(chosen.value), moved))
        return any(low <= each <= high for each in self.versions[chosen.scope] if each != int(chosen.value))

    def _listed(self, edit: Edit, moved: int) -> bool:
        exchange = self.recording.exchange(Seq(edit.seq)) if edit.seq is not None else None
        if exchange is None or edit.where != "body" or "resourceVersion=" in exchange.request.target:
            return False
        begun, ended = exchange.started, exchange.ended or Nanos(_FAR)
        before = (revision for write, revision in self._writes if (write.ended or Nanos(_FAR)) <= begun)
        after = (revision for write, revision in self._writes if write.started >= ended)
        return moved < max(before, default=0) or moved >= min(after, default=_FAR)

    def _header(self, edit: Edit) -> bool:
        if edit.after is None:
            return True
        first, second = http_seconds(str(edit.before)), http_seconds(str(edit.after))
        if first is None or second is None:
            return False
        later_only = edit.path.lower() == "last-modified"
        return second - first > _CLOCK or (first - second > _CLOCK and not later_only)


def _age_moved(before: str, after: str) -> bool:
    first, second = age_range(before), age_range(after)
    if first is None or second is None:
        return True
    return abs(first[0] - second[0]) > _AGE


def order_of(recorded: Choices, replayed: Choices, first: MemoryRecording, second: MemoryRecording) -> Order:
    """From both recordings and what was chosen in them."""
    start = tuple(seconds(each.session.started_at) or 0 for each in (first, second))
    return Order(recorded, replayed, second, (start[0], start[1]))
