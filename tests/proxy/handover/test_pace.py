"""How a recorder that competes for a CPU is given less to do, with the time passed in."""

import pytest

from kproxy.proxy.handover.pace import CALM, LEAST_SHARE, SHARE, Pace

WORK = 0.011
"""Seconds for a batch."""


class Recorder:
    """It gets batch after batch, each as soon as it may; `crowded`: it waits for a CPU as long as it works."""

    def __init__(self, *, crowded: bool, share: float = SHARE) -> None:
        self.pace = Pace(share)
        self.now = 0.0
        self.waits = WORK if crowded else WORK / 50
        self.worked = 0.0

    def store(self, batches: int = 1, *, turn: int = 0) -> None:
        """So many, one by one."""
        for _ in range(batches):
            self.now += self.pace.pause(self.now)
            self.pace.begins(self.now)
            self.now += WORK + self.waits
            self.worked += WORK
            self.pace.committed(self.now, WORK, self.waits, turn)

    def share(self, batches: int, *, turn: int = 0) -> float:
        """Of the time, what it works."""
        self.now += self.pace.pause(self.now)
        began, worked = self.now, self.worked
        self.store(batches, turn=turn)
        self.now += self.pace.pause(self.now)
        return (self.worked - worked) / (self.now - began)

    def be_full_again(self, times: int) -> None:
        """The buffer was full so many times, one soon after the other."""
        for turn in range(1, times + 1):
            self.store(turn=turn)
            self.store(turn=0)


def test_a_recorder_with_a_cpu_for_itself_has_no_pauses() -> None:
    recorder = Recorder(crowded=False)
    for turn in (0, 1, 2):
        recorder.store(20, turn=turn)
        assert not recorder.pace.busy
        assert recorder.pace.pause(recorder.now) == 0


def test_one_that_competes_for_it_works_a_quarter_of_the_time_though_all_is_recorded() -> None:
    recorder = Recorder(crowded=True)
    assert recorder.share(50) == pytest.approx(SHARE, rel=0.3)
    assert recorder.pace.busy


def test_a_share_of_its_own_is_what_it_works_while_all_is_recorded() -> None:
    recorder = Recorder(crowded=True, share=LEAST_SHARE)
    assert recorder.share(50) == pytest.approx(LEAST_SHARE, rel=0.3)


def test_so_it_does_when_exchanges_are_left_out_for_the_first_time() -> None:
    assert Recorder(crowded=True).share(50, turn=1) == pytest.approx(SHARE, rel=0.3)


def test_each_time_that_the_buffer_is_full_again_soon_halves_its_share_down_to_the_least() -> None:
    recorder = Recorder(crowded=True)
    shares = [recorder.share(10, turn=turn) for turn in range(1, 8)]
    expected = [SHARE, SHARE / 2, SHARE / 4, *[LEAST_SHARE] * 4]
    assert shares == [pytest.approx(share, rel=0.3) for share in expected]


def test_once_all_is_recorded_again_it_has_its_quarter_however_often_it_was_behind() -> None:
    recorder = Recorder(crowded=True)
    recorder.be_full_again(6)
    assert recorder.share(50, turn=0) == pytest.approx(SHARE, rel=0.3)


def test_after_a_calm_time_the_first_share_is_a_quarter_again() -> None:
    recorder = Recorder(crowded=True)
    recorder.be_full_again(6)
    recorder.now += CALM
    assert recorder.share(10, turn=7) == pytest.approx(SHARE, rel=0.3)


def test_a_long_time_of_leaving_out_is_no_calm_one() -> None:
    recorder = Recorder(crowded=True)
    recorder.store(1000, turn=1)
    assert recorder.now > 3 * CALM
    assert recorder.share(10, turn=2) == pytest.approx(SHARE / 2, rel=0.3)


def test_once_a_cpu_is_free_the_pauses_end() -> None:
    recorder = Recorder(crowded=True)
    recorder.be_full_again(6)
    recorder.store(3, turn=7)
    assert recorder.pace.pause(recorder.now) > 10 * WORK
    recorder.waits = 0.0
    recorder.store(10, turn=7)
    assert not recorder.pace.busy
    assert recorder.pace.pause(recorder.now) == 0


def test_what_was_under_way_when_it_began_is_paid_for_too() -> None:
    pace = Pace()
    pace.begins(0.0)
    for batch in (1, 2, 3):
        pace.committed(batch * 2 * WORK, WORK, WORK, 1)
    assert pace.pause(6 * WORK) == pytest.approx(3 * WORK * (1 / SHARE - 1) - 4 * WORK)


def test_what_it_did_for_others_meanwhile_is_not_paid_for() -> None:
    pace = Pace()
    pace.begins(3600.0)
    pace.committed(3600.02, worked=300.0, waited=300.0)
    assert pace.pause(3600.02) == pytest.approx(0.02 * (1 / SHARE - 1))
