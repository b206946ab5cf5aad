"""What recorded answers and the target's tell beside each other: learned, of some when it is needed."""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from hashlib import sha256

from kproxy.model.exchange import Answer, Digest, Exchange, header
from kproxy.model.many import frozen_by_type
from kproxy.model.recording import Recording
from kproxy.renaming.itself import may_use
from kproxy.renaming.kinds import Owner, resource_of
from kproxy.renaming.learn import Learner, learn_text
from kproxy.renaming.openapi import OPENAPI, learn_links
from kproxy.renaming.renaming import Renaming
from kproxy.replay.issued import bind_issued
from kproxy.replay.plain import tells_of_itself
from kproxy.wire.content import ContentError, decode

_REMEMBERED = 4096
"""Pairs of answers, by their digests."""

_MOST_PUT_OFF = 8 * 1024 * 1024
"""Bytes of answers that are not learned from yet."""
_LARGEST_PUT_OFF = 64 * 1024
"""Of one."""

_NOTHING = nullcontext()


def learn_head(renaming: Renaming, exchange: Exchange, live: str) -> None:
    """Learn from an answer's Last-Modified what a client's later conditional requests name."""
    recorded = header(exchange.answer.headers, "last-modified") if exchange.answer and live else ""
    if recorded:
        renaming.modified[exchange.request.target.partition("?")[0], recorded] = live


class AnswerLearner:
    """Learns from recorded answers and the target's. The same two beside each other again tell nothing new.

    What a creation tells of its own object only is learned when a request may name that, or anything else is learned:
    always in the order in which the answers came. Of most sessions' creations that is soon, of a mere load never.
    """

    def __init__(self, renaming: Renaming, recording: Recording, *, in_use: Callable[[], bool] = lambda: False) -> None:
        """`in_use`: whether what is learned may be asked for at any time, and not by requests alone."""
        self._renaming = renaming
        self._recording = recording
        self._in_use = in_use
        self._told: dict[tuple[Digest, str], None] = {}
        self._put_off: deque[_Pair] = deque()
        self._bytes = 0
        self.making: Counter[str] = Counter()
        """Creations that are on their way, by resource: which drawn name is whose they alone will tell."""

    def learn(self, exchange: Exchange, media_type: str, data: bytes, *, own_only: bool | None = None) -> None:
        """One more answer. `own_only`: whether the recorded one tells of its own object only; None: nobody looked."""
        answer = exchange.answer
        if answer is None or answer.body.digest is None or not data:
            return
        pair = answer.body.digest, sha256(data).hexdigest()
        if pair[0] == pair[1] or pair in self._told:
            return
        if len(self._told) >= _REMEMBERED:
            self._told.clear()
        making = bool(self.making[resource_of(exchange.info)])
        if not making:
            self._told[pair] = None
        self._put_off.append(_Pair(exchange, answer, media_type, data, making=making))
        self._bytes += len(data)
        if self._in_use() or not self._may_wait(exchange, answer, data, own_only=own_only):
            self.catch_up()
        while self._bytes > _MOST_PUT_OFF:
            self._next()

    def before(self, exchange: Exchange, body: bytes) -> None:
        """A request is about to be written anew: what it may name is learned, if it was not yet."""
        if not self._put_off:
            return
        request = exchange.request
        if may_use(request.target, request.headers, header(request.headers, "content-type"), body):
            self.catch_up()

    def catch_up(self) -> None:
        """Learn what was put off."""
        while self._put_off:
            self._next()

    def _may_wait(self, exchange: Exchange, answer: Answer, data: bytes, *, own_only: bool | None) -> bool:
        if len(data) > _LARGEST_PUT_OFF:
            return False
        if own_only is None and answer.body.digest is not None:
            return tells_of_itself(exchange, self._recording.body(answer.body.digest))
        return bool(own_only)

    def _next(self) -> None:
        pair = self._put_off.popleft()
        self._bytes -= len(pair.data)
        self._learn(pair)

    def under_way(self, exchange: Exchange) -> AbstractContextManager[None]:
        """While a request is on its way: until its answer was learned from."""
        info = exchange.info
        makes = info.verb == "create" and not info.subresource
        return self._making(resource_of(info)) if makes else _NOTHING

    @contextmanager
    def _making(self, resource: str) -> Iterator[None]:
        self.making[resource] += 1
        try:
            yield
        finally:
            self.making[resource] -= 1

    def _learn(self, pair: "_Pair") -> None:
        renaming, answer, info, data = self._renaming, pair.answer, pair.exchange.info, pair.data
        recorded = self._recording.body(answer.body.digest) if answer.body.digest is not None else b""
        if info.path == OPENAPI:
            learn_links(renaming, recorded, data)
        try:
            baseline = decode(header(answer.headers, "content-type"), recorded)
            replayed = decode(pair.media_type, data)
        except ContentError:
            learn_text(renaming, recorded.decode("latin-1"), data.decode("latin-1"))
            return
        bind_issued(renaming, baseline, replayed)
        owner = Owner(listing=info.verb == "list", resource=resource_of(info))
        Learner(renaming, known_only=pair.making).learn(baseline, replayed, owner)


@frozen_by_type(frozen=True, slots=True)
class _Pair:
    """An exchange with its recorded answer, and what the target answered; `making`: creations were on their way."""

    exchange: Exchange
    answer: Answer
    media_type: str
    data: bytes
    making: bool
