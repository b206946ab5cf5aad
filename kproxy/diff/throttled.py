"""A recorded 429: how busy the recorded server was, or that it had not yet read what it serves.

Whoever came too early was told to come again, and did. A replay's server need not be as busy (what it does tell is
waited out by the replay), so what it answers a read at once says nothing against it.
"""

from kproxy.diff.noise import THROTTLED
from kproxy.diff.sides import Comparison, Pair
from kproxy.model.exchange import header

_THROTTLED, _OK = 429, 200
_READS = frozenset({"get", "list", "watch"})


def was_throttled(of: Comparison, pair: Pair) -> bool:
    """Whether a read was put off in the recording, and was not in the replay; a rule hides that then."""
    first, second = pair.baseline.answer, pair.replayed.answer
    if first is None or second is None or pair.baseline.info.verb not in _READS:
        return False
    put_off = first.status == _THROTTLED and bool(header(first.headers, "retry-after"))
    return put_off and second.status == _OK and of.findings.hide(THROTTLED)
