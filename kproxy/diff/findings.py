"""Where findings are gathered: one unit (an exchange, a key) at a time."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

from kproxy.diff.noise import RULES, Rule
from kproxy.diff.rules import RuleBook
from kproxy.model.api import RequestInfo
from kproxy.model.exchange import Seq
from kproxy.model.jsontypes import JSON
from kproxy.model.verdict import Difference, NoiseCount, Tally

MOST = 10_000
"""Differences, and reasons, that are kept in full; the rest is counted."""

MOST_ALIKE = 1_000
"""Of those at the same place in their documents, and of one kind: what is everywhere hides nothing that is rare."""

_MAX_PLACE = 300
_DIGITS = re.compile(r"\d+")


def _place(found: Difference) -> tuple[str, str, str]:
    """Where in its document a difference is, wherever that document is."""
    path = found.path.removeprefix(found.key) if found.where == "etcd" else found.path
    return found.where, _DIGITS.sub("", path[:_MAX_PLACE]), found.kind


class Findings:
    """Differences, noise and reasons, counted by unit. `strict`: no rule hides anything.

    `rules`: those beside the built-in ones; `info`: what an exchange of the baseline is for. `most`: differences, and
    reasons, that are kept in full.
    """

    def __init__(
        self,
        *,
        strict: bool,
        rules: RuleBook | None = None,
        info: Callable[[Seq], RequestInfo | None] = lambda _: None,
        most: int = MOST,
    ) -> None:
        self.strict = strict
        self._rules = rules or RuleBook()
        self._info = info
        self._most = most
        self._more_reasons = 0
        self.count = 0
        """How many differences there are; `differences` has the first of them."""
        self.differences: list[Difference] = []
        self._counts: list[int] = []  # of each listed one: how many there were with it
        self._unlisted: dict[Seq | str, tuple[int, Difference]] = {}  # by exchange or key, with the count as above
        self._alike: Counter[tuple[str, str, str]] = Counter()
        self.noise: Counter[Rule] = Counter()
        self.reasons: dict[str, None] = {}

    def differ(  # noqa: PLR0913, PLR0917 - a difference has as many parts
        self, seq: Seq | None, where: str, path: str, kind: str, baseline: JSON, replayed: JSON
    ) -> None:
        """One difference, unless a rule that was given hides it."""
        found = Difference(seq=seq, where=where, path=path, kind=kind, baseline=baseline, replayed=replayed)
        if not self.strict and (rule := self._rules.hides(found, self._info)) is not None:
            self.noise[rule] += 1
            return
        self._add(found)

    def _add(self, found: Difference) -> None:
        self.count += 1
        place = _place(found)
        if len(self.differences) < self._most and self._alike[place] < MOST_ALIKE:
            self._alike[place] += 1
            self.differences.append(found)
            self._counts.append(self.count)
        else:
            self._count_only(found)

    def _count_only(self, found: Difference) -> None:
        where = found.key or found.seq or found.where
        if where not in self._unlisted and len(self._unlisted) < self._most:
            self._unlisted[where] = self.count, replace(found, baseline=None, replayed=None)

    def unlisted(self) -> tuple[Difference, ...]:
        """Of those that are counted and not in the list, one for each exchange and key, without its values."""
        return tuple(found for _, found in self._unlisted.values())

    def since(self, count: int) -> list[Difference]:
        """Those in the list that came when there were `count` already."""
        return self.differences[bisect_right(self._counts, count) :]

    def move(self, since: int, placed: Callable[[Difference], Difference]) -> None:
        """The differences in the list since there were `since` are said of another place."""
        at = bisect_right(self._counts, since)
        self.differences[at:] = map(placed, self.differences[at:])

    def withdraw(self, since: int, only: Callable[[Difference], bool] = lambda _: True) -> None:
        """The differences since there were `since` are none; `only`: of those in the list, these."""
        at = bisect_right(self._counts, since)
        kept = [each for each in self.differences[at:] if not only(each)]
        self._alike.subtract(map(_place, self.differences[at:]))
        del self.differences[at:], self._counts[at:]
        while self._unlisted and next(reversed(self._unlisted.values()))[0] > since:
            self._unlisted.popitem()
        self.count = since
        for each in kept:
            self._add(each)

    def hide(self, rule: Rule) -> bool:
        """Whether a rule may hide what was found; counts it if so."""
        if self.strict:
            return False
        self.noise[rule] += 1
        return True

    def cannot_tell(self, reason: str) -> None:
        """Something could not be compared: one sentence with its place."""
        if len(self.reasons) < self._most:
            self.reasons[reason] = None
        elif reason not in self.reasons:
            self._more_reasons += 1

    def noise_counts(self) -> tuple[NoiseCount, ...]:
        """Each rule that hid something, the built-in ones first."""
        given = [rule for rule in self.noise if rule.source != "built-in"]
        return tuple(
            NoiseCount(
                rule=rule.name, ground=rule.ground, count=self.noise[rule], source=rule.source, teachers=rule.teachers
            )
            for rule in (*RULES, *given)
            if self.noise[rule]
        )

    def notes(self) -> Iterator[str]:
        """What to say of rules that were given, and of what was counted and is not listed."""
        if self.strict and self._rules.rules:
            yield f"--strict: none of the {len(self._rules.rules)} rules that were given was applied"
        elif not self.strict:
            yield from self._rules.idle(self.noise)
        if more := self.count - len(self.differences):
            yield f"{more} more differences were counted and are not listed"
        if self._more_reasons:
            yield f"{self._more_reasons} more reasons are not listed"


class Counting:
    """Counts the outcomes of units: `with counting: compare one unit`."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._before = (0, 0)
        self.compared = self.identical = self.equivalent = self.different = 0

    def __enter__(self) -> None:
        self._before = (self._findings.count, self._findings.noise.total())

    def __exit__(self, *_: object) -> None:
        differences, noise = self._before
        self.compared += 1
        if self._findings.count > differences:
            self.different += 1
        elif self._findings.noise.total() > noise:
            self.equivalent += 1
        else:
            self.identical += 1

    def nothing(self) -> None:
        """One unit more, in which nothing differs."""
        self.compared += 1
        self.identical += 1

    def tally(self) -> Tally:
        """What was counted."""
        return Tally(
            compared=self.compared, identical=self.identical, equivalent=self.equivalent, different=self.different
        )
