"""`kproxy replay --dry-run`: the plan for people, for programs, and as a graph for Graphviz."""

import json
from collections.abc import Callable, Iterable, Iterator

import click

from kproxy.report.printing import printable
from kproxy.session.plan import PlanRow

_FORMATS = ("text", "json", "dot")

_SHOWN = 8
"""Waits of one step that the text names."""


def dry_run_options[F: Callable[..., object]](command: F) -> F:
    """`--dry-run`, `--dry-run-as`."""
    command = click.option(
        "--dry-run-as",
        type=click.Choice(_FORMATS),
        default="text",
        show_default=True,
        help="For people, as one JSON object a step, or as a graph for Graphviz.",
    )(command)
    return click.option(
        "--dry-run", is_flag=True, help="Send nothing: list what would be sent, and what each request would wait for."
    )(command)


def dry_run_lines(rows: Iterable[PlanRow], form: str) -> Iterator[str]:
    """The plan in one of the forms, line by line."""
    if form == "json":
        return (json.dumps(row.as_json()) for row in rows)
    return _dot(rows) if form == "dot" else _text(rows)


def _text(rows: Iterable[PlanRow]) -> Iterator[str]:
    for row in rows:
        exchange = "" if row.seq is None else f"{row.seq:>5}  "
        yield printable(f"[{row.number}]  {exchange}{row.what:<9}  {row.verb} {row.target}  {row.detail}".rstrip())
        for wait in row.waits[-_SHOWN:]:
            yield printable(f"         after [{wait.step}]: {wait.ground}")
        if len(row.waits) > _SHOWN:
            yield f"         and {len(row.waits) - _SHOWN} earlier ones"


def _dot(rows: Iterable[PlanRow]) -> Iterator[str]:
    yield "digraph plan {"
    yield "  rankdir=LR; node [shape=box, fontname=monospace];"
    for row in rows:
        place = f"{row.seq} " if row.seq is not None else ""
        label = f"{place}{row.what} {row.verb} {row.target} {row.detail}".strip()
        yield f"  s{row.number} [label={_quoted(label)}];"
        for wait in row.waits:
            yield f"  s{wait.step} -> s{row.number} [label={_quoted(wait.ground)}];"
    yield "}"


def _quoted(text: str) -> str:
    escaped = printable(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
