"""Requests on one object that overlap: an order in which each of them gets the answer that it got. Pure.

A server takes requests one after the other, whatever the order in which their answers reach the proxy: the second of
two deletions may be told that there is nothing to delete before the first one is told that it deleted it. What they
were told says which was which. The search is that of Wing and Gong (Testing and Verifying Concurrent Objects, 1993): of
the requests that may come next, the one that was answered first and whose answer fits, and back where none does.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from kproxy.model.exchange import Nanos, Seq
from kproxy.replay.sights import Sight

_TRIES = 5_000
"""Steps of one search: those that a recording's overlaps need are about as many as its requests."""

_AHEAD = 64
"""How many of the requests that were answered first are looked at for the next one."""

_NEVER = Nanos(1 << 70)


@dataclass(frozen=True, slots=True)
class _State:
    """What is known of an object: whether it is there (None: nothing), its uid, a bound below its resourceVersion."""

    there: bool | None = None
    uid: str = ""
    revision: int = 0


@dataclass(slots=True)
class _Turn:
    """One place of the order: what may stand there that was not tried, and what was known before it."""

    state: _State
    may: Iterator[Sight]
    taken: Sight | None = None


@dataclass(slots=True)
class _Search:
    written: Mapping[Seq, int]
    left: list[Sight]
    wipes: bool
    makers: dict[int, Seq] = field(default_factory=dict)
    """Which request made each revision."""
    creators: dict[str, Seq] = field(default_factory=dict)
    """Which request made the object of each uid."""

    def __post_init__(self) -> None:
        for each in sorted(self.left, key=lambda other: other.exchange.seq not in self.written):
            if each.writes and each.revision and self.written.get(each.exchange.seq, each.revision) == each.revision:
                self.makers.setdefault(each.revision, each.exchange.seq)
            if each.found is False and each.uid:
                self.creators.setdefault(each.uid, each.exchange.seq)

    def may_come_next(self, state: _State) -> list[Sight]:
        """Those that began before any of the others was over; of the writes only that with the lowest revision.

        A conflict that nothing before it explains comes behind the others, of which one may be what made it one, but
        before what takes the object away.
        """
        window = self.left[:_AHEAD]
        horizon = min((over(each) for each in window), default=_NEVER)
        found = [each for each in window if each.exchange.started < horizon]
        written = [self.written[each.exchange.seq] for each in found if each.exchange.seq in self.written]
        first = min(written, default=0)
        may = [each for each in found if self.written.get(each.exchange.seq, first) == first]
        unexplained = {each.exchange.seq for each in may if each.refused and state.revision <= each.wanted}
        if not unexplained:
            return may
        return sorted(may, key=lambda each: 2 if each.left is False else each.exchange.seq in unexplained)

    def after(self, state: _State, each: Sight) -> _State | None:
        """What is known after a request, None if its answer does not fit what was known before."""
        if not (self._fits_object(state, each) and self._fits_revision(state, each)):
            return None
        if each.ref is None or (each.writes and each.left is None):  # what was not there still is not
            gone = state.there is False or (each.ref is None and self.wipes)
            return _State(False if gone else None, revision=state.revision)
        uid = each.uid or (state.uid if each.found else "")
        known = max(state.revision, each.revision, self.written.get(each.exchange.seq, 0))
        if each.wanted:
            known = max(known, each.wanted + each.refused)
        return _State(each.left, uid if each.left else "", known)

    def _fits_object(self, state: _State, each: Sight) -> bool:
        """Whether a request found the object as it was known to be: there or not, and the same one."""
        if state.there is not None and each.found is not None and state.there is not each.found:
            return False
        if not each.found or not each.uid or each.uid == state.uid:
            return True
        return not state.uid and each.uid not in self.creators

    def _fits_revision(self, state: _State, each: Sight) -> bool:
        if each.wanted and not each.refused and state.revision > each.wanted:
            return False
        if not each.revision or each.left is not True:
            return True
        if self.makers.get(each.revision, each.exchange.seq) != each.exchange.seq:
            return state.revision == each.revision  # it shows what another one made
        makes = each.revision in self.makers
        return state.revision < each.revision or (state.revision == each.revision and not makes)


def over(each: Sight) -> Nanos:
    """When a request was over."""
    return each.exchange.ended if each.exchange.ended is not None else _NEVER


def linear_order(sights: Sequence[Sight], written: Mapping[Seq, int]) -> list[Sight] | None:
    """An order of requests on one object in which all answers fit; None: none was found.

    `written`: the revision that each write made, as far as that is known. A collection's deletion takes an object away,
    if the answers allow that: one that it shows was there until then, but for whoever deleted it at the same time, and
    was told so, which came before. Reads that may show an old state are left out if no order explains them: they say
    nothing then, and the others' order is still known.
    """
    collections = [each for each in sights if each.ref is None]
    told = [sights]
    if any(each.found for each in collections):
        told.append([replace(each, found=None) if each.ref is None else each for each in sights])
    for wipes in (True, False) if collections else (False,):
        for some in told:
            if (found := _linear_order(some, written, wipes=wipes)) is not None:
                return found
    certain = [each for each in sights if not each.may_be_old]
    return linear_order(certain, written) if len(certain) < len(sights) else None


def _linear_order(sights: Sequence[Sight], written: Mapping[Seq, int], *, wipes: bool) -> list[Sight] | None:
    left = sorted(sights, key=lambda each: (each.exchange.answered or each.exchange.started, each.exchange.seq))
    search = _Search(written, left, wipes)
    turns = [_Turn(_State(), iter(search.may_come_next(_State())))]
    for _ in range(_TRIES + 2 * len(left)):
        turn = turns[-1]
        if turn.taken is not None:  # it led nowhere
            _put_back(search.left, turn.taken)
            turn.taken = None
        state = None
        for each in turn.may:
            if (state := search.after(turn.state, each)) is not None:
                turn.taken = each
                search.left.remove(each)
                break
        if state is not None:
            if not search.left:
                return [turn.taken for turn in turns if turn.taken is not None]
            turns.append(_Turn(state, iter(search.may_come_next(state))))
        else:
            turns.pop()
            if not turns:
                return None
    return None


def _put_back(left: list[Sight], each: Sight) -> None:
    left.append(each)
    left.sort(key=lambda other: (other.exchange.answered or other.exchange.started, other.exchange.seq))
