"""A COMMAND as a child."""

import asyncio
import os
import signal

import pytest

from kproxy.session.command import run_command

pytestmark = pytest.mark.process


def test_ctrl_c_never_loses_the_exit_code_of_a_command_that_dies_of_it() -> None:
    for _ in range(20):
        code = asyncio.run(run_command(("sh", "-c", "kill -INT $PPID; kill -INT $$"), os.environ))
        assert code == 128 + signal.SIGINT


def test_sigterm_is_handed_on_and_what_it_was_for_before_it_is_for_again() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    try:
        for _ in range(20):
            code = asyncio.run(run_command(("sh", "-c", "kill -TERM $PPID; exec sleep 600"), os.environ))
            assert code == 128 + signal.SIGTERM
        assert heard == []
        os.kill(os.getpid(), signal.SIGTERM)
        assert heard == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)
