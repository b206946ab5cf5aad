"""A tap on which things go wrong on purpose (--fault).

The requests of a connection go one after the other here: one whose predecessor is not over waits, and so does one that
a rule delays; so nothing else goes on when a fault begins.
"""

import time
from collections.abc import Callable, Iterable, Iterator

from kproxy.model.exchange import Altered, End
from kproxy.proxy.faults.editing import EditedAnswer
from kproxy.proxy.faults.touch import Fault, Faults, expects, without_coding
from kproxy.proxy.handover.backlog import Backlog
from kproxy.proxy.identity.judge import Admitted
from kproxy.proxy.pending import Pending
from kproxy.proxy.tap.actions import Act, Wait, after
from kproxy.proxy.tap.admission import Admission
from kproxy.proxy.tap.tap import Tap
from kproxy.wire.http1 import AnswerEvent, AnswerHead, RequestEvent, RequestHead, Upgraded

FAULT = int(Altered.FAULT)
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class FaultyTap(Tap):
    """See the module. Everything else is a Tap's."""

    def __init__(  # noqa: PLR0913 - a tap's own, and the rules
        self,
        faults: Faults,
        admission: Admission,
        backlog: Backlog,
        *,
        server_name: str,
        exec_content: int = 0,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        super().__init__(admission, backlog, server_name=server_name, exec_content=exec_content, clock=clock)
        self._faults = faults
        self._fault: Fault | None = None  # that touches what goes on
        self._edited: EditedAnswer | None = None  # and changes its answer
        self._delayed: Fault | None = None  # whose request has begun and waits
        self._delaying = False  # its time has not come
        self._swallowing = False  # the request that is being read, or was read last, goes nowhere
        self._declined = False  # it was one for an upgrade

    # What a tap leaves open

    def _begin(
        self, head: RequestHead, following: Iterator[RequestEvent], consumed: bytes, position: int, now: int
    ) -> bool:
        self._swallowing = False
        return super()._begin(head, following, consumed, position, now)

    def _in_turn(self, head: RequestHead, now: int) -> bool | Pending:
        if self._flight.open and self._delayed is None and not self._draining:
            return Pending()
        return super()._in_turn(head, now)

    def _on_requests(self, events: Iterable[RequestEvent], consumed: bytes, now: int, position: int = 0) -> None:
        super()._on_requests(events, consumed, now, position)
        if self._declined:  # a rule has answered a request for an upgrade: what the client sent after it are requests
            self._declined = False
            if not self.done:
                self._upgrade_answered(now, upgraded=False)

    def _asked(self, now: int) -> None:
        if self._swallowing:
            self._answer_fault(now)
        else:
            super()._asked(now)

    def _to_server(self, data: bytes) -> None:
        if not self._swallowing:
            super()._to_server(data)

    def _has_begun(self, head: RequestHead) -> bool:
        return self._delayed is not None or super()._has_begun(head)

    def _relay(self, events: list[AnswerEvent], now: int) -> None:
        if self._fault is None or not self._touched(self._fault, events, now):
            super()._relay(events, now)

    def _between_events(self) -> bool:
        return self._edited is not None or super()._between_events()

    def _between(self, now: int) -> None:
        super()._between(now)
        self._over(now)

    # What rules do

    def _go_on(self, head: RequestHead, verdict: Admitted, now: int, *, recorded: bool) -> bool | Pending:
        """A request that a rule touches begins, and is sent on when its time has come, or answered here."""
        fault = self._delayed or self._faults.touch(head)
        if fault is None:
            return super()._go_on(head, verdict, now, recorded=recorded)
        if self._delayed is None:
            self._begin_faulted(head, verdict, fault, now, recorded=recorded)
        if self._delaying:
            return Pending()
        self._delayed = None
        if fault.own is None:
            self._answers.expect(head.method, upgrade=bool(head.upgrade))
            onward = self._admission.onward(head, verdict, self._flight.seq)
            self._to_server(without_coding(onward) if fault.edit is not None else onward)
            return True
        self._swallowing = True
        if head.length and expects(head):
            self._flight.informed(CONTINUE, now)
            self._actions.append((Act.TO_CLIENT, CONTINUE))
        return True

    def _begin_faulted(self, head: RequestHead, verdict: Admitted, fault: Fault, now: int, *, recorded: bool) -> None:
        self._fault = fault
        altered = FAULT if fault.own is not None or fault.edit is not None else 0
        payload = self._admission.record(head, verdict, altered) if recorded and not self._flight.overflowing else b""
        upgrade = head.target if head.upgrade else b""
        self._flight.begin(payload, head.method, now, upgrade=upgrade, recorded=recorded)
        if fault.edit is None:
            self._flight.fault(fault.rule.text, now)
        if fault.rule.delay:
            self._delayed, self._delaying = fault, True
            self._wait(after(fault.rule.delay, self._delay_over))

    def _delay_over(self, now: int) -> None:
        self._delaying = False
        self._resume(now)

    def _answer_fault(self, now: int) -> None:
        """The request that is answered in the server's place is complete."""
        fault, self._fault = self._fault, None
        if fault is None or fault.own is None:  # its END has been taken
            return
        self._declined = bool(self._flight.open[0].upgrade)
        self._flight.own_answered(fault.own, now)
        self._actions.append((Act.TO_CLIENT, fault.own.wire))
        if fault.closes:
            self._finish(End.CLIENT_GONE, "", now)

    def _wait(self, wait: Wait) -> None:
        self.waits.append(wait)
        self._actions.append((Act.WAIT, b""))

    def _touched(self, fault: Fault, events: list[AnswerEvent], now: int) -> bool:
        """What a rule does to an answer; False: nothing, or nothing to these bytes."""
        head = next((event for event in events if isinstance(event, AnswerHead | Upgraded)), None)
        if head is not None:
            if fault.cuts_at_once:
                self._cut(now)
                return True
            if fault.edit is not None and isinstance(head, AnswerHead) and fault.edit.begins(head):
                self._edited = EditedAnswer(fault.edit, self._flight)
            if fault.rule.after_seconds is not None:
                self._wait(after(fault.rule.after_seconds, lambda now: self._timed(fault, now)))
        if self._edited is None:
            return False
        self._actions += self._edited.take(events, now)
        self._after_edited(self._edited, now)
        return True

    def _timed(self, fault: Fault, now: int) -> None:
        """The time of a rule has come, if its exchange still goes on."""
        if self._fault is not fault:
            return
        if fault.edit is None:
            self._cut(now)
        elif self._edited is not None:
            self._actions += self._edited.expire(now)
            self._after_edited(self._edited, now)

    def _after_edited(self, edited: EditedAnswer, now: int) -> None:
        if edited.cut:
            self._cut(now)
        elif edited.expired:
            self._finish(End.COMPLETE, "", now)
        elif not self._flight.open:
            self._over(now)

    def _over(self, now: int) -> None:
        """Nothing goes on any more: the next one's turn."""
        self._fault = self._edited = None
        self._resume(now)

    def _cut(self, now: int) -> None:
        """As a server that died."""
        self._finish(End.SERVER_GONE, "cut by a rule of --fault", now)
