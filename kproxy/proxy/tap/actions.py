"""What a tap asks its owner to do, and what its owner tells it of the server."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import Literal

from kproxy.model.exchange import End


class Act(Enum):
    """What the connection's owner is to do."""

    CONNECT = auto()  # open the server's connection, say how it went by `connected`
    TO_CLIENT = auto()
    TO_SERVER = auto()
    END_TO_SERVER = auto()  # half-close: nothing more comes from the client
    END_TO_CLIENT = auto()
    CLOSE_SERVER = auto()
    CLOSE_CLIENT = auto()
    LINGER = auto()  # half-close the client and close it soon: it may still be sending what nobody reads
    WAIT = auto()  # await the next one of the tap's `waits`, and tell it by `resume`


type Action = tuple[Act, bytes]


@dataclass(frozen=True, slots=True, eq=False)
class Wait:
    """What a tap waits for, without keeping other connections waiting: await `until`, then call `resume` with it.

    `then` is the tap's: what it does when that has come, at this time on its clock.
    """

    until: Callable[[], Awaitable[None]]
    then: Callable[[int], None]


def after(seconds: float, then: Callable[[int], None]) -> Wait:
    """A Wait for some time."""
    return Wait(partial(asyncio.sleep, seconds), then)


@dataclass(frozen=True, slots=True)
class Unreached:
    """Why there is no connection to the server."""

    kind: Literal["connect", "tls", "timeout", "refused"]
    reason: str

    @property
    def status(self) -> int:
        """What the client is answered."""
        return {"connect": 503, "tls": 502, "timeout": 504, "refused": 500}[self.kind]

    @property
    def end(self) -> End:
        """How the exchange is recorded."""
        return End.TIMEOUT if self.kind == "timeout" else End.UNREACHABLE

    def sentence(self, server: str) -> str:
        """Which server, and why."""
        reason = self.reason.rstrip(".")
        if self.kind == "tls":
            return f"kproxy has no TLS connection to {server} that it may trust: {reason}."
        if self.kind == "timeout":
            return f"kproxy got no connection to {server} in time: {reason}."
        return f"kproxy cannot reach {server}: {reason}."
