"""`kproxy correlate FILE`: the ledger."""

import json

import click

from kproxy.model.attribution import LedgerEntry, Standing
from kproxy.model.etcd import key_text
from kproxy.model.jsontypes import JSONObject
from kproxy.report.text import printable
from kproxy.session.ledger import ledger_document
from kproxy.session.opened import opened


@click.command("correlate", short_help="Every change in etcd and its cause.")
@click.argument("file")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def command(*, file: str, as_json: bool) -> None:
    """Show every change of a key in etcd with the request that caused it, and the ground on which we say so.

    \b
    Example: kproxy correlate session.kproxy
    """
    with opened(file) as session:
        if as_json:
            click.echo(json.dumps(ledger_document(session), indent=2))
            return
        for entry in session.ledger.entries:
            click.echo(printable(line_of(entry)))
        for no_op in session.ledger.no_op_writes:
            click.echo(printable(f"#{no_op.seq} wrote nothing: {key_text(no_op.key)} stayed at {no_op.revision}"))
        click.echo(summary_of(ledger_document(session)))


def line_of(entry: LedgerEntry) -> str:
    """Revision, type, key; then the request and the ground, or why there is none."""
    change, ground = entry.change, entry.attribution
    line = f"{change.revision:>7}  {change.type.value:<6} {key_text(change.key)}"
    if ground is not None:
        line += f"  ← #{ground.seq} ({ground.basis.value}: {ground.evidence})"
    if entry.standing is Standing.BACKGROUND:
        return f"{line}  background: {entry.background}"
    return line if ground is not None else f"{line}  unattributed"


def summary_of(document: JSONObject) -> str:
    """The figures in one line."""
    attributed = document["attributed"]
    grounds = ", ".join(f"{name} {n}" for name, n in attributed.items() if n) if isinstance(attributed, dict) else ""
    no_ops = document["no_op_writes"]
    return (
        f"{document['revisions']} changes: {grounds or 'none attributed'}; background {document['background']}, "
        f"unattributed {document['unattributed']}, no-op writes {len(no_ops) if isinstance(no_ops, list) else 0}"
    )
