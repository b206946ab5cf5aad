"""kproxy.replay.lasting: how long exchanges lasted, and how long a watch may."""

from dataclasses import replace

import pytest

from kproxy.model.exchange import Exchange, Nanos
from kproxy.replay.lasting import allowed_seconds, ends_by_itself, granted_seconds, is_left, seconds_of
from tests.replay.test_sights import PODS, exchanged


def lasted(seconds: float, query: str = "watch=1&timeoutSeconds=30") -> Exchange:
    """A request that lasted for so long."""
    made = exchanged("GET", f"{PODS}?{query}")[1]
    return replace(made, started=Nanos(5), ended=Nanos(5 + int(seconds * 1e9)))


def test_what_is_not_over_has_lasted_for_nothing() -> None:
    assert seconds_of(lasted(1.5)) == 1.5
    assert seconds_of(replace(lasted(1.5), ended=None)) == 0


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        ("30", 30),
        ("", 1800),
        ("-1", 1800),
        ("x", 1800),
        ("999999999", 999_999_999),
        ("9" * 10, 1800),
    ],
)
def test_a_watch_lives_as_long_as_was_asked_for_or_as_the_server_lets_it(asked: str, granted: int) -> None:
    assert granted_seconds(lasted(1, f"watch=1&timeoutSeconds={asked}")) == granted
    assert granted_seconds(lasted(1, "watch=1")) == 1800


def test_a_watch_that_ended_after_long_is_left_in_a_replay_however_it_ended() -> None:
    """A replay that took twice as long as its recording lacked what came behind the end of the watch's ten minutes."""
    assert ends_by_itself(lasted(59, "watch=1&timeoutSeconds=59"))
    assert not is_left(lasted(59, "watch=1&timeoutSeconds=59"))
    assert is_left(lasted(60, "watch=1&timeoutSeconds=60"))
    assert is_left(lasted(1801, "watch=1"))
    assert not is_left(lasted(60, "timeoutSeconds=60"))


def test_a_watch_was_left_if_it_ended_before_its_time_and_then_may_live_longer_in_a_replay() -> None:
    left, ended, read = lasted(29.9), lasted(30), lasted(1, "timeoutSeconds=30")
    assert (is_left(left), is_left(ended), is_left(read)) == (True, False, False)
    assert (allowed_seconds(left), allowed_seconds(ended), allowed_seconds(read)) == (3600, 30, 30)
