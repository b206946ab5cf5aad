"""A request that waits for its verdict, and what came behind it."""

from dataclasses import dataclass, field

from kproxy.wire.http1 import RequestEvent, RequestHead


@dataclass(slots=True)
class Stalled:
    """`events` follow the head; `position`: how far `consumed`, which they count in, is dealt with.

    `error`: what is ambiguous behind them. `later`: bytes that came meanwhile, not framed yet.
    """

    head: RequestHead
    events: list[RequestEvent]
    consumed: bytes
    position: int
    error: str = ""
    later: list[bytes] = field(default_factory=list)
