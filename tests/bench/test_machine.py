"""tests.bench.machine."""

import pytest

from tests.bench.machine import built, machine


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("'--enable-optimizations' '--with-lto'", "built with PGO and LTO"),
        ("'--with-lto=full' '--prefix=/usr'", "built with LTO"),
        ("'--prefix=/usr'", "built plainly"),
        ("", "built plainly"),
    ],
)
def test_how_an_interpreter_was_built_is_said(arguments: str, said: str) -> None:
    assert built(arguments) == said


def test_the_machine_says_what_figures_depend_on() -> None:
    assert {"cpu", "cpus", "python"} <= machine().keys()
