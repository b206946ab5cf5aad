"""kproxy.replay.grounds."""

import pytest

from kproxy.replay.barriers import BARRIERS
from kproxy.replay.grounds import words


@pytest.mark.parametrize(
    ("ground", "said"),
    [
        (("object", "", "pods", "default", "x"), "same object pods/default/x"),
        (("list", "apps", "deployments", "default"), "lists deployments.apps in default, or changes what is listed"),
        (("list", "apps", "deployments", ""), "lists deployments.apps, or changes what is listed"),
        (("value", "web-x7f2p"), "uses web-x7f2p, first told there"),
        (("seen", ""), "names a uid that its program may have read there"),
        (("connection", "3"), "order of connection 3"),
    ],
)
def test_a_ground_is_said_in_words(ground: tuple[str, ...], said: str) -> None:
    assert words(ground) == said


def test_a_barrier_is_said_with_its_reason() -> None:
    for barrier in BARRIERS:
        assert words((barrier.kind, "x")) == f"{barrier.kind} x: {barrier.reason}"
