"""One client connection and its connection to the api-server, sans-I/O: bytes in, actions and records out.

The client's requests go on as they are but for what identity changes in their heads; the server's answers go back as
they are. Both sides are framed on the way, and what that yields is written to the outbox. One server connection belongs
to one client connection: when either ends, so does the other, as if there were no proxy.

What kproxy answers itself (a refusal, an unreachable server) waits its turn behind the answers before it, and the
connection is closed after it.

What rules of --fault do is faulty_tap's: a tap that overrides what is said below to be open to that.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from enum import Enum, auto

from kproxy.model.exchange import End
from kproxy.proxy.handover.backlog import Backlog
from kproxy.proxy.identity.judge import Admitted
from kproxy.proxy.pending import Pending
from kproxy.proxy.status import OwnAnswer, status_answer
from kproxy.proxy.tap.actions import Act, Action, Unreached, Wait
from kproxy.proxy.tap.admission import Admission
from kproxy.proxy.tap.farewell import may_end
from kproxy.proxy.tap.inflight import Inflight
from kproxy.proxy.tap.stalled import Stalled
from kproxy.wire.handoff import RecordType
from kproxy.wire.http1 import (
    AnswerEvent,
    AnswerFramer,
    AnswerHead,
    Body,
    FramingError,
    Informational,
    RequestEvent,
    RequestFramer,
    RequestHead,
    Trailers,
    Tunnel,
    Upgraded,
)

_MAX_REFUSED_HEAD = 64 * 1024
"""Bytes of a request that could not be framed which are recorded."""

MAX_PIPELINED = 256
"""Requests without an answer on one connection, beyond which the client has to wait."""

_LAST_CHUNK = b"0\r\n\r\n"

_ENDED = "the recording was ended"


class _Mode(Enum):
    HTTP = auto()
    TUNNEL = auto()
    REFUSING = auto()  # nothing that the client sends counts any more
    DONE = auto()


def _nothing() -> None:
    """Whoever owns a tap says what waking it means."""


class Tap:
    """See the module. Every method returns the actions to take, in order.

    `wake`: set by the owner, who then calls `resumed`: a verdict for which the client had to wait is there.
    """

    def __init__(
        self,
        admission: Admission,
        backlog: Backlog,
        *,
        server_name: str,
        exec_content: int = 0,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._admission = admission
        self._stalled: Stalled | None = None
        self._spent = False  # the server's connection is of no more use
        self.wake: Callable[[], None] = _nothing
        self._server_name = server_name
        self._clock = clock
        self._requests = RequestFramer()
        self._answers = AnswerFramer()
        self._flight = Inflight(backlog, exec_content)
        self._mode = _Mode.HTTP
        self._wanted = False  # the server
        self._connected = False
        self._before_connect: list[bytes] = []
        self._client_ended = False
        self._server_ended = False
        self._actions: list[Action] = []
        self._draining = False
        self.waits: deque[Wait] = deque()  # for each Act.WAIT one

    @property
    def answered(self) -> AnswerHead | None:
        """The head of the answer that came last."""
        return self._answers.last

    @property
    def waiting(self) -> bool:
        """Whether the client should not be read from for now."""
        if self._mode is _Mode.DONE:
            return False
        if self._stalled is not None:
            return True
        return (self._wanted and not self._connected) or len(self._flight.open) > MAX_PIPELINED

    @property
    def done(self) -> bool:
        """Whether nothing can come of this connection any more."""
        return self._mode is _Mode.DONE

    def client_certificate(self, der: bytes) -> None:
        """The client has shown a certificate that TLS has checked; once, before its first byte."""
        self._admission.shown(der)

    def client_data(self, data: bytes) -> list[Action]:
        """Bytes from the client."""
        now = self._clock()
        if self._client_ended:
            return []  # nothing comes after an end
        if self._stalled is not None:
            self._stalled.later.append(data)
        elif self._mode is _Mode.HTTP:
            self._feed_requests(data, now)
        elif self._mode is _Mode.TUNNEL:
            self._flight.tunnel(data, now, answer=False)
            self._actions.append((Act.TO_SERVER, data))
        return self._take()

    def server_data(self, data: bytes) -> list[Action]:
        """Bytes from the server."""
        now = self._clock()
        if self._mode is _Mode.TUNNEL:
            self._flight.tunnel(data, now, answer=True)
            self._actions.append((Act.TO_CLIENT, data))
        elif self._mode is not _Mode.DONE:
            self._feed_answers(data, now)
            if self._draining:
                self._drain(now)
        return self._take()

    def connected(self, problem: Unreached | None) -> list[Action]:
        """The server is reached, or why not."""
        if self._mode is _Mode.DONE:
            return []
        if problem is not None:
            self._unreachable(problem, self._clock())
            return self._take()
        self._connected = True
        if self._before_connect:
            self._actions.append((Act.TO_SERVER, b"".join(self._before_connect)))
            self._before_connect.clear()
        if self._client_ended:
            self._end_to_server()
        return self._take()

    def client_closed(self) -> list[Action]:
        """The client sends nothing more: it is gone, or it waits for what it has asked for."""
        self._client_ended = True
        if self._mode is _Mode.DONE or self._stalled is not None:
            return []
        self._on_client_closed()
        return self._take()

    def _on_client_closed(self) -> None:
        self._flight.left()
        if not self._flight.open:
            self._finish(End.CLIENT_GONE, "", self._clock())
        elif self._mode is _Mode.TUNNEL and self._server_ended:
            self._finish(End.COMPLETE, "", self._clock())
        elif self._connected:
            self._end_to_server()

    def resumed(self) -> list[Action]:
        """What was waited for may be there: the request that had to wait is judged again, and what came after it."""
        self._resume(self._clock())
        return self._take()

    def resume(self, wait: Wait) -> list[Action]:
        """What a WAIT was for has come."""
        if not self.done:
            wait.then(self._clock())
        return self._take()

    def _resume(self, now: int) -> None:
        stalled = self._stalled
        if stalled is None or self.done:
            return
        self._stalled = None
        admitted = self._in_turn(stalled.head, now)
        if isinstance(admitted, Pending):
            self._stalled = stalled
            admitted.then(self._wake)
            return
        if admitted:
            self._on_requests(stalled.events, stalled.consumed, now, stalled.position)
            self._after_stall(stalled, now)
        if self._client_ended and not (self._stalls() or self.done):
            self._on_client_closed()

    def _stalls(self) -> bool:
        return self._stalled is not None

    def _after_stall(self, stalled: Stalled, now: int) -> None:
        """What came behind a request that had to wait."""
        if self._stalled is not None:  # another one has to
            self._stalled.error, self._stalled.later = stalled.error, stalled.later
        elif self._mode is _Mode.HTTP and stalled.error:
            self._refuse_ambiguous(stalled.error, now)
        elif self._mode is _Mode.HTTP and stalled.later:
            self._feed_requests(b"".join(stalled.later), now)

    def _wake(self) -> None:
        self.wake()

    def server_closed(self, *, clean: bool = True) -> list[Action]:
        """The server sends nothing more; not `clean`: it was cut off, which is no end of a body."""
        self._server_ended = True
        if not self.done:
            self._on_server_closed(self._clock(), clean=clean)
        return self._take()

    def drain(self) -> list[Action]:
        """Begin nothing more: watches end where an event does, what else goes on may finish, then all is closed."""
        self._draining = True
        self._drain(self._clock())
        return self._take()

    def _drain(self, now: int) -> None:
        if self.done:
            return
        if not self._flight.open:
            self._end_all(End.STOPPED, _ENDED, now)
        elif self._may_end():
            if self._answers.chunked:
                self._actions.append((Act.TO_CLIENT, _LAST_CHUNK))
            self._end_all(End.STOPPED, _ENDED, now)

    def _may_end(self) -> bool:
        """Whether the answer that is coming can be ended here so that its client takes it for the server's own end."""
        if self._mode is not _Mode.HTTP or not self._flight.answering:
            return False
        return self._between_events() and may_end(self._flight.open[0].held.records)

    def _between_events(self) -> bool:
        """Whether the client has got whole events only. Open to rules."""
        return self._answers.may_end

    def stop(self, end: End = End.STOPPED, detail: str = _ENDED) -> list[Action]:
        """End everything that goes on."""
        if self._mode is _Mode.TUNNEL and end is End.STOPPED and (farewell := self._flight.farewell()):
            self._actions.append((Act.TO_CLIENT, farewell))
        if not self.done:
            self._end_all(end, detail, self._clock())
        return self._take()

    def _end_all(self, end: End, detail: str, now: int) -> None:
        if self._client_ended and end is End.STOPPED:
            end, detail = End.CLIENT_GONE, "the client closed the connection first"
        self._finish(end, detail, now)

    def _on_server_closed(self, now: int, *, clean: bool) -> None:
        if self._mode is _Mode.TUNNEL:
            self._flight.server_left()
            if self._client_ended:
                self._finish(End.COMPLETE, "", now)
            else:
                self._actions.append((Act.END_TO_CLIENT, b""))
            return
        cut = "in the middle of its answer" if self._answers.cut or self._flight.answering else "without an answer"
        if clean:
            self._on_answers(self._answers.eof(), now)
        if self.done:
            return
        if self._client_ended:
            self._finish(End.CLIENT_GONE, "the client closed the connection first", now)
        else:
            self._finish(End.SERVER_GONE, f"{self._server_name} closed the connection {cut}", now)

    # Requests

    def _feed_requests(self, data: bytes, now: int) -> None:
        """Frame what the client sent; what is whole goes on with its heads rewritten."""
        error = ""
        try:
            events = self._requests.feed(data)
        except FramingError as ambiguous:
            events, error = self._requests.before, str(ambiguous)
        self._on_requests(events, self._requests.consumed, now)
        if error and self._stalled is not None:
            self._stalled.error = error
        elif error and self._mode is _Mode.HTTP:
            self._refuse_ambiguous(error, now)

    def _on_requests(self, events: Iterable[RequestEvent], consumed: bytes, now: int, position: int = 0) -> None:
        events = iter(events)
        for event in events:
            if isinstance(event, RequestHead):
                if event.offset > position:
                    self._to_server(consumed[position : event.offset])
                position = event.offset + len(event.raw)
                if not self._begin(event, events, consumed, position, now):
                    return
            elif isinstance(event, Body):
                self._flight.asking_with(RecordType.REQUEST_BODY, event.content, now)
            elif isinstance(event, Trailers):
                self._flight.asking_with(RecordType.REQUEST_TRAILERS, event.raw, now)
            elif isinstance(event, Tunnel):
                self._flight.tunnel(event.data, now, answer=False)
            else:
                self._asked(now)
        if position < len(consumed):
            self._to_server(consumed[position:] if position else consumed)

    def _begin(
        self, head: RequestHead, following: Iterator[RequestEvent], consumed: bytes, position: int, now: int
    ) -> bool:
        """Begin a request, if it may; `position`: that of what follows its head."""
        admitted = self._in_turn(head, now)
        if isinstance(admitted, Pending):
            self._stalled = Stalled(head, list(following), consumed, position)
            admitted.then(self._wake)
            return False
        return admitted

    def _in_turn(self, head: RequestHead, now: int) -> bool | Pending:
        """Send a head on, or refuse its request and everything after it; Pending: it has to wait. Open to rules."""
        if self._draining:
            return False
        head, verdict, recorded = self._admission.of(head)
        if isinstance(verdict, Admitted):
            return self._go_on(head, verdict, now, recorded=recorded)
        if isinstance(verdict, Pending):
            return verdict
        self._refuse(head.raw, head.method, verdict, now, recorded=recorded)
        return False

    def _asked(self, now: int) -> None:
        """The request that is being read is complete. Open to rules."""
        self._flight.asked(now)

    def _go_on(self, head: RequestHead, verdict: Admitted, now: int, *, recorded: bool) -> bool | Pending:
        """A request that was admitted begins and goes to the server. Open to rules."""
        payload = self._admission.record(head, verdict) if recorded and not self._flight.overflowing else b""
        upgrade = head.target if head.upgrade else b""
        seq = self._flight.begin(payload, head.method, now, upgrade=upgrade, recorded=recorded)
        self._answers.expect(head.method, upgrade=bool(head.upgrade))
        self._to_server(self._admission.onward(head, verdict, seq))
        return True

    def _to_server(self, data: bytes) -> None:
        """Bytes of requests. Open to rules."""
        if self._connected:
            self._actions.append((Act.TO_SERVER, data))
            return
        self._before_connect.append(data)
        if not self._wanted:
            self._wanted = True
            self._actions.append((Act.CONNECT, b""))

    def _end_to_server(self) -> None:
        """Pass the client's half-close on, unless it has sent more that waits for the answer to an upgrade."""
        if self._mode is _Mode.TUNNEL or not (self._flight.awaits_upgrade and self._requests.holds):
            self._actions.append((Act.END_TO_SERVER, b""))

    def _refuse(self, raw: bytes, method: bytes, own: OwnAnswer, now: int, *, recorded: bool = True) -> None:
        self._begin_unjudged(raw, method, now, recorded=recorded)
        self._own_answer(own, End.REFUSED, now)

    def _begin_unjudged(self, raw: bytes, method: bytes, now: int, *, recorded: bool = True) -> None:
        self._flight.begin(self._admission.record_unjudged(raw), method, now, recorded=recorded)

    def _end_stalled(self, now: int) -> None:
        """A request that still waits ends with its connection, and is recorded so."""
        stalled, self._stalled = self._stalled, None
        if stalled is not None and not self._has_begun(stalled.head):
            self._begin_unjudged(stalled.head.raw, stalled.head.method, now)

    def _has_begun(self, head: RequestHead) -> bool:  # noqa: ARG002 - for whoever overrides it
        """Whether a request that waits is in the recording already. Open to rules."""
        return False

    def _refuse_ambiguous(self, sentence: str, now: int) -> None:
        own = status_answer(400, sentence)
        if self._flight.asking is not None:
            self._own_answer(own, End.REFUSED, now)
        else:
            self._refuse(self._requests.held[:_MAX_REFUSED_HEAD], b"", own, now)

    def _own_answer(self, own: OwnAnswer, end: End, now: int) -> None:
        """The last request gets an answer of kproxy's, when the ones before it have theirs."""
        self._mode = _Mode.REFUSING
        self._flight.last_gets(own, end)
        self._answer_own(now)

    def _answer_own(self, now: int) -> None:
        own = self._flight.own_turn(now)
        if own is None:
            return
        if own:
            self._actions.append((Act.TO_CLIENT, own))
        self._end_stalled(now)
        self._flight.finish(End.CLIENT_GONE, "", now)
        self._mode = _Mode.DONE
        self._actions.append((Act.CLOSE_SERVER, b""))
        self._actions.append((Act.CLOSE_CLIENT if self._client_ended else Act.LINGER, b""))

    def _unreachable(self, problem: Unreached, now: int) -> None:
        """Nobody behind us: the first request is told so, those after it have no connection any more."""
        sentence = problem.sentence(self._server_name)
        self._mode = _Mode.REFUSING
        self._flight.all_get(status_answer(problem.status, sentence, self._flight.open[0].method), problem.end)
        self._answer_own(now)

    # Answers

    def _feed_answers(self, data: bytes, now: int) -> None:
        error = ""
        try:
            events = self._answers.feed(data)
        except FramingError as ambiguous:
            events, error = self._answers.before, str(ambiguous)
        self._relay(events, now)
        if error and self._mode is not _Mode.DONE:
            self._ambiguous_answer(error, now)

    def _relay(self, events: list[AnswerEvent], now: int) -> None:
        """What the server said goes to the client, and into the recording. Open to rules."""
        if self._answers.consumed:
            self._actions.append((Act.TO_CLIENT, self._answers.consumed))
        self._on_answers(events, now)

    def _on_answers(self, events: list[AnswerEvent], now: int) -> None:
        flight = self._flight
        for event in events:
            if isinstance(event, Body):
                flight.answer_with(RecordType.ANSWER_BODY, event.content, now)
            elif isinstance(event, AnswerHead):
                self._answer_begins(event, now)
            elif isinstance(event, Trailers):
                flight.answer_with(RecordType.ANSWER_TRAILERS, event.raw, now)
            elif isinstance(event, Informational):
                flight.informed(event.raw, now)
            elif isinstance(event, Tunnel):
                flight.tunnel(event.data, now, answer=True)
            elif isinstance(event, Upgraded):
                flight.upgraded(event.raw, now)
                self._upgrade_answered(now, upgraded=True)
            else:
                flight.answered(now)
        self._answer_own(now)
        if not flight.open:
            self._between(now)

    def _between(self, now: int) -> None:
        """Every request has its answer. Open to rules."""
        if self._spent and self._mode is _Mode.HTTP:
            self._finish(End.COMPLETE, "", now)  # the server refuses what this connection shows: the next shows another

    def _answer_begins(self, head: AnswerHead, now: int) -> None:
        self._flight.answer_with(RecordType.ANSWER_HEAD, head.raw, now)
        if head.status == 401:
            self._spent = self._admission.refused() or self._spent
        if self._flight.open[0].upgrade:
            self._upgrade_answered(now, upgraded=False)

    def _upgrade_answered(self, now: int, *, upgraded: bool) -> None:
        """What the client sent after its request for an upgrade has a meaning now."""
        if upgraded:
            self._mode = _Mode.TUNNEL
        error = ""
        try:
            events = self._requests.answered(upgraded=upgraded)
        except FramingError as ambiguous:
            events, error = self._requests.before, str(ambiguous)
        self._on_requests(events, self._requests.consumed, now)
        if error and self._mode is _Mode.HTTP:
            self._refuse_ambiguous(error, now)
        if self._client_ended and self._flight.open:
            self._end_to_server()

    def _ambiguous_answer(self, sentence: str, now: int) -> None:
        if not self._flight.open or self._flight.answering:
            self._finish(End.SERVER_GONE, sentence, now)
            return
        self._mode = _Mode.REFUSING
        method = self._flight.open[0].method
        own = status_answer(502, f"kproxy cannot tell where the answer of {self._server_name} ends: {sentence}", method)
        self._flight.all_get(own, End.SERVER_GONE)
        self._answer_own(now)

    def _finish(self, end: End, detail: str, now: int) -> None:
        """A client that still sends would lose its answer to a reset: it is read on a while, as Go's servers do."""
        sending = self._server_ended and not self._client_ended and not self._requests.idle
        self._end_stalled(now)
        self._flight.finish(end, detail, now)
        self._mode = _Mode.DONE
        self._actions.append((Act.CLOSE_SERVER, b""))
        self._actions.append((Act.LINGER if sending else Act.CLOSE_CLIENT, b""))

    def _take(self) -> list[Action]:
        actions = self._actions
        self._actions = []
        return actions
