"""What stood in an order there must stand in that order here: revisions along happens-before, and times.

Exchange i happens before exchange k when i ended before k began, each on its own recording's clock.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from kproxy.diff.sides import Comparison, Pair
from kproxy.diff.trees import SeenRevision, SeenTime
from kproxy.model.exchange import Exchange, Nanos, header
from kproxy.renaming.target import parameter
from kproxy.renaming.times import http_seconds

_WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})
_NEVER = 1 << 70


@dataclass(slots=True)
class Bounds:
    """For one recording: the greatest revision known before a moment, the smallest one written after it."""

    ends: list[Nanos]
    known: list[int]
    starts: list[Nanos]
    written: list[int]

    def before(self, exchange: Exchange) -> int:
        """The greatest revision that an exchange ended with before this one began; 0: none."""
        at = bisect_right(self.ends, exchange.started)
        return self.known[at - 1] if at else 0

    def after(self, exchange: Exchange) -> int:
        """The smallest new revision that an exchange wrote that began after this one was over."""
        at = bisect_left(self.starts, _end(exchange))
        return self.written[at] if at < len(self.starts) else _NEVER


def check_order(of: Comparison, pairs: list[Pair], etcd_times: list[SeenTime]) -> None:
    """Check revisions and times of all pairs."""
    first = _bounds(pairs, replayed=False)
    second = _bounds(pairs, replayed=True)
    for pair in pairs:
        for seen in pair.revisions:
            if not _in_bounds(pair, seen, first, second):
                of.findings.differ(
                    pair.baseline.seq, seen.where, seen.path, "renamed", str(seen.baseline), str(seen.replayed)
                )
    _check_versions(of, pairs)
    _check_times(of, pairs, etcd_times)


def _in_bounds(pair: Pair, seen: SeenRevision, first: Bounds, second: Bounds) -> bool:
    """Whether a revision stands between what was before and what came after, if the baseline's does."""
    if seen.baseline < first.after(pair.baseline) and seen.replayed >= second.after(pair.replayed):
        return False
    if seen.where != "body" or (seen.scope and pair.baseline.info.verb not in _WRITES) or _may_be_stale(pair.baseline):
        return True
    lower, other = first.before(pair.baseline), second.before(pair.replayed)
    if seen.scope:
        return seen.baseline <= lower or seen.replayed > other
    return seen.baseline < lower or seen.replayed >= other


def _may_be_stale(exchange: Exchange) -> bool:
    """Whether a read asked for any state, or one not older than a revision, and so may get an old one."""
    target = exchange.request.target
    return parameter(target, "resourceVersion") is not None and parameter(target, "resourceVersionMatch") != "Exact"


def _end(exchange: Exchange) -> Nanos:
    return exchange.ended if exchange.ended is not None else Nanos(_NEVER)


def _bounds(pairs: list[Pair], *, replayed: bool) -> Bounds:
    def exchange(pair: Pair) -> Exchange:
        return pair.replayed if replayed else pair.baseline

    def revisions(pair: Pair) -> list[int]:
        return [seen.replayed if replayed else seen.baseline for seen in pair.revisions if seen.where == "body"]

    by_end = sorted((_end(exchange(pair)), max(revisions(pair), default=0)) for pair in pairs)
    known: list[int] = []
    for _, highest in by_end:
        known.append(max(highest, known[-1] if known else 0))
    bounds = Bounds([end for end, _ in by_end], known, [], [])
    writes = sorted((exchange(pair).started, _written(pair, bounds, replayed=replayed)) for pair in pairs)
    lowest = _NEVER
    for _, revision in reversed(writes):
        lowest = min(lowest, revision)
        bounds.written.insert(0, lowest)
    bounds.starts = [start for start, _ in writes]
    return bounds


def _written(pair: Pair, bounds: Bounds, *, replayed: bool) -> int:
    """The smallest revision of a write's answer that was new then."""
    exchange = pair.replayed if replayed else pair.baseline
    if exchange.info.verb not in _WRITES:
        return _NEVER
    before = bounds.before(exchange)
    found = [
        seen.replayed if replayed else seen.baseline for seen in pair.revisions if seen.scope and seen.where == "body"
    ]
    return min((revision for revision in found if revision > before), default=_NEVER)


def _check_versions(of: Comparison, pairs: list[Pair]) -> None:
    """An object's later version must have the greater revision."""
    wrong: set[tuple[str, int]] = set()
    for scope, versions in of.renaming.revisions.pairs().items():
        for (_, before), (revision, after) in pairwise(versions):
            if after <= before:
                wrong.add((scope, revision))
    for pair in pairs if wrong else ():
        for seen in pair.revisions:
            if (seen.scope, seen.baseline) in wrong:
                of.findings.differ(
                    pair.baseline.seq, seen.where, seen.path, "reordered", str(seen.baseline), str(seen.replayed)
                )


def _check_times(of: Comparison, pairs: list[Pair], etcd_times: list[SeenTime]) -> None:
    dates = _dates(of, pairs)
    start = min((each.baseline for each in dates), default=0)
    other = min((each.replayed for each in dates), default=0)
    seen = [*dates, *etcd_times, *(each for pair in pairs for each in pair.times)]
    order = sorted(((max(each.baseline, start), max(each.replayed, other)), index) for index, each in enumerate(seen))
    keep = _longest_rising([replayed for (_, replayed), _ in order])
    for position, ((baseline, replayed), index) in enumerate(order):
        if position not in keep:
            each = seen[index]
            of.findings.differ(each.seq, each.where, each.path, "reordered", _text(baseline), _text(replayed))


def _text(when: int) -> str:
    return datetime.fromtimestamp(when, UTC).isoformat().replace("+00:00", "Z")


def _dates(of: Comparison, pairs: list[Pair]) -> list[SeenTime]:
    """The Dates of answers that no other exchange overlapped: their order is the requests' order."""
    dates: list[SeenTime] = []
    for index, pair in enumerate(pairs):
        later = pairs[index + 1] if index + 1 < len(pairs) else None
        if (later is not None and not _answered_before(pair, later)) or not of.replayed.clock.explains(pair.replayed):
            continue
        first, second = pair.baseline.answer, pair.replayed.answer
        if first is None or second is None:
            continue
        a, b = http_seconds(header(first.headers, "date")), http_seconds(header(second.headers, "date"))
        if a is not None and b is not None:
            dates.append(SeenTime(pair.baseline.seq, a, b, "header", "date"))
    return dates


def _answered_before(pair: Pair, later: Pair) -> bool:
    return all(
        exchange.answered is not None and exchange.answered <= following.started
        for exchange, following in ((pair.baseline, later.baseline), (pair.replayed, later.replayed))
    )


def _longest_rising(values: list[int]) -> set[int]:
    """The positions of a longest subsequence that never falls (patience sorting)."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for position, value in enumerate(values):
        at = bisect_right(tails, value)
        before.append(ends[at - 1] if at else -1)
        if at == len(tails):
            tails.append(value)
            ends.append(position)
        else:
            tails[at] = value
            ends[at] = position
    kept: set[int] = set()
    position = ends[-1] if ends else -1
    while position >= 0:
        kept.add(position)
        position = before[position]
    return kept
