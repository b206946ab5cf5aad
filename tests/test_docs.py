"""The docs are true: every command and option in them exists, every make target, every link."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from kproxy.cli.main import COMMANDS, cli
from kproxy.diff.noise import RULES
from kproxy.model.exchange import BodyState, End
from kproxy.model.session import SessionEnd
from kproxy.renaming.derived import FORMS

ROOT = Path(__file__).parents[1]
PLACES = ("*.md", "pytest-kproxy/*.md", "docs/**/*.md", "controlplane/*.md")
PAGES = sorted(page for place in PLACES for page in ROOT.glob(place))
MAKEFILE = (ROOT / "Makefile").read_text()


def commands_in(page: Path) -> Iterator[list[str]]:
    """Each command line of a page's fenced sh blocks and indented or inline `kproxy …`, split into words."""
    text = page.read_text()
    fenced = re.findall(r"^```(?:sh|console)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    inline = re.findall(r"`((?:kproxy|make) [^`…]*)`", text)
    for line in [*"\n".join(fenced).replace("\\\n", " ").splitlines(), *inline]:
        words = shlex.split(line, comments=True)
        if words and words[0] in {"kproxy", "make"}:
            yield words


def check_kproxy(words: list[str]) -> None:
    """Follow the words as click would, up to `--`."""
    ours = words[1 : words.index("--")] if "--" in words else words[1:]
    command: click.Command = cli
    context = click.Context(cli, info_name="kproxy")
    while ours and isinstance(command, click.Group) and not ours[0].startswith("-"):
        found = command.get_command(context, ours[0])
        assert found is not None, f"there is no command {ours[0]}"
        command, ours = found, ours[1:]
    known = {option for param in command.params for option in param.opts} | {"--help", "-h"}
    for word in ours:
        if word.startswith("-"):
            assert word.partition("=")[0] in known, f"{command.name} has no option {word}"


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_command_on_a_page_exists_with_its_options(page: Path) -> None:
    for words in commands_in(page):
        if words[0] == "kproxy":
            check_kproxy(words)
        else:
            for target in words[1:]:
                assert "=" in target or target.startswith(".") or re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), (
                    target
                )


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_link_and_every_file_that_a_page_names_is_there(page: Path) -> None:
    text = page.read_text()
    for link in re.findall(r"\]\((?!http)([^)#]+)", text):
        assert (page.parent / link).exists(), link
    for name in re.findall(r"`((?:kproxy|tests|docs|recordings|controlplane|tools)/[\w./-]+)`", text):
        assert (ROOT / name).exists(), name


def test_the_readme_shows_every_command() -> None:
    shown = {words[1] for words in commands_in(ROOT / "README.md") if words[0] == "kproxy"}
    assert set(COMMANDS) - shown - {"upgrade", "demo"} == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_with_an_example(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    for each in command.commands.values() if isinstance(command, click.Group) else [command]:
        assert "Example: kproxy" in (each.help or "")
        assert all(param.help for param in each.params if isinstance(param, click.Option)), name


def test_every_rule_of_noise_is_in_the_docs_as_the_code_has_it() -> None:
    page = (ROOT / "docs" / "noise.md").read_text()
    for rule in RULES:
        assert f"| `{rule.name}` | {rule.place} | {rule.ground} |" in page


def test_every_form_of_drawn_names_is_in_the_docs_as_the_code_has_it() -> None:
    page = (ROOT / "docs" / "renaming.md").read_text()
    for form in FORMS:
        assert f"| {form.name} | {form.example} | {form.source} |" in page


def test_every_end_of_an_exchange_and_of_a_recording_is_in_the_docs() -> None:
    page = (ROOT / "docs" / "recording.md").read_text()
    for word in (*End, *SessionEnd, *BodyState):
        assert f"`{word.value}`" in page
