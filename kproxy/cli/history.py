"""`kproxy history FILE OBJECT-OR-KEY`: its life."""

import json

import click

from kproxy.cli.changes_text import changed_lines, ground_text, who_text
from kproxy.cli.object_options import namespace_option
from kproxy.report.printing import printable
from kproxy.session.history import History, HistoryRow, history


@click.command("history", short_help="An object's life: who changed what, and when.")
@click.argument("file")
@click.argument("object_", metavar="OBJECT-OR-KEY")
@namespace_option
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def command(*, file: str, object_: str, namespace: str, as_json: bool) -> None:
    """Show the life of an object or of a key in etcd: each version, who made it, and which fields it changed.

    \b
    Example: kproxy history session.kproxy deployments.apps/default/hello-web
    """
    with history(file, object_, namespace) as life:
        if as_json:
            click.echo(json.dumps(_document(life), indent=2))
            return
        click.echo(printable(f"{life.name}  {life.key}".rstrip()))
        click.echo(printable(f"# from {life.source}"), err=True)
        for row in life.rows:
            for line in lines_of(row):
                click.echo(printable(line))


def _document(life: History) -> dict[str, object]:
    return {
        "object": life.name,
        "key": life.key,
        "cluster": life.cluster,
        "source": life.source,
        "versions": [row.as_json() for row in life.rows],
    }


def lines_of(row: HistoryRow) -> list[str]:
    """A version's head, its ground, what it changed, and what has to be said of it."""
    revision = f"@{row.revision}" if row.revision is not None else "@?"
    lines = ["", f"{revision}  {row.type} {row.what}  {row.time}  {who_text(row.author)}"]
    lines += [f"    {ground}"] if (ground := ground_text(row.entry)) else []
    lines += [f"    known from {row.source}"] if row.source else []
    lines += [f"    uid {row.uid}"] if row.uid and row.what in {"created", "seen", "deleted"} else []
    lines += [f"    note: {note}" for note in row.notes]
    lines += [f"    lease {row.lease:x}"] if row.lease else []
    if row.what in {"created", "seen"} and row.changes:
        lines.append(f"    {len(row.changes)} fields")
    else:
        lines += [f"    {line}" for line in changed_lines(row.changes)]
    if row.value is not None and row.type == "PUT":
        lines.append(f"    {shown(row.value)}")
    return lines


def shown(value: str, limit: int = 200) -> str:
    """A text that is no longer than that."""
    return value if len(value) <= limit else f"{value[:limit]}… ({len(value)} characters)"
