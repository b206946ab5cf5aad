"""Rules that runs teach: what differs between two runs of one session on one version says nothing of another version.

Never learned: status codes, an exchange, an object or an event that is missing or more, what etcd holds at all, what
says which object it is.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from kproxy.diff.rulepath import generalised, place_of, rule_path
from kproxy.diff.rules import THERE_OR_NOT, HidingRule, Taught, Teacher, forms_in, resource_name
from kproxy.errors import UsageError
from kproxy.model.api import RequestInfo
from kproxy.model.recording import Recording
from kproxy.model.verdict import Difference

_ANY = re.compile(r"\[[0-9]+\]")

MOST_FORMS = 32
"""Forms of values at one place; where more are seen, nothing can be said of what would be one too many."""


@dataclass(frozen=True, slots=True, order=True)
class Where:
    """A place that differences are taught at."""

    resource: str
    verb: str
    key: str
    path: str


@dataclass(slots=True)
class _Seen:
    kinds: set[str] = field(default_factory=set)
    forms: set[str] = field(default_factory=set)
    times: int = 0
    runs: dict[Teacher, None] = field(default_factory=dict)


@dataclass(slots=True)
class Lessons:
    """What pairs of runs showed. `refused`: differences that no rule may be learned of, by a sentence, how often."""

    seen: dict[Where, _Seen] = field(default_factory=lambda: defaultdict(_Seen))
    refused: Counter[str] = field(default_factory=Counter)

    def take(self, difference: Difference, info: RequestInfo | None, runs: Sequence[Teacher]) -> None:
        """One difference between two runs; `info`: what its exchange is for."""
        try:
            where = _where(difference, info)
        except UsageError as error:
            self.refused[str(error)] += 1
            return
        seen = self.seen[where]
        seen.kinds |= THERE_OR_NOT if difference.kind in THERE_OR_NOT else {difference.kind}
        seen.forms |= set(forms_in(difference))
        seen.times += 1
        seen.runs |= dict.fromkeys(runs)

    def rules(self) -> tuple[HidingRule, ...]:
        """The rules, in an order that depends on nothing else."""
        found = []
        for where, seen in sorted(self.seen.items(), key=lambda item: item[0]):
            if len(seen.forms) > MOST_FORMS:
                self.refused[f"{where.path} of {where.resource or where.key} had too many forms of values"] += 1
                continue
            found.append(_rule(where, seen))
        return tuple(found)


def teacher(recording: Recording) -> Teacher:
    """A recording as the one that teaches."""
    session = recording.session
    return Teacher(session=session.id, version=session.server.version, started=session.started_at)


def check_teachers(runs: Sequence[Teacher]) -> None:
    """UsageError for runs that cannot teach: too few, one twice, or of several versions."""
    if len({each.session for each in runs}) < len(runs):
        raise UsageError("a session teaches nothing beside itself: give recordings of several runs")
    if len(runs) < 2:
        raise UsageError("rules are learned from two runs or more")
    if len(versions := sorted({each.version for each in runs})) > 1:
        raise UsageError(f"runs of several versions ({', '.join(versions)}): what differs may be the version's doing")


def _where(difference: Difference, info: RequestInfo | None) -> Where:
    place = place_of(difference.where, difference.path)
    if place is None:
        raise UsageError(
            f"{difference.where} {_ANY.sub('[*]', difference.path)} {difference.kind}: that is never noise"
        )
    key, steps = place
    path = generalised(steps) if difference.where != "header" else steps[0]
    pattern = f"{key.rpartition('/')[0]}/*" if key else ""
    told = f"{pattern or difference.where} {path} {difference.kind}"
    if not key and info is None:
        raise UsageError(f"{told}: no exchange of the first run stands behind it")
    if "" in forms_in(difference):
        raise UsageError(f"{told}: an object, a list or a long text is more than a rule may learn")
    rule_path(path, key=bool(key))
    if key or info is None:
        return Where("", "", pattern, path)
    return Where(resource_name(info), info.verb, "", path)


def _rule(where: Where, seen: _Seen) -> HidingRule:
    runs = tuple(seen.runs)
    versions = ", ".join(sorted({each.version for each in runs}))
    often = "once" if seen.times == 1 else f"{seen.times} times"
    return HidingRule(
        path=rule_path(where.path, key=bool(where.key)),
        reason=f"differed {often} between {len(runs)} runs on {versions or 'one version'}",
        resource=where.resource,
        verb=where.verb,
        key=where.key,
        taught=Taught(kinds=frozenset(seen.kinds), forms=frozenset(seen.forms), times=seen.times, runs=runs),
    )
