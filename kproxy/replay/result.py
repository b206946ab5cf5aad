"""What a replay did. Small for a million exchanges: numbers are in arrays, reasons are kept once."""

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from kproxy.model.exchange import Seq
from kproxy.renaming.renaming import Renaming
from kproxy.replay.events import WaitedInVain


class Pairs:
    """Which exchange of the replay stands for which of the recording, in the order in which they were over."""

    def __init__(self) -> None:
        self._recorded = array("Q")
        self._replayed = array("Q")

    def add(self, recorded: Seq, replayed: int) -> None:
        """One more."""
        self._recorded.append(recorded)
        self._replayed.append(replayed)

    def __len__(self) -> int:
        return len(self._recorded)

    def __iter__(self) -> Iterator[tuple[Seq, Seq]]:
        return zip(map(Seq, self._recorded), map(Seq, self._replayed), strict=True)


class Reasons(Mapping[Seq, str]):
    """A reason for each of many exchanges."""

    def __init__(self) -> None:
        self._texts: dict[str, int] = {}
        self._seqs = array("Q")
        self._numbers = array("L")
        self._sorted = True

    def add(self, seq: Seq, reason: str) -> None:
        """One more; the first one said of an exchange counts."""
        self._sorted = self._sorted and (not self._seqs or self._seqs[-1] < seq)
        self._seqs.append(seq)
        self._numbers.append(self._texts.setdefault(reason, len(self._texts)))

    def __getitem__(self, seq: Seq) -> str:
        self._sort()
        place = bisect_left(self._seqs, seq)
        if place == len(self._seqs) or self._seqs[place] != seq:
            raise KeyError(seq)
        return list(self._texts)[self._numbers[place]]

    def __iter__(self) -> Iterator[Seq]:
        self._sort()
        return map(Seq, self._seqs)

    def __len__(self) -> int:
        self._sort()
        return len(self._seqs)

    def _sort(self) -> None:
        if self._sorted:
            return
        found: dict[int, int] = {}
        for seq, number in zip(self._seqs, self._numbers, strict=True):
            found.setdefault(seq, number)
        ordered = sorted(found)
        self._seqs = array("Q", ordered)
        self._numbers = array("L", (found[seq] for seq in ordered))
        self._sorted = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """Why a replay did not come to its end, and the recorded exchange that it had come to.

    `reason`: a part of a sentence, "stopped by SIGINT". `signal`: the one that it was, 0: none.
    """

    seq: Seq
    reason: str
    signal: int = 0

    def __str__(self) -> str:
        """`stopped by SIGINT at exchange 17`."""
        return f"{self.reason} at exchange {self.seq}"


@dataclass(slots=True, kw_only=True)
class ReplayResult:
    """What a replay did.

    `renaming`: what was learned, as far as a request needed it (learning.py). `pairs`: what is to be compared.
    `unsent`: what was not sent, or not to its end, and why. `excused`: what was sent, and whose outcome says
    nothing of the server, and why. `apart`: exchanges of the replay's own recording that stand for none: a request
    that the target throttled and that was sent again, one that was on its way when the replay was stopped, a read
    whose state was still to come. `throttled`: answers that were waited out. `folded`: what was not sent because it
    only repeats the state that another exchange showed, and that one. `missed`: reads that were sent again and
    again, and whose state did not come; `passed`: and whose state had only been passed through. `early`: watches that
    the target ended before half of their time was over, though their client was still there.
    """

    renaming: Renaming
    pairs: Pairs = field(default_factory=Pairs)
    unsent: Reasons = field(default_factory=Reasons)
    excused: Reasons = field(default_factory=Reasons)
    apart: array[int] = field(default_factory=lambda: array("Q"))
    waited_in_vain: list[WaitedInVain] = field(default_factory=list)
    throttled: int = 0
    folded: Mapping[Seq, Seq] = field(default_factory=dict)
    missed: list[Seq] = field(default_factory=list)
    passed: list[Seq] = field(default_factory=list)
    early: list[Seq] = field(default_factory=list)
    sent: int = 0
    stopped: Stopped | None = None
