"""A rule over a told session."""

from kproxy.insight.check.finding import Finding, Rule, Seen
from kproxy.insight.clients import client_of
from kproxy.insight.cost import NO_COST, Cost
from kproxy.model.exchange import Seq
from tests.support.told import Told


def found(rule: Rule, told: Told, costs: dict[Seq, Cost] | None = None) -> list[Finding]:
    """What a rule finds; `costs`: of some exchanges."""
    no_ops = {write.seq for write in told.no_ops}
    for exchange in told.recording.exchanges():
        cost = (costs or {}).get(exchange.seq, NO_COST)
        rule.see(Seen(exchange=exchange, client=client_of(exchange), cost=cost, no_op=exchange.seq in no_ops))
    return rule.findings()
