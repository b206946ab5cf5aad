"""kproxy.replay.polling."""

import asyncio

from kproxy.replay.polling import Polling, shows_state
from kproxy.replay.states import state_of

TEXT = (("Content-Type", "text/plain"),)
WANTED = state_of(200, "text/plain", b"ready")


def attempts(*answers: bytes, patience: float = 60.0, still: float | None = None) -> tuple[int, list[float], list[int]]:
    """How many were made, the pauses between them, and what was said at the end."""
    pauses: list[float] = []
    said: list[int] = []

    async def pause(seconds: float) -> bool:
        pauses.append(seconds)
        return len(pauses) < 10

    async def run() -> int:
        polling = Polling(shows_state(WANTED), patience, pause, said.append, still)
        for number, answer in enumerate(answers, 1):
            if not await polling.again(200, TEXT, answer):
                return number
        return 0

    return asyncio.run(run()), pauses, said


def test_the_state_that_was_recorded_ends_it() -> None:
    assert attempts(b"ready") == (1, [], [])
    assert attempts(b"no", b"no", b"ready", b"no") == (3, [0.05, 0.1], [])


def test_pauses_grow_to_half_a_second() -> None:
    assert attempts(*[b"no"] * 6)[1] == [0.05, 0.1, 0.2, 0.4, 0.5, 0.5]


def test_after_its_time_the_last_answer_counts_and_that_is_said() -> None:
    assert attempts(b"no", b"no", patience=0.0) == (1, [], [1])


def test_who_is_stopped_asks_no_more() -> None:
    assert attempts(*[b"no"] * 20) == (10, [0.05, 0.1, 0.2, 0.4, *[0.5] * 6], [])


def test_a_state_that_goes_on_changing_is_waited_for_and_one_that_stays_is_the_last_one() -> None:
    assert attempts(b"1", b"2", b"3", b"ready", still=0.0) == (4, [0.05, 0.1, 0.2], [])
    assert attempts(b"1", b"2", b"2", b"ready", still=0.0) == (3, [0.05, 0.1], [3])
    assert attempts(b"1", b"1", b"ready", still=60.0) == (3, [0.05, 0.1], [])
