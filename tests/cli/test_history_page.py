"""docs/history.md shows what its commands print."""

import re
import shlex
from pathlib import Path

import pytest

from kproxy.cli.main import _exit_code

ROOT = Path(__file__).parents[2]
SHOWN = re.findall(
    r"```sh\nkproxy ([^\n]+)\n```\n\n```\n(.*?)```\n", (ROOT / "docs" / "history.md").read_text(), re.DOTALL
)


def test_there_is_something_to_compare() -> None:
    assert len(SHOWN) == 3


@pytest.mark.parametrize(("command", "output"), SHOWN, ids=[command.split()[0] for command, _ in SHOWN])
def test_the_output_on_the_page_is_the_command_s(
    command: str, output: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    assert _exit_code(shlex.split(command)) == 0
    printed = capsys.readouterr().out
    for part in output.split("…\n"):
        assert part in printed
