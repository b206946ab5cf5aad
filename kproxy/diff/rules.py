"""Rules of noise beside the built-in ones: those that people write, and those that runs taught.

A rule hides a difference at its place, and counts it. A learned one hides there only what it was taught: the kinds of
difference and the forms of values that its runs showed.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from kproxy.diff.forms import form_of
from kproxy.diff.noise import Rule
from kproxy.diff.rulepath import RulePath, key_matches, place_of
from kproxy.model.api import RequestInfo
from kproxy.model.exchange import Seq
from kproxy.model.jsontypes import JSON
from kproxy.model.verdict import Difference

THERE_OR_NOT = frozenset({"added", "removed"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Teacher:
    """A run that taught a rule: its session, the server's version, when it began (RFC 3339)."""

    session: str
    version: str
    started: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Taught:
    """What the runs showed at a rule's place: kinds of difference, forms of values, how often, and which runs."""

    kinds: frozenset[str]
    forms: frozenset[str]
    times: int
    runs: tuple[Teacher, ...]

    def covers(self, difference: Difference) -> bool:
        """Whether a difference is one of those."""
        return difference.kind in self.kinds and all(form in self.forms for form in forms_in(difference))


def forms_in(difference: Difference) -> tuple[str, ...]:
    """The forms of a difference's values; "" for one that has none. Of a list in another order: both are `list`."""
    if difference.kind == "reordered" and isinstance(difference.baseline, list):
        return ("list",)
    sides: tuple[JSON, ...] = (difference.baseline, difference.replayed)
    if difference.kind in THERE_OR_NOT:
        sides = (difference.replayed if difference.kind == "added" else difference.baseline,)
    return tuple(form_of(side) or "" for side in sides)


@dataclass(frozen=True, slots=True, kw_only=True)
class HidingRule:
    """One rule: where it applies, why, and for a learned one what it was taught.

    `resource`: `group/resource/subresource` (`pods`, `apps/deployments/status`), or a path that is no resource's
    (`/version`); "" for one of keys. `verb`: "" for any. `key`: a pattern of etcd's keys.
    """

    path: RulePath
    reason: str
    resource: str = ""
    verb: str = ""
    key: str = ""
    taught: Taught | None = None

    @property
    def name(self) -> str:
        """What a report calls it."""
        of = self.key or f"{self.verb} {self.resource}".lstrip()
        return f"{of} {self.path.text}"

    def as_noise(self) -> Rule:
        """The rule as it is counted."""
        taught = self.taught
        return Rule(
            name=self.name,
            ground=self.reason,
            place=self.path.text,
            source="user" if taught is None else "learned",
            teachers=tuple(run.session for run in taught.runs) if taught is not None else (),
        )


@dataclass(slots=True)
class RuleBook:
    """All rules that were given, found by what a difference is of."""

    rules: tuple[HidingRule, ...] = ()
    _found: dict[tuple[str, str], list[tuple[HidingRule, Rule]]] = field(init=False)

    def __post_init__(self) -> None:
        self._found = defaultdict(list)
        for rule in self.rules:
            self._found[rule.path.where, rule.resource].append((rule, rule.as_noise()))

    def hides(self, difference: Difference, info: Callable[[Seq], RequestInfo | None]) -> Rule | None:
        """The first rule that hides a difference; `info` tells what its exchange is for."""
        if not self.rules:
            return None
        place = place_of(difference.where, difference.path)
        if place is None:
            return None
        key, steps = place
        of = info(difference.seq) if difference.seq is not None and not key else None
        if of is None and not key:
            return None
        for rule, noise in self._found.get((difference.where, "" if of is None else resource_name(of)), ()):
            if _applies(rule, of, key, steps) and (rule.taught is None or rule.taught.covers(difference)):
                return noise
        return None

    def idle(self, hid: Iterable[Rule]) -> Iterator[str]:
        """What to say of rules that hid nothing: of a person's each, of learned ones how many."""
        busy = {rule.name for rule in hid if rule.source != "built-in"}
        idle = [rule for rule in self.rules if rule.name not in busy]
        yield from (f"the rule {rule.name!r} hid nothing" for rule in idle if rule.taught is None)
        if learned := sum(1 for rule in idle if rule.taught is not None):
            yield f"{learned} of {sum(1 for rule in self.rules if rule.taught is not None)} learned rules hid nothing"


def _applies(rule: HidingRule, of: RequestInfo | None, key: str, steps: tuple[str, ...]) -> bool:
    if of is None:
        return key_matches(rule.key, key) and rule.path.matches(steps)
    return rule.verb in {"", of.verb} and rule.path.matches(steps)


def resource_name(info: RequestInfo) -> str:
    """What a request is for, as a rule names it."""
    if not info.is_resource:
        return info.path
    return "/".join(part for part in (info.group, info.resource, info.subresource) if part)
