"""What a replay stands on while it is driven."""

import errno
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from kproxy.session.driving import preempting_nobody

pytestmark = pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="no such policies here")


def policies(before: int) -> list[int]:
    """A thread's before, within and behind, where it has `before` to begin with."""
    os.sched_setscheduler(0, before, os.sched_param(0))
    found = [os.sched_getscheduler(0)]
    with preempting_nobody():
        found.append(os.sched_getscheduler(0))
    return [*found, os.sched_getscheduler(0)]


def in_a_thread_of_its_own(before: int) -> list[int]:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(policies, before).result()


def test_a_replay_is_a_batch_as_long_as_it_is_driven() -> None:
    assert in_a_thread_of_its_own(os.SCHED_OTHER) == [os.SCHED_OTHER, os.SCHED_BATCH, os.SCHED_OTHER]


@pytest.mark.parametrize("policy", ["SCHED_BATCH", "SCHED_IDLE"])
def test_a_policy_that_somebody_chose_is_kept(policy: str) -> None:
    chosen = getattr(os, policy)
    assert in_a_thread_of_its_own(chosen) == [chosen] * 3


@pytest.mark.parametrize("call", ["sched_getscheduler", "sched_setscheduler"])
@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOSYS])
def test_where_no_policy_can_be_chosen_nothing_is_said_of_it(
    monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    """As a container may have it, and as musl has it."""
    before = os.sched_getscheduler(0)

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as refusing:
        refusing.setattr(os, call, refuse)
        with preempting_nobody():
            pass
    assert os.sched_getscheduler(0) == before


def test_where_there_is_no_such_policy_nothing_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on the BSDs."""
    monkeypatch.delattr(os, "SCHED_BATCH")
    with preempting_nobody():
        assert os.sched_getscheduler(0) == os.SCHED_OTHER
