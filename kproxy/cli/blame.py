"""`kproxy blame FILE OBJECT`: who last set each field."""

import json

import click

from kproxy.cli.changes_text import cut, value_text
from kproxy.cli.object_options import at_option, namespace_option
from kproxy.fields.managers import Manager
from kproxy.history.agreement import Agreement
from kproxy.history.author import Author
from kproxy.report.printing import printable
from kproxy.session.blame import BlameRow, ObjectBlame, blame_object

QUIET = frozenset(
    {Agreement.AGREES, Agreement.UNMANAGED, Agreement.BEFORE, Agreement.NOT_RECORDED, Agreement.NO_MANAGERS}
)
"""What a line of a field does not repeat."""


@click.command("blame", short_help="Who last set each field of an object.")
@click.argument("file")
@click.argument("object_", metavar="OBJECT")
@at_option
@namespace_option
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def command(*, file: str, object_: str, at: str | None, namespace: str, as_json: bool) -> None:
    """Show for each field of an object the request that last set it, held against the object's managedFields.

    \b
    Example: kproxy blame session.kproxy deployments.apps/default/hello-web --at 19
    """
    found = blame_object(file, object_, at, namespace)
    if as_json:
        click.echo(json.dumps(found.as_json(), indent=2))
        return
    click.echo(printable(f"{found.name}  {found.key}".rstrip()))
    click.echo(printable(f"# from {found.source}"), err=True)
    for line in lines_of(found):
        click.echo(printable(line))


def lines_of(found: ObjectBlame) -> list[str]:
    """A line a field: who and when in columns, then the field; at the end how that stands to managedFields."""
    marks = [_mark(row) for row in found.rows]
    widths = [min(max(len(mark[place]) for mark in marks), 40) for place in range(len(marks[0]))]
    lines = []
    for row, mark in zip(found.rows, marks, strict=True):
        columns = "  ".join(cut(word, 40).ljust(width) for word, width in zip(mark, widths, strict=True))
        lines.append(f"{columns}  {cut(row.path, 300)}: {value_text(row.value)}{_said(row)}")
    figures = ", ".join(f"{name} {count}" for name, count in found.figures.items() if count)
    return [*lines, f"{len(found.rows)} fields, held against managedFields: {figures}"]


def _mark(row: BlameRow) -> tuple[str, str, str]:
    """Request, time of day, whose."""
    if row.known != "recorded":
        return ("before", "", "the session") if row.known == "before-session" else ("?", "", "not in the recording")
    time = row.time.partition("T")[2][:12]
    if row.author is None:
        return (f"@{row.revision}" if row.revision is not None else "?"), time, "no request known"
    return f"#{row.author.seq} {row.author.verb}", time, _whose(row.author)


def _whose(author: Author) -> str:
    manager = author.manager or author.user_agent.partition("/")[0]
    return f"{author.caller} {manager}" + (" (apply)" if author.operation == "Apply" else "")


def _said(row: BlameRow) -> str:
    """What managedFields says, where it is not the same."""
    judged = row.judged
    if judged.agreement in QUIET:
        return ""
    owners = ", ".join(cut(_owner(owner), 100) for owner in judged.owners[:3])
    parts = [judged.agreement.value, f"owned by {owners}" if owners else "owned by nobody", judged.note]
    return f"  ({'; '.join(part for part in parts if part)})"


def _owner(owner: Manager) -> str:
    """Its name, and since when what it owns is as it is: an apply that took over what was there says no time."""
    return f"{owner.name} since {owner.time}" if owner.time else owner.name
