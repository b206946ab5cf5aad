"""The docs are true: every command and option in them exists, every make target, every link, every file."""

import ast
import io
import re
import shlex
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from kproxy.cli.main import COMMANDS, cli
from kproxy.model.exchange import BodyState, End
from kproxy.model.session import SessionEnd
from tests.support.docs import DOCS, PAGES, ROOT, lines_in

SHELL = frozenset({"&&", "||", "|", ">", ">>", ";", "&"})
MAKEFILE = (ROOT / "Makefile").read_text()


def fenced_commands(page: Path) -> Iterator[list[str]]:
    """Each `kproxy …` and `make …` of those lines, split into words."""
    for line in lines_in(page):
        words = shlex.split(line, comments=True)
        if words and words[0] in {"kproxy", "make"}:
            yield words


def inline_commands(page: Path) -> Iterator[list[str]]:
    """Each `kproxy …` and `make …` within a text."""
    for text in re.findall(r"`((?:kproxy|make) [^`…]*)`", page.read_text()):
        yield shlex.split(text, comments=True)


def commands_in(page: Path) -> Iterator[list[str]]:
    """All of a page's commands."""
    yield from fenced_commands(page)
    yield from inline_commands(page)


def followed(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that the words name, and what it is given before a shell's word."""
    ours = words[1 : next((at for at, word in enumerate(words) if word in SHELL), len(words))]
    command: click.Command = cli
    context = click.Context(cli, info_name="kproxy")
    while ours and isinstance(command, click.Group) and not ours[0].startswith("-"):
        found = command.get_command(context, ours[0])
        assert found is not None, f"there is no command {ours[0]}"
        command, ours = found, ours[1:]
    return command, ours


def check_options(words: list[str]) -> None:
    """Each option is one of the command's, up to `--`."""
    command, ours = followed(words)
    known = {option for param in command.params for option in param.opts} | {"--help", "-h"}
    for word in ours[: ours.index("--") if "--" in ours else len(ours)]:
        if word.startswith("-"):
            assert word.partition("=")[0] in known, f"{command.name} has no option {word}"


def check_whole(words: list[str]) -> None:
    """Click takes it as it stands: options, their values, how many words; only files need not be there."""
    command, ours = followed(words)
    try:
        command.make_context(command.name, ours)
    except click.BadParameter as error:
        if "does not exist" not in error.format_message():
            raise


def check_make(words: list[str]) -> None:
    """Each word of a `make …` is a target or a variable."""
    for target in words[1:]:
        assert "=" in target or target.startswith(".") or re.search(rf"^{target}:", MAKEFILE, re.MULTILINE), target


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_command_on_a_page_exists_with_its_options(page: Path) -> None:
    for words in commands_in(page):
        check_make(words) if words[0] == "make" else check_options(words)
    for words in fenced_commands(page):
        if words[0] == "kproxy":
            check_whole(words)


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_link_and_every_file_that_a_page_names_is_there(page: Path) -> None:
    text = page.read_text()
    for link in re.findall(r"\]\((?!http)([^)#]+)", text):
        assert (page.parent / link).exists(), link
    for name in re.findall(r"`((?:kproxy|tests|docs|recordings|controlplane|tools)/[\w./-]+)`", text):
        assert (ROOT / name).exists(), name


def headings(page: Path) -> set[str]:
    """What links say behind `#` to lead to a page's headings, as GitHub makes it of them."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    found = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in found}


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_heading_that_a_page_leads_to_is_there(page: Path) -> None:
    for name, heading in re.findall(r"\]\((?!http)([^)#]*)#([^)]+)\)", page.read_text()):
        assert heading in headings(page.parent / name if name else page), f"{name}#{heading}"


def test_the_questions_lead_to_every_command_and_every_page() -> None:
    shown = {words[1] for words in commands_in(DOCS / "README.md") if words[0] == "kproxy"}
    assert set(COMMANDS) - shown == set()
    linked = set(re.findall(r"\]\(([\w-]+\.md)", (DOCS / "README.md").read_text()))
    assert {page.name for page in DOCS.glob("*.md")} - linked == {"README.md"}


@pytest.mark.process
@pytest.mark.parametrize("tool", ["architecture", "commands", "errors", "tables_in_docs"])
def test_a_page_that_is_made_from_the_code_is_what_the_code_says(tool: str) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / f"{tool}.py"), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_make_help_lists_every_target() -> None:
    targets = re.findall(r"^([\w-]+):(.*)$", MAKEFILE, re.MULTILINE)
    assert [name for name, rest in targets if " ## " not in rest] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_with_an_example(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    for each in command.commands.values() if isinstance(command, click.Group) else [command]:
        assert "Example: kproxy" in (each.help or "")
        assert all(param.help for param in each.params if isinstance(param, click.Option)), name


def test_every_file_that_the_way_of_an_exchange_names_is_there() -> None:
    page = (DOCS / "architecture.md").read_text()
    named = re.findall(r"`((?:[a-z_]+/)+[a-z_0-9]+)`", page)
    assert named
    for name in named:
        place = ROOT / "kproxy" / name
        assert place.with_suffix(".py").exists() or place.is_dir(), name


def told_in(file: Path) -> Iterator[tuple[int, str]]:
    """A module's docstrings and comments, each with its line."""
    text = file.read_text()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def is_there(file: Path, name: str) -> bool:
    """Whether what a module names is a file: of its own folder, or with its way from the root or from `kproxy`."""
    return any((place / name).exists() for place in (file.parent, ROOT, ROOT / "kproxy"))


@pytest.mark.long
def test_every_file_and_module_that_a_docstring_or_a_comment_names_is_there() -> None:
    rooms = "|".join(place.name for place in (ROOT / "kproxy").iterdir() if (place / "__init__.py").exists())
    lost = []
    for file in sorted((ROOT / "kproxy").rglob("*.py")):
        for line, text in told_in(file):
            names = [*re.findall(r"[\w/]*\w\.py\b", text), *re.findall(r"\b(?:docs|tests|tools)/[\w/]+\.md\b", text)]
            modules = re.findall(rf"\bkproxy\.((?:{rooms})\.[a-z_]\w*)", text)
            names += [each if is_there(file, each) else f"{each}.py" for each in (m.replace(".", "/") for m in modules)]
            lost += [f"{file.relative_to(ROOT)}:{line}: {name}" for name in names if not is_there(file, name)]
    assert not lost


@pytest.mark.parametrize("room", ["diff", "renaming", "replay", "session"])
def test_the_map_of_a_large_room_names_each_of_its_files(room: str) -> None:
    folder = ROOT / "kproxy" / room
    names = set(re.findall(r"\w+", (folder / "__init__.py").read_text()))
    assert {file.stem for file in folder.glob("*.py")} - names == {"__init__"}


def test_every_end_of_an_exchange_and_of_a_recording_is_in_the_docs() -> None:
    page = (ROOT / "docs" / "recording.md").read_text()
    for word in (*End, *SessionEnd, *BodyState):
        assert f"`{word.value}`" in page
