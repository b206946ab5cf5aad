"""kproxy.diff.exchanges: what a node answers."""

from kproxy.model.verdict import Outcome, Verdict
from tests.diff.sessions import PODS, FakeServer, verdict_of


def answered(target: str, first: int, second: int) -> Verdict:
    """One request, as two servers answered it."""
    servers = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    for server, status in zip(servers, (first, second), strict=True):
        server.exchange("GET", target, status, {"code": status})
    return verdict_of(*servers)


def test_a_log_is_not_held_against_a_server_that_has_no_nodes() -> None:
    verdict = answered(f"{PODS}/a/log", 200, 500)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.reasons == ("exchange 1: a node answers log, and the replay's server reached none (500)",)


def test_but_what_the_server_itself_says_is() -> None:
    assert answered(f"{PODS}/a/log", 200, 403).outcome is Outcome.DIFFERENT
    assert answered(f"{PODS}/a", 200, 500).outcome is Outcome.DIFFERENT
    assert answered(f"{PODS}/a/log", 500, 200).outcome is Outcome.DIFFERENT
