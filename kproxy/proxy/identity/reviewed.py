"""Bearer tokens and whom they name: asked of the api-server by a TokenReview, kept for a while, never in clear.

What is kept is a keyed hash of the token; the key is this process's own. A token that was taken back goes on for
KNOWN_SECONDS at most, as it does with the api-server's own cache.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import blake2b

from kproxy.errors import KproxyError
from kproxy.proxy.identity.caller import Caller, NoCallerError
from kproxy.proxy.pending import Pending

logger = logging.getLogger(__name__)

KNOWN_SECONDS = 30.0
DENIED_SECONDS = 3.0
MAX_KNOWN = 4096
MAX_ASKED = 256
MAX_TOKEN = 64 * 1024
"""Bytes; the api-server's own limit for a whole head is 1 MiB, a service account's token has about 1 KiB."""

type Review = Callable[[str], Awaitable[Caller | None]]
"""Asks the api-server about a token: whom it names, None for nobody. KproxyError if it cannot be asked."""


@dataclass(frozen=True, slots=True)
class Denied:
    """Why a token opens nothing: the status of the answer and its sentence."""

    status: int
    sentence: str


NOBODY = Denied(401, "The api-server does not know the client's bearer token.")
_BUSY = Denied(503, "kproxy already asks the api-server about too many tokens that it does not know.")


class Tokens:
    """Who shows which token. Used from one event loop."""

    def __init__(self, review: Review, clock: Callable[[], float] = time.monotonic) -> None:
        self._review = review
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._known: dict[bytes, tuple[float, Caller | Denied]] = {}
        self._asked: dict[bytes, Pending] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def caller(self, token: bytes) -> Caller | Denied | Pending:
        """Whom a token names. Pending: the api-server is being asked."""
        digest = blake2b(token, digest_size=16, key=self._key).digest()
        known = self._known.get(digest)
        if known is not None and known[0] > self._clock():
            return known[1]
        if (asked := self._asked.get(digest)) is not None:
            return asked
        if not token or len(token) > MAX_TOKEN or not token.isascii():
            return NOBODY
        if len(self._asked) >= MAX_ASKED:
            return _BUSY
        pending = self._asked[digest] = Pending()
        task = asyncio.get_running_loop().create_task(self._ask(digest, token.decode("ascii"), pending))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return pending

    async def close(self) -> None:
        """Ask no more."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _ask(self, digest: bytes, token: str, pending: Pending) -> None:
        try:
            found: Caller | Denied = await self._review(token) or NOBODY
        except NoCallerError as error:
            found = Denied(401, str(error))
        except KproxyError as error:
            found = Denied(503, str(error))
        except Exception as error:
            # Whatever went wrong here, the client would wait for ever.
            logger.exception("kproxy failed to review a token")
            found = Denied(
                500, f"kproxy failed to ask the api-server about the client's token: {type(error).__name__}."
            )
        finally:
            del self._asked[digest]
        while len(self._known) >= MAX_KNOWN:
            del self._known[next(iter(self._known))]
        seconds = KNOWN_SECONDS if isinstance(found, Caller) else DENIED_SECONDS
        self._known.pop(digest, None)  # to the end: the oldest answer goes first
        self._known[digest] = (self._clock() + seconds, found)
        pending.resolve()
