"""kproxy.diff.throttled: a recorded 429 to a read."""

import pytest

from kproxy.model.jsontypes import JSON
from kproxy.model.verdict import Outcome, Verdict
from tests.diff.sessions import PODS, FakeServer, verdict_of

LATER = (("Retry-After", "1"),)
SAID: JSON = {
    "kind": "Status",
    "status": "Failure",
    "code": 429,
    "reason": "TooManyRequests",
    "message": "storage is (re)initializing",
}


def compared(  # noqa: PLR0913 - two answers
    method: str = "GET",
    target: str = f"{PODS}/a",
    status: int = 429,
    headers: tuple[tuple[str, str], ...] = LATER,
    there: int = 200,
    *,
    strict: bool = False,
) -> Verdict:
    """The verdict when one server puts a request off, and the other one does not."""
    first, second = FakeServer("a", 100, 7, etcd=False), FakeServer("b", 5000, 15, etcd=False)
    first.exchange(method, target, status, SAID, headers=headers)
    second.exchange(method, target, there, second.pod(1) if there < 300 else SAID)
    return verdict_of(first, second, strict=strict)


def test_a_read_that_was_put_off_in_the_recording_may_be_answered_at_once() -> None:
    verdict = compared()
    assert (verdict.outcome, [(each.rule, each.count) for each in verdict.noise]) == (
        Outcome.EQUIVALENT,
        [("throttled-there", 1)],
    )
    assert compared(strict=True).outcome is Outcome.DIFFERENT


@pytest.mark.parametrize(
    "verdict",
    [
        compared("POST", f"{PODS}/a/eviction"),
        compared("DELETE"),
        compared(headers=()),
        compared(status=409),
        compared(there=404),
        compared(there=500),
    ],
)
def test_no_write_and_no_other_refusal_is_hidden_by_that(verdict: Verdict) -> None:
    assert verdict.outcome is Outcome.DIFFERENT
