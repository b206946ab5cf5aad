"""kproxy.insight.check.retries."""

import pytest

from kproxy.insight.check.retries import IgnoredRetryAfter
from tests.insight.check.seeing import found
from tests.support.told import Told

PODS = "/api/v1/pods"


def wait(seconds: str) -> tuple[tuple[str, str], ...]:
    return (("Retry-After", seconds),)


@pytest.mark.parametrize(
    ("status", "said", "again", "early"),
    [(429, "2", 1.0, 1), (503, "2", 1.0, 1), (429, "2", 2.5, 0), (429, "soon", 0.1, 0), (429, "99999999", 0.1, 0),
     (500, "2", 0.1, 0)],
)  # fmt: skip
def test_a_request_that_does_not_wait_as_long_as_it_was_asked_to_is_found(
    status: int, said: str, again: float, early: int
) -> None:
    told = Told()
    told.ask("GET", PODS, status, answer_headers=wait(said))
    told.ask("GET", PODS, at=again)
    told.ask("GET", PODS, at=again)
    assert [each.count for each in found(IgnoredRetryAfter(), told)] == ([early] if early else [])


def test_another_request_need_not_wait() -> None:
    told = Told()
    told.ask("GET", PODS, 429, answer_headers=wait("5"))
    told.ask("GET", "/api/v1/nodes", at=0.1)
    told.ask("GET", PODS, at=0.1, agent="other/1")
    assert found(IgnoredRetryAfter(), told) == []
