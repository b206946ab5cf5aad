"""How far a replay is, in a line: counted with each of the engine's events, made into words only when it is shown."""

from dataclasses import dataclass

from kproxy.replay.events import AnswerReceived, ReplayEvent, ReplayStarted, RequestSent, Throttled, Waiting

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_LONGEST = 60


@dataclass(slots=True)
class ReplayStatus:
    """`requests`: how many there are to send; `last`: the last one; `waiting`: for what, "" where for nothing."""

    requests: int = 0
    sent: int = 0
    writes: int = 0
    throttled: int = 0
    last: str = ""
    waiting: str = ""

    def note(self, event: ReplayEvent) -> None:
        """One more event."""
        if isinstance(event, RequestSent):
            if not event.again:
                self.sent += 1
                self.writes += event.method not in _READS
            self.last, self.waiting = f"{event.method} {event.target}", ""
        elif isinstance(event, AnswerReceived):
            self.waiting = ""
        elif isinstance(event, Waiting):
            self.waiting = event.what
        elif isinstance(event, Throttled):
            self.throttled += 1
            self.waiting = f"the target's throttling, for {event.seconds:.0f} s"
        elif isinstance(event, ReplayStarted):
            self.requests = event.requests

    @property
    def line(self) -> str:
        """Writes, throttled, and what it does."""
        counted = [f"{self.writes:,} writes"] if self.writes else []
        counted += [f"{self.throttled:,} throttled"] if self.throttled else []
        doing = f"waits for {self.waiting}" if self.waiting else self.last
        return ", ".join([*counted, doing[:_LONGEST]])
