"""`kproxy replay`: what it asks."""

import io
import sys

import click
import pytest

from kproxy.cli.replay import _agreed


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
