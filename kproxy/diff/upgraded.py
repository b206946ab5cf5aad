"""Upgraded connections: what each channel carried each way; how that was cut into frames is nobody's choice.

A client numbers the connections to a forwarded port as they happen to come: those of one port are compared as a whole.
"""

import hashlib
from dataclasses import dataclass, field

from kproxy.diff.sides import Comparison, Pair, Side, is_itself
from kproxy.model.exchange import CHANNEL, Direction, Exchange, Frame

_CLOSE = "close"
"""The connection's end, not compared: whether the second side still says goodbye is a race with the first one's end."""

_ARROWS = {Direction.REQUEST: ">", Direction.ANSWER: "<"}


@dataclass(slots=True)
class _Carried:
    """All that went one way on a channel, or on those of one port."""

    size: int = 0
    known: bool = True  # all of it is in the recording
    hashes: dict[str, "hashlib._Hash"] = field(default_factory=dict)  # by channel

    @property
    def digests(self) -> list[str]:
        """In an order that depends on nothing else."""
        return sorted(each.hexdigest() for each in self.hashes.values())


def compare_upgraded(of: Comparison, pair: Pair) -> None:
    """Compare two upgraded connections, channel by channel."""
    seq = pair.baseline.seq
    first, second = _channels(of.baseline, pair.baseline), _channels(of.replayed, pair.replayed)
    unknown = not first or not second
    for channel in sorted(first.keys() | second.keys()):
        a, b = first.get(channel, _Carried()), second.get(channel, _Carried())
        if a.size != b.size:
            of.findings.differ(seq, "stream", channel, "changed", f"{a.size} bytes", f"{b.size} bytes")
        elif not a.known or not b.known:
            unknown = True
        elif a.digests != b.digests:
            of.findings.differ(seq, "stream", channel, "changed", " ".join(a.digests), " ".join(b.digests))
    if unknown and not is_itself(of, pair):
        of.findings.cannot_tell(f"exchange {seq}: what its channels carried was not kept, as --exec-content would")


def _channels(side: Side, exchange: Exchange) -> dict[str, _Carried]:
    found: dict[str, _Carried] = {}
    for frame in side.frames(exchange.seq):
        if frame.kind == CHANNEL and frame.body.size and frame.channel != _CLOSE:
            channel = f"{_ARROWS[frame.direction]} {frame.channel.partition('/')[0]}"
            _add(side, frame, found.setdefault(channel, _Carried()))
    return found


def _add(side: Side, frame: Frame, carried: _Carried) -> None:
    carried.size += frame.body.size
    if frame.body.digest is None or frame.body.reason:
        carried.known = False
    else:
        digest = carried.hashes.setdefault(frame.channel, hashlib.sha256())
        digest.update(side.recording.body(frame.body.digest))
