"""docs/commands.md: every command with its arguments, options, defaults and examples, as click has them.

python tools/commands.py            writes the page
python tools/commands.py --check    exits 1 if the page is another one
"""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import click
from generated import write_or_compare

from kproxy.cli.main import cli

PAGE = Path(__file__).parents[1] / "docs" / "commands.md"

INTRO = """\
# Every command

This page is made from the code (`make commands`); each `--help` says the same. What scripts may rely on, exit codes
and JSON, is [a page of its own](command-line.md); [questions](README.md) lead to the command that answers them.
`kproxy --debug COMMAND …` shows a traceback when something fails; `kproxy --version` says which kproxy it is.
"""


def commands() -> Iterator[tuple[str, click.Context]]:
    """Each command that does something: its whole name and its context, in the order of `kproxy --help`."""
    root = click.Context(cli, info_name="kproxy")
    for name in cli.list_commands(root):
        command = cli.get_command(root, name)
        if command is None:
            raise LookupError(name)
        context = click.Context(command, info_name=name, parent=root)
        if not isinstance(command, click.Group):
            yield name, context
            continue
        for inner in command.list_commands(context):
            each = command.commands[inner]
            yield f"{name} {inner}", click.Context(each, info_name=inner, parent=context)


def cell(text: str) -> str:
    """Text as a table's cell has it."""
    return re.sub(r"\s+", " ", text).replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").strip()


def option_row(option: click.Option, context: click.Context) -> str:
    """A row of the table of options."""
    record = option.get_help_record(context)
    if record is None:
        raise LookupError(f"{option.name} is hidden")
    names, says = record
    return f"| `{names.replace('|', chr(92) + '|')}` | {cell(says)} |"


def section(name: str, context: click.Context) -> str:
    """What the page says of one command."""
    command = context.command
    told, _, examples = inspect.cleandoc(command.help or "").partition("\b\nExample: ")
    usage = " ".join(command.collect_usage_pieces(context))
    options = [each for each in command.params if isinstance(each, click.Option)]
    parts = [
        f"## kproxy {name}",
        f"`kproxy {name} {usage}`",
        told.replace("\b\n", "").strip(),
        "```sh\n" + inspect.cleandoc(examples).strip() + "\n```",
    ]
    if options:
        parts.append("| option | |\n| --- | --- |\n" + "\n".join(option_row(each, context) for each in options))
    return "\n\n".join(parts) + "\n"


def page() -> str:
    """The whole page."""
    every = list(commands())
    rows = [
        f"| [{name}](#kproxy-{name.replace(' ', '-')}) | {cell(context.command.get_short_help_str(200))} |"
        for name, context in every
    ]
    contents = "| command | |\n| --- | --- |\n" + "\n".join(rows) + "\n"
    return "\n".join([INTRO, contents, *(section(name, context) for name, context in every)])


def main() -> None:
    """Write the page, or compare it."""
    write_or_compare(PAGE, page(), "docs/commands.md is not what the code says: `make commands` writes it again")


if __name__ == "__main__":
    main()
