"""All rules over a recording."""

from dataclasses import asdict, dataclass

from kproxy.insight.check.conflicts import Conflicts
from kproxy.insight.check.deprecations import Deprecations
from kproxy.insight.check.expired import Expired
from kproxy.insight.check.failing import Failing
from kproxy.insight.check.finding import Finding, Rule, Seen, Thresholds
from kproxy.insight.check.hot_loops import HotLoops
from kproxy.insight.check.no_op_writers import NoOpWriters
from kproxy.insight.check.retries import IgnoredRetryAfter
from kproxy.insight.check.secrets import AllSecrets
from kproxy.insight.check.short_watches import ShortWatches
from kproxy.insight.check.unpaginated import UnpaginatedLists
from kproxy.insight.clients import client_of
from kproxy.insight.cost import cost_of
from kproxy.insight.joined import served
from kproxy.insight.noops import NoOps
from kproxy.model.attribution import Ledger
from kproxy.model.jsontypes import JSONObject
from kproxy.model.recording import Recording

RULES: dict[str, str] = {
    rule.name: rule.explains
    for rule in (
        NoOpWriters,
        UnpaginatedLists,
        HotLoops,
        Failing,
        Expired,
        Conflicts,
        Deprecations,
        ShortWatches,
        IgnoredRetryAfter,
        AllSecrets,
    )
}
"""Each rule's name, and what it finds; in the order of the output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The findings, by rule and then the most first; `exchanges` and `gaps`: of what they are."""

    findings: tuple[Finding, ...]
    thresholds: Thresholds
    exchanges: int
    gaps: int

    def as_json(self) -> JSONObject:
        """The document of `check --json`."""
        return {
            "findings": [finding.as_json() for finding in self.findings],
            "thresholds": asdict(self.thresholds),
            "exchanges": self.exchanges,
            "gaps": self.gaps,
        }


def check(
    recording: Recording, ledger: Ledger, thresholds: Thresholds, names: frozenset[str] = frozenset(RULES)
) -> Checked:
    """Go through a recording once, with the rules of these names."""
    rules = [rule for rule in _rules(recording, thresholds) if rule.name in names]
    no_ops = NoOps(recording, ledger)
    exchanges = 0
    for each in served(recording):
        if each.exchange is None:
            continue
        exchanges += 1
        cost = cost_of(each.exchange, each.calls)
        no_op = no_ops.is_no_op(each.exchange, cost)
        seen = Seen(exchange=each.exchange, client=client_of(each.exchange), cost=cost, no_op=no_op)
        for rule in rules:
            rule.see(seen)
    return Checked(
        findings=tuple(finding for rule in rules for finding in rule.findings()),
        thresholds=thresholds,
        exchanges=exchanges,
        gaps=sum(1 for _ in recording.gaps()),
    )


def _rules(recording: Recording, thresholds: Thresholds) -> list[Rule]:
    return [
        NoOpWriters(thresholds),
        UnpaginatedLists(thresholds),
        HotLoops(thresholds),
        Failing(thresholds),
        Expired(recording),
        Conflicts(thresholds),
        Deprecations(),
        ShortWatches(thresholds),
        IgnoredRetryAfter(),
        AllSecrets(),
    ]
