"""Mutants that are drawn with a seed: one changed leaf, status, header, watch event or etcd value of a golden's replay.

Each is an edit of the replay's recording, compared with the recorded session as the replay itself was.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from kproxy.correlate.background import background_rule
from kproxy.correlate.ledger import correlate
from kproxy.diff.compare import compare
from kproxy.model.attribution import Ledger
from kproxy.model.etcd import EtcdKey
from kproxy.model.exchange import Seq
from kproxy.model.verdict import NoiseCount, Outcome, Verdict
from tests.diff.conftest import in_memory
from tests.diff.edits import Edit, draw
from tests.mutants.chosen import Choices, Chosen, choices_of
from tests.mutants.ordered import Order, order_of
from tests.support.memory import MemoryRecording


@dataclass
class Pair:
    """A golden and its replay on an honest server, in memory."""

    name: str
    recorded: MemoryRecording
    replayed: MemoryRecording
    ledger: Ledger = field(init=False)
    choices: Choices = field(init=False)
    order: Order = field(init=False)
    noise: tuple[NoiseCount, ...] = ()

    def __post_init__(self) -> None:
        self.ledger = correlate(self.recorded)
        self.choices = choices_of(self.replayed)
        self.order = order_of(choices_of(self.recorded), self.choices, self.recorded, self.replayed)

    def verdict(self, replayed: MemoryRecording) -> Verdict:
        """Compare with the replay, or with an edit of it; the replay sent all that was recorded, in its order."""
        pairs = [(Seq(each.seq), Seq(each.seq)) for each in self.recorded.exchange_list]
        return compare(self.recorded, self.ledger, replayed, correlate(replayed), pairs)


def read_pair(name: str, recorded: Path, replayed: Path) -> Pair:
    """From two stored recordings. ValueError if the replay, as it is, is not equal to its recording."""
    pair = Pair(name, in_memory(recorded), in_memory(replayed))
    verdict = pair.verdict(pair.replayed)
    if verdict.outcome not in {Outcome.IDENTICAL, Outcome.EQUIVALENT}:
        said = [*verdict.differences[:3], *verdict.reasons[:3]]
        raise ValueError(f"{name}: its replay is {verdict.outcome}: {said}")
    pair.noise = verdict.noise
    return pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """What became of one. `chosen`: the kind of value that the server chose there, "" for what it does not choose."""

    golden: str
    number: int
    edit: str
    where: str
    caught: bool
    chosen: str = ""
    bound: str = ""  # why it must be caught although it was chosen: occurs twice | stands in an order
    why: str = ""  # it was not caught
    background: bool = False  # a key that is out of the verdict's scope


def try_drawn(pair: Pair, seed: int, numbers: Iterable[int]) -> list[Drawn]:
    """Draw those with these numbers, and compare each."""
    results = []
    for number in numbers:
        edit = draw(pair.replayed, Random(f"{seed} {pair.name} {number}"))
        verdict = pair.verdict(edit.recording)
        chosen = pair.choices.of(edit)
        caught = verdict.outcome is Outcome.DIFFERENT
        results.append(
            Drawn(
                golden=pair.name,
                number=number,
                edit=str(edit),
                where=edit.where,
                caught=caught,
                chosen=chosen.kind.value if chosen is not None else "",
                bound=_bound(pair, edit, chosen),
                why="" if caught else _why(pair, edit, verdict),
                background=_is_background(edit),
            )
        )
    return results


def _is_background(edit: Edit) -> bool:
    key = edit.path.partition("$")[0].partition(" ")[0]
    return edit.where == "etcd" and background_rule(EtcdKey(key.encode())) is not None


def _why(pair: Pair, edit: Edit, verdict: Verdict) -> str:
    """What hid an edit, as far as the verdict says it."""
    if edit.where == "stream" and edit.after == "swapped":
        return "initial events, or those behind the last recorded one: their order is free"
    if edit.where == "stream" and edit.after == "lost" and edit.index >= _shown(pair, edit):
        return "the recorded watch did not show that event either: its client had left"
    if verdict.outcome is Outcome.INCONCLUSIVE:
        return f"inconclusive: {verdict.reasons[0]}"
    before = {each.rule: each.count for each in pair.noise}
    rules = [each.rule for each in verdict.noise if each.count != before.get(each.rule, 0)]
    return f"the rule {', '.join(rules)}" if rules else "nothing contradicts it"


def _shown(pair: Pair, edit: Edit) -> int:
    """How many events the recorded watch has where an edit is."""
    return sum(each.seq == edit.seq for each in pair.recorded.frame_list)


def _bound(pair: Pair, edit: Edit, chosen: Chosen | None) -> str:
    if chosen is None:
        return ""
    if pair.choices.twice(chosen):
        return "occurs twice"
    return "stands in an order" if pair.order.broken_by(edit, chosen) else ""


@dataclass(frozen=True, slots=True)
class Score:
    """Counts, and what survived."""

    results: tuple[Drawn, ...]

    @property
    def survivors(self) -> list[Drawn]:
        """Those that no difference was reported for."""
        return [each for each in self.results if not each.caught]

    def counts(self) -> dict[str, tuple[int, int]]:
        """Of each class: drawn, survived."""
        drawn, survived = Counter[str](), Counter[str]()
        for each in self.results:
            name = class_of(each)
            drawn[name] += 1
            survived[name] += not each.caught
        return {name: (drawn[name], survived[name]) for name in CLASSES}

    def good(self) -> bool:
        """Of what the server does not choose at most 2 % survive, of chosen values that are bound none."""
        counts = self.counts()
        drawn, survived = counts[NOT_CHOSEN]
        return survived * 50 <= drawn and not counts[BOUND][1]


NOT_CHOSEN, BOUND, FREE = "not chosen by the server", "chosen, bound", "chosen, free"
OUT_OF_SCOPE = "background"
CLASSES = (NOT_CHOSEN, BOUND, FREE, OUT_OF_SCOPE)


def class_of(drawn: Drawn) -> str:
    """Which of the classes it is in."""
    if drawn.background:
        return OUT_OF_SCOPE
    if not drawn.chosen:
        return NOT_CHOSEN
    return BOUND if drawn.bound else FREE
