"""`kproxy replay`: what it asks, and how it ends."""

import io
import signal
import sys

import click
import pytest

from kproxy.cli.replay import _agreed, _ended
from kproxy.errors import UsageError


class Terminal(io.StringIO):
    """One that a person has before them."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "agreed"), [("y\n", True), ("\n", False), ("", False)])
def test_only_who_says_yes_agrees_and_the_end_of_an_input_is_a_no(
    monkeypatch: pytest.MonkeyPatch, typed: str, agreed: bool
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    assert _agreed() is agreed


def test_on_a_terminal_it_is_left_as_every_command_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal())
    with pytest.raises(click.Abort):
        _agreed()


def test_a_signals_exit_code_stays_when_a_report_cannot_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    def fails() -> int:
        raise UsageError("the json report cannot be written")

    assert _ended(fails, [signal.SIGINT]) == 130
    assert "the json report cannot be written" in capsys.readouterr().err
    with pytest.raises(UsageError):
        _ended(fails, [])
    assert _ended(lambda: 1, []) == 1
    assert _ended(lambda: 2, [signal.SIGTERM]) == 143
