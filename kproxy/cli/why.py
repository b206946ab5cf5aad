"""`kproxy why FILE KEY@REVISION`: the whole chain for one change."""

import json
from collections.abc import Sequence

import click

from kproxy.cli.changes_text import cut, who_text
from kproxy.cli.history import lines_of as version_lines
from kproxy.cli.object_options import namespace_option
from kproxy.model.etcd import EtcdCall
from kproxy.report.printing import printable
from kproxy.session.why import Caused, Upward, Why, operation_text, why_change

_MAX_LINES = 20
"""Lines of each list; --json has more."""


@click.command("why", short_help="Why a key changed at a revision.")
@click.argument("file")
@click.argument("change", metavar="KEY@REVISION")
@namespace_option
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def command(*, file: str, change: str, namespace: str, as_json: bool) -> None:
    """Show why a key changed at a revision: its request and the ground, what it follows from, what followed from it.

    An OBJECT@REVISION names its key.

    \b
    Example: kproxy why session.kproxy /registry/pods/default/hello-demo@216
    """
    why = why_change(file, change, namespace)
    if as_json:
        click.echo(json.dumps(why.as_json(), indent=2))
        return
    for line in lines_of(why):
        click.echo(printable(line))


def lines_of(why: Why) -> list[str]:
    """The version, its request, and each list that is not empty under its own heading."""
    lines = [why.key, *version_lines(why.row)]
    if why.request:
        lines += ["", f"request  {cut(why.request, 300)}  {why.status if why.status is not None else 'no answer'}"]
    lines += _block("its calls to etcd", [_call(call) for call in why.calls])
    lines += _block("the same request changed, too", _changes(why.others))
    lines += _block("it follows from", [line for step in why.upward for line in _upward(step)])
    lines += _block("what followed from the request", _changes(why.followed))
    if why.next is not None:
        lines += _block("the key's next change", _changes([why.next]))
    return lines


def _block(heading: str, lines: list[str]) -> list[str]:
    if not lines:
        return []
    more = [f"  … and {len(lines) - _MAX_LINES} more (--json has them)"] if len(lines) > _MAX_LINES else []
    return ["", heading, *(f"  {cut(line, 400)}" for line in lines[:_MAX_LINES]), *more]


def _changes(changes: Sequence[Caused]) -> list[str]:
    return [_change(each) for each in changes]


def _change(caused: Caused) -> str:
    ground = caused.entry.attribution
    by = f"  ← #{ground.seq} ({ground.basis.value})" if ground is not None else ""
    return f"@{caused.revision}  {caused.type}  {caused.key}{by}"


def _upward(step: Upward) -> list[str]:
    who = who_text(step.author) if step.author is not None else f"#{step.seq}"
    return [f"{who}: {step.evidence}", *(f"  {_change(each)}" for each in step.wrote[:3])]


def _call(call: EtcdCall) -> str:
    took = f"  {(call.ended - call.started) / 1e6:.1f} ms" if call.ended is not None else "  no answer"
    operations = ", ".join(operation_text(each) for each in call.operations[:5])
    lost = "  lost the race" if call.succeeded is False else ""
    return f"{call.method}  {operations}{took}{lost}"
