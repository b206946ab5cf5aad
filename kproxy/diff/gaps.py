"""What a recording says is missing, and whether it can be what a comparison misses."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from kproxy.model.exchange import Seq
from kproxy.model.recording import Recording
from kproxy.model.session import Gap

EVIDENCE = frozenset({"calls", "spans", "start"})
"""Gaps in what helps to find causes, or to begin alike: none of it is compared."""


def gaps_of(recording: Recording, *kinds: str) -> Iterator[Gap]:
    """The gaps in what is compared, of these kinds, or of all."""
    for gap in recording.gaps():
        if gap.kind not in EVIDENCE and (not kinds or gap.kind in kinds) and not _is_before(gap, recording):
            yield gap


def ends_short(recording: Recording) -> bool:
    """Whether exchanges are missing of which nobody knows where: then what went on at the end may lack the rest."""
    return any(gap.first_seq is None and gap.last_seq is None for gap in gaps_of(recording, "exchanges"))


def gap_text(gap: Gap) -> str:
    """For people: what is missing, where and why."""
    place = ""
    if gap.first_seq is not None:
        place = f" at exchange {gap.first_seq}" + (f" to {gap.last_seq}" if gap.last_seq is not None else "")
    elif gap.first_revision is not None:
        place = f" at revision {gap.first_revision}"
    return f"{gap.kind}{place}: {gap.reason} ({gap.count or 'an unknown number'} missing)"


def _is_before(gap: Gap, recording: Recording) -> bool:
    """Whether all that is missing is history from before the session, of which nothing is compared."""
    if gap.kind != "etcd" or gap.last_revision is None:
        return False
    starts = [each.start for each in recording.etcds() if not gap.cluster or each.cluster == gap.cluster]
    return bool(starts) and all(start is not None and gap.last_revision <= start for start in starts)


@dataclass(slots=True)
class MissingChanges:
    """The gaps of a recording in which changes of etcd are missing, each for as many as it counts."""

    recording: Recording
    _left: list[tuple[Gap, int | None]] = field(init=False)  # None: nobody knows how many are missing there

    def __post_init__(self) -> None:
        self._left = [(gap, gap.count or None) for gap in gaps_of(self.recording, "etcd")]

    def take(self, count: int) -> Gap | None:
        """The first gap that may hold some of a key's changes that are missing, if there is room for all of them."""
        room = sum(left or 0 for _, left in self._left)
        unknown = any(left is None for _, left in self._left)
        if not unknown and room < count:
            return None
        first: Gap | None = None
        for number, (gap, left) in enumerate(self._left):
            taken = count if left is None else min(left, count)
            if first is None and taken:
                first = gap
            count -= taken
            if left is not None:
                self._left[number] = gap, left - taken
        return first


@dataclass(slots=True)
class MissingExchanges:
    """The gaps of a recording in which exchanges are missing, each for as many as it counts."""

    recording: Recording
    _gaps: list[Gap] = field(init=False)
    _taken: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._gaps = list(gaps_of(self.recording, "exchanges"))

    def take(self, around: tuple[Seq | None, Seq | None]) -> Gap | None:
        """A gap that may hold an exchange between two others (None: there is none), if one is left there."""
        known = [seq for seq in around if seq is not None]
        low = min(known) if len(known) == len(around) or around[0] is not None else 0
        high = max(known) if len(known) == len(around) or around[1] is not None else None
        for number, gap in enumerate(self._gaps):
            ends_before = gap.last_seq is not None and gap.last_seq < low
            begins_after = high is not None and gap.first_seq is not None and gap.first_seq > high
            if not ends_before and not begins_after and (not gap.count or self._taken[number] < gap.count):
                self._taken[number] += 1
                return gap
        return None
