"""kproxy.diff.progress: how far a comparison is."""

from kproxy.correlate.ledger import correlate
from kproxy.diff.compare import compare
from kproxy.diff.progress import EVERY, Steps
from tests.diff.sessions import FakeServer


def test_steps_are_told_now_and_then() -> None:
    told: list[tuple[int, int]] = []
    steps = Steps(EVERY + 5, lambda done, total: told.append((done, total)))
    for _ in range(2 * EVERY):
        steps.step()
    assert told == [(EVERY, EVERY + 5), (EVERY + 5, EVERY + 5)]


def test_a_comparison_tells_how_far_it_is() -> None:
    server = FakeServer("a", 1, 7)
    for _ in range(EVERY):
        server.exchange("GET", "/version", 200, {"major": "1"})
    told: list[tuple[int, int]] = []
    ledger = correlate(server.made)
    compare(server.made, ledger, server.made, ledger, notify=lambda done, total: told.append((done, total)))
    assert told == [(EVERY, 2 * EVERY), (2 * EVERY, 2 * EVERY)]
