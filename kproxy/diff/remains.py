"""What remains to be compared of a pair once all is learned, by what its documents told (kproxy.diff.told)."""

from collections.abc import Sequence
from functools import lru_cache

from kproxy.diff.short import InPart, InShort, Kept
from kproxy.diff.sides import Pair
from kproxy.diff.stale import may_be_stale
from kproxy.diff.told import Told
from kproxy.model.api import WRITE_VERBS
from kproxy.renaming.kinds import UUID
from kproxy.renaming.pseudonyms import has_pseudonym

_NONE = 1 << 62


def in_short(pair: Pair, asked: Sequence[Told], told: Sequence[Told]) -> InShort:
    """What is still to be compared of a pair."""
    first, second = pair.baseline, pair.replayed
    lowest, highest = _NONE, 0
    times: dict[tuple[int, int], int] = {}
    texts: list[tuple[str, str]] = []
    for part in (*asked, *told):
        for _, here, there in part.revisions:
            lowest, highest = min(lowest, here), max(highest, there)
        for seen, count in part.times.items():
            times[seen] = times.get(seen, 0) + count
        texts += part.texts
    answered: list[tuple[bool, int, int]] = []
    if not may_be_stale(first) and first.info.verb != "watch":
        writes = first.info.verb in WRITE_VERBS
        answered = [
            (bool(scope), here, there) for part in told for scope, here, there in part.revisions if not scope or writes
        ]
    targets = first.request.target, second.request.target
    same = targets[0] == targets[1] and _says_the_same(targets[0])
    return InShort(
        pair.moments,
        lowest,
        highest,
        tuple(answered),
        tuple(times.items()),
        tuple(texts),
        None if same else targets,
    )


def in_part(pair: Pair, told: Sequence[Told], events: Sequence[tuple[int, int]]) -> Kept:
    """What is still to be compared of two streams whose events, or some of them, told that."""
    agreed = [at for at, part in enumerate(told) if part.agreed]
    if not agreed:
        return pair.baseline.seq
    short = in_short(pair, (), [told[at] for at in agreed])
    return InPart.of(short._replace(texts=tuple(dict.fromkeys(short.texts))), (events[at] for at in agreed))


@lru_cache(maxsize=1024)
def _says_the_same(target: str) -> bool:
    """Whether a request's target says the same in any server's words."""
    return not UUID.search(target) and not has_pseudonym(target) and "elector" not in target
