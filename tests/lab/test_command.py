"""A COMMAND as a child."""

import os
import signal

import pytest

from kproxy.lab.command import run_command

pytestmark = pytest.mark.process


def test_ctrl_c_never_loses_the_exit_code_of_a_command_that_dies_of_it() -> None:
    for _ in range(20):
        assert run_command(("sh", "-c", "kill -INT $PPID; kill -INT $$"), os.environ) == 128 + signal.SIGINT
