"""Exchanges that stand beside none, and what was done to exchanges on purpose."""

from collections import Counter
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from kproxy.diff.gaps import MissingExchanges, gap_text
from kproxy.diff.pairing import Pairing
from kproxy.diff.sides import Comparison
from kproxy.model.exchange import End, Exchange, Seq


@dataclass(slots=True)
class Alone:
    """Judges them as they come. `unsent`, `apart` and `stopped` are those of `compare`."""

    of: Comparison
    unsent: Mapping[Seq, str]
    apart: AbstractSet[int]
    stopped: str
    pairing: Pairing
    _baseline: Counter[str] = field(default_factory=Counter)
    _replayed: Counter[str] = field(default_factory=Counter)
    _seen: int = 0
    _lost: tuple[MissingExchanges, MissingExchanges] = field(init=False)

    def __post_init__(self) -> None:
        self._lost = MissingExchanges(self.of.baseline.recording), MissingExchanges(self.of.replayed.recording)

    def see(self, baseline: Exchange, replayed: Exchange) -> None:
        """A pair, of which only the faults count here."""
        self._seen += 1
        if baseline.fault:
            self._baseline[baseline.fault] += 1
        if replayed.fault:
            self._replayed[replayed.fault] += 1

    def see_equal(self) -> None:
        """A pair without any fault."""
        self._seen += 1

    def of_the_baseline(self, exchange: Exchange) -> None:
        """One that the replay has no counterpart of."""
        self._seen += 1
        if exchange.fault:
            self._baseline[exchange.fault] += 1
        if exchange.end is End.REFUSED:
            return
        findings, seq = self.of.findings, exchange.seq
        if seq in self.unsent:
            findings.cannot_tell(f"exchange {seq} was not replayed: {self.unsent[seq]}")
        elif self.stopped:
            return  # the replay did not come to it
        elif exchange.end is End.UNREACHABLE:
            findings.cannot_tell(f"exchange {seq} never reached the recorded server")
        elif exchange.answer is not None and (gap := self._lost[1].take(self.pairing.around(seq))):
            findings.cannot_tell(f"exchange {seq} falls into a gap of the replay's recording: {gap_text(gap)}")
        else:
            findings.differ(seq, "missing", "exchange", "removed", _request(exchange), None)

    def of_the_replay(self, exchange: Exchange) -> None:
        """One that the baseline has no counterpart of."""
        if exchange.fault:
            self._replayed[exchange.fault] += 1
        if exchange.seq in self.apart or exchange.end is End.REFUSED:
            return
        if exchange.answer is not None and self._lost[0].take(self.pairing.around_back(exchange.seq)):
            return  # that there is a gap is said already
        self.of.findings.differ(None, "extra", f"exchange {exchange.seq}", "added", None, _request(exchange))

    def stopped_after(self, compared: int) -> None:
        """All was seen: say how much a replay that ended before its time came to."""
        if self.stopped:
            self.of.findings.cannot_tell(f"{self.stopped}; {compared} of {self._seen} exchanges compared")

    def faults(self) -> Iterator[str]:
        """What went wrong on purpose: no server can be blamed for it."""
        for rules, whose in ((self._baseline, "baseline"), (self._replayed, "replay")):
            for rule, count in sorted(rules.items()):
                yield f"the {whose} was recorded with a fault on purpose: {rule!r} touched {count} of its exchanges"


def _request(exchange: Exchange) -> str:
    return f"{exchange.request.method} {exchange.request.target}"
