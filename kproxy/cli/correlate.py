"""`kproxy correlate FILE`: the ledger."""

import json
from collections.abc import Iterable, Iterator

import click

from kproxy.correlate.coverage import Coverage
from kproxy.model.attribution import LedgerEntry, NoOpWrite, Standing
from kproxy.model.etcd import key_text
from kproxy.report.printing import printable
from kproxy.session.keeping import keep_ledger
from kproxy.session.ledger import (
    ONLY,
    Reason,
    Wanted,
    entries,
    entry_document,
    figures,
    figures_document,
    reasons,
)
from kproxy.session.opened import Opened, computed, opened

FEW = 100
"""Entries that are shown without being asked for."""


@click.command("correlate", short_help="Every change in etcd and its cause.")
@click.argument("file")
@click.option("--only", multiple=True, type=click.Choice(ONLY), help="Only entries of this standing, ground or kind.")
@click.option("--key", default="", help="Only keys that contain this text.")
@click.option("--seq", type=click.IntRange(min=1), help="Only what this exchange caused, or has as a consequence.")
@click.option("--all", "everything", is_flag=True, help="Every entry, however many there are.")
@click.option("--keep", is_flag=True, help="Keep the computed ledger in FILE: others that ask need not compute it.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def command(
    *,
    file: str,
    only: tuple[str, ...],
    key: str,
    seq: int | None,
    everything: bool,
    keep: bool,
    as_json: bool,
) -> None:
    """Compute which request caused each change of a key in etcd, and show it with the ground on which we say so.

    Figures come first, then what has no ground, by its reason. Entries are shown where they are few or asked for.

    \b
    Example: kproxy correlate session.kproxy --only unattributed
             kproxy correlate session.kproxy --key /registry/pods/ --only consequence
    """
    wanted = Wanted(only=frozenset(only), key=key, seq=seq)
    if keep:
        keep_ledger(file)
    with opened(file) if keep else computed(file) as session:
        lines = _json(session, wanted) if as_json else _text(session, wanted, everything=everything)
        for line in lines:
            click.echo(line)


def _json(session: Opened, wanted: Wanted) -> Iterator[str]:
    """One object, an entry a line: of a large ledger nobody holds the whole."""
    head = json.dumps(figures_document(session), indent=2)
    yield f'{head.removesuffix("}").rstrip()},\n  "entries": ['
    before = ""
    for entry in entries(session, wanted):
        if before:
            yield f"{before},"
        before = f"    {json.dumps(entry_document(entry))}"
    if before:
        yield before
    yield "  ]\n}"


def _text(session: Opened, wanted: Wanted, *, everything: bool) -> Iterator[str]:
    found = figures(session)
    for line in _summary_of(found, len(session.ledger.no_op_writes)):
        yield printable(line)
    if wanted.is_all:
        yield from map(printable, _reasons_of(reasons(session)))
        yield from map(printable, _no_ops_of(session.ledger.no_op_writes, everything=everything))
        if found.revisions > FEW and not everything:
            yield ""
            yield f"{found.revisions} entries: --only, --key and --seq show some of them, --all shows each"
            return
    yield ""
    for entry in entries(session, wanted):
        yield from map(printable, lines_of(entry))


def _summary_of(found: Coverage, no_ops: int) -> list[str]:
    """The figures, a line for each kind that there is."""
    attributed = sum(found.attributed.values())
    grounds = ", ".join(f"{name} {count}" for name, count in found.attributed.items() if count)
    lines = [f"{found.revisions} changes"]
    shown = (
        (attributed, f"attributed ({grounds})"),
        (found.background, "background"),
        (found.before, "from before the session"),
        (found.unattributed, "unattributed"),
        (found.consequence, "of all these are a consequence of an earlier request"),
        (found.contradicted, "of all these have a contradiction (--only contradicted)"),
        (no_ops, "writes changed nothing"),
    )
    return lines + [f"{count:>9}  {text}" for count, text in shown if count]


def _reasons_of(found: dict[str, Reason]) -> Iterator[str]:
    """Why changes have no ground, with a few of them."""
    if found:
        yield ""
        yield "unattributed:"
    for text, reason in found.items():
        yield f"{reason.count:>9}  {text}"
        yield f"{'':>11}{', '.join(reason.examples)}{', …' if reason.count > len(reason.examples) else ''}"


def _no_ops_of(found: Iterable[NoOpWrite], *, everything: bool) -> Iterator[str]:
    """The writes that changed nothing."""
    for number, no_op in enumerate(found):
        if number == FEW and not everything:
            yield "… and more writes that wrote nothing (--all)"
            return
        yield f"#{no_op.seq} wrote nothing: {key_text(no_op.key)} stayed at {no_op.revision}"


def lines_of(entry: LedgerEntry) -> list[str]:
    """Revision, type, key; then the request and the ground, or why there is none; links and contradictions below."""
    change, ground, link = entry.change, entry.attribution, entry.consequence
    line = f"{change.revision:>7}  {change.type.value:<6} {key_text(change.key)}"
    if ground is not None:
        line += f"  ← #{ground.seq} ({ground.basis.value}: {ground.evidence})"
    if entry.standing is Standing.BACKGROUND:
        line += f"  background: {entry.background}"
    elif entry.standing is Standing.BEFORE:
        line += "  from before the session"
    elif ground is None:
        line += f"  unattributed: {entry.reason}"
    below = [f"consequence of #{link.seq}: {link.evidence}"] if link is not None else []
    below += [f"contradicted: {text}" for text in entry.contradictions]
    return [line, *(f"{'':>16}{text}" for text in below)]
