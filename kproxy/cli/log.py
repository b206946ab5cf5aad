"""`kproxy log FILE`: one exchange a line."""

import json
import re
import sys

import click

from kproxy.errors import UsageError
from kproxy.report.printing import printable
from kproxy.session.follow import follow_lines
from kproxy.session.log import Filters, LeftOut, LogRow, MarkRow, log_lines


@click.command("log", short_help="One exchange a line.")
@click.argument("file")
@click.option("--verb", multiple=True, help="Only these verbs: get, list, watch, create, update, patch, delete, …")
@click.option("--resource", multiple=True, help="Only these resources: pods, deployments, …")
@click.option("-n", "--namespace", multiple=True, help="Only these namespaces.")
@click.option("--name", multiple=True, help="Only objects of these names.")
@click.option("--status", multiple=True, help="Only these statuses: 404, 4xx, - (no answer), …")
@click.option("--user-agent", help="Only requests whose User-Agent contains this text.")
@click.option("--changed", is_flag=True, help="Only requests that changed a key in etcd.")
@click.option("-f", "--follow", is_flag=True, help="Go on while the recording grows; ends with it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--marks", is_flag=True, help="With --json: named points (kproxy mark) too, as lines of their own.")
def command(
    *,
    file: str,
    verb: tuple[str, ...],
    resource: tuple[str, ...],
    namespace: tuple[str, ...],
    name: tuple[str, ...],
    status: tuple[str, ...],
    user_agent: str | None,
    changed: bool,
    follow: bool,
    as_json: bool,
    marks: bool,
) -> None:
    """Show what was asked of the api-server: one exchange a line.

    \b
    Example: kproxy log session.kproxy --verb create --verb delete
    """
    filters = Filters(
        verbs=frozenset(each.lower() for each in verb),
        resources=frozenset(resource),
        namespaces=frozenset(namespace),
        names=frozenset(name),
        statuses=frozenset(_status(each) for each in status),
        user_agent=user_agent or "",
        changed=changed,
    )
    rows = follow_lines(file, filters) if follow else log_lines(file, filters)
    for row in rows:
        if isinstance(row, LeftOut):
            click.echo(f"kproxy: recorded with {printable(row.text)}", err=True)
            continue
        if as_json and isinstance(row, MarkRow) and not marks:
            continue  # what reads the JSON of exchanges knows nothing else
        click.echo(json.dumps(row.as_json(), ensure_ascii=not sys.stdout.isatty()) if as_json else _line_of(row))
        if follow:
            sys.stdout.flush()


def _status(words: str) -> str:
    if re.fullmatch(r"-|[1-5](\d\d|xx)", words.lower()) is None:
        raise UsageError(f"--status {words!r} is no status: it is 404, 4xx, or - for requests without an answer")
    return words.lower()


def _line_of(row: LogRow | MarkRow) -> str:
    """One exchange for people: seq, verb, path, status, time taken, how it ended, the keys it changed; or a mark."""
    if isinstance(row, MarkRow):
        return printable(f"{'':>5}  == {row.text} ==")
    status = str(row.status) if row.status is not None else "-"
    took = f"{row.duration_ms:.1f} ms" if row.duration_ms is not None else "open"
    notes = [*(["dry run"] if row.options.dry_run else []), *([] if row.end == "complete" else [row.end])]
    notes += [f"fault: {row.fault}"] if row.fault else []
    end = f"  ({', '.join(notes)})" if notes else ""
    line = f"{row.seq:>5}  {row.verb or row.method:<10} {row.target}  {status}  {took}{end}"
    changes = (f"{'':>7}→ {change.type} {change.key}@{change.revision} ({change.basis})" for change in row.changes)
    return "\n".join(printable(text) for text in (line, *changes))
