"""A recorded 504: the api-server's own time limit, or a client that left before it was answered.

It says so in words of its own, which tell of the machine and of the client's patience, and of nothing that was asked.
"""

from kproxy.diff.noise import NO_TIME
from kproxy.diff.sides import Comparison, Pair
from kproxy.model.exchange import Answer, BodyState

_TIMEOUT, _OK = 504, 200
_READS = frozenset({"get", "list"})
_SAID = b"request did not complete within the allotted timeout"
_LONGEST = 4096
"""Bytes of such an answer; it has some 150."""


def was_late(of: Comparison, pair: Pair) -> bool:
    """Whether a read was refused so in the recording, and was answered in the replay; a rule hides that then."""
    first, second = pair.baseline.answer, pair.replayed.answer
    if first is None or second is None or pair.baseline.info.verb not in _READS:
        return False
    late = first.status == _TIMEOUT and second.status == _OK and _SAID in _body(of, first)
    return late and of.findings.hide(NO_TIME)


def _body(of: Comparison, answer: Answer) -> bytes:
    body = answer.body
    if body.digest is None or body.state is not BodyState.KEPT or body.size > _LONGEST:
        return b""
    return of.baseline.recording.body(body.digest)
