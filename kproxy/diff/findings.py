"""Where findings are gathered: one unit (an exchange, a key) at a time."""

from collections import Counter

from kproxy.diff.noise import RULES, Rule
from kproxy.model.exchange import Seq
from kproxy.model.jsontypes import JSON
from kproxy.model.verdict import Difference, NoiseCount, Tally


class Findings:
    """Differences, noise and reasons, counted by unit. `strict`: no rule hides anything."""

    def __init__(self, *, strict: bool) -> None:
        self.strict = strict
        self.differences: list[Difference] = []
        self.noise: Counter[Rule] = Counter()
        self.reasons: dict[str, None] = {}

    def differ(  # noqa: PLR0913, PLR0917 - a difference has as many parts
        self, seq: Seq | None, where: str, path: str, kind: str, baseline: JSON, replayed: JSON
    ) -> None:
        """One difference."""
        self.differences.append(
            Difference(seq=seq, where=where, path=path, kind=kind, baseline=baseline, replayed=replayed)
        )

    def hide(self, rule: Rule) -> bool:
        """Whether a rule may hide what was found; counts it if so."""
        if self.strict:
            return False
        self.noise[rule] += 1
        return True

    def cannot_tell(self, reason: str) -> None:
        """Something could not be compared: one sentence with its place."""
        self.reasons[reason] = None

    def noise_counts(self) -> tuple[NoiseCount, ...]:
        """Each rule that hid something."""
        return tuple(
            NoiseCount(rule=rule.name, ground=rule.ground, count=self.noise[rule]) for rule in RULES if self.noise[rule]
        )


class Counting:
    """Counts the outcomes of units: `with counting: compare one unit`."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._before = (0, 0)
        self.compared = self.identical = self.equivalent = self.different = 0

    def __enter__(self) -> None:
        self._before = (len(self._findings.differences), self._findings.noise.total())

    def __exit__(self, *_: object) -> None:
        differences, noise = self._before
        self.compared += 1
        if len(self._findings.differences) > differences:
            self.different += 1
        elif self._findings.noise.total() > noise:
            self.equivalent += 1
        else:
            self.identical += 1

    def tally(self) -> Tally:
        """What was counted."""
        return Tally(
            compared=self.compared, identical=self.identical, equivalent=self.equivalent, different=self.different
        )
