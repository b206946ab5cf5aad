"""`kproxy stats FILE`: a session in figures."""

import json
from typing import get_args

import click

from kproxy.insight.figures import Figures
from kproxy.insight.stats import DIMENSIONS, Dimension, Group, Statistics, statistics
from kproxy.model.etcd import key_text
from kproxy.report.printing import printable
from kproxy.report.table import size, table
from kproxy.session.opened import opened

_HEADS = (
    "requests", "errors", "p50 ms", "p99 ms", "sent", "received", "events", "changed", "no-op", "rewrites", "409",
    "lost races", "etcd reads", "etcd lists", "from etcd",
)  # fmt: skip


@click.command("stats", short_help="Who asked for what, what it changed and cost.")
@click.argument("file")
@click.option(
    "--by",
    multiple=True,
    type=click.Choice([*get_args(Dimension.__value__)]),
    help="Tell requests apart by these only; may be repeated (default: client, verb and resource).",
)
@click.option("--top", type=click.IntRange(min=1), default=30, show_default=True, help="Rows of each table.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object, with all rows.")
def command(*, file: str, by: tuple[Dimension, ...], top: int, as_json: bool) -> None:
    """Show who asked for what how often, how long it took, what it changed and what it cost in etcd.

    \b
    Example: kproxy stats session.kproxy --by client
    """
    by = tuple(dict.fromkeys(by)) or DIMENSIONS
    with opened(file) as session:
        found = statistics(session.recording, session.ledger, by)
    if as_json:
        click.echo(json.dumps(found.as_json(), indent=2))
        return
    for line in lines_of(found, by, top):
        click.echo(line)


def lines_of(found: Statistics, by: tuple[Dimension, ...], top: int) -> list[str]:
    """The tables: requests, keys that changed most, the api-server's own calls."""
    rows = [(*_group(group, by), *_figures(figures)) for group, figures in found.groups[:top]]
    total = ("(all)", *[""] * (len(by) - 1), *_figures(found.total))
    lines = table((*by, *_HEADS), [*rows, total])
    if (more := len(found.groups) - top) > 0:
        lines.append(f"… and {more} more rows (--top)")
    lines += _hot_keys(found, top)
    lines += _own_calls(found, top)
    return [*lines, *_notes(found)]


def _group(group: Group, by: tuple[Dimension, ...]) -> tuple[str, ...]:
    names = {"client": str(group.client or "-"), "verb": group.verb or "-", "resource": group.resource or "-"}
    return tuple(names[each] for each in by)


def _figures(figures: Figures) -> tuple[str | float | None, ...]:
    return (
        figures.exchanges,
        figures.errors,
        figures.milliseconds(0.5),
        figures.milliseconds(0.99),
        size(figures.request_bytes),
        size(figures.answer_bytes),
        figures.events,
        figures.changed,
        figures.no_ops,
        figures.rewrites,
        figures.conflicts,
        figures.lost_races,
        figures.etcd_reads,
        figures.etcd_lists,
        size(figures.etcd_read_bytes) if figures.etcd_calls else "",
    )


def _hot_keys(found: Statistics, top: int) -> list[str]:
    rows = [
        (key.revisions, printable(key_text(key.key)), "; ".join(f"{count} by {who}" for who, count in key.writers))
        for key in found.hot_keys[:top]
        if key.revisions > 1
    ]
    return ["", "keys that changed most", *table(("revisions", "key", "whose requests"), rows)] if rows else []


def _own_calls(found: Statistics, top: int) -> list[str]:
    rows = [
        (each.calls, each.method, each.keys, size(each.sent_bytes), size(each.read_bytes))
        for each in found.own_calls[:top]
    ]
    heads = ("calls", "method", "keys", "sent", "received")
    return ["", "the api-server's own calls to etcd, of no request", *table(heads, rows)] if rows else []


def _notes(found: Statistics) -> list[str]:
    notes = []
    if not found.with_etcd:
        notes.append("without etcd: what was changed is not known; no-op writes are told by answers' resourceVersions")
    if not found.with_calls:
        notes.append("without an etcd relay: what requests cost in etcd is not known")
    if found.gaps:
        notes.append(f"the recording has {found.gaps} gaps: more may have happened (kproxy log, kproxy correlate)")
    if found.hot_keys_error:
        notes.append(f"more keys than are remembered: counts of keys may be too low by {found.hot_keys_error}")
    return ["", *(f"note: {note}" for note in notes)] if notes else []
