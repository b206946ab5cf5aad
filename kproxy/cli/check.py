"""`kproxy check FILE`: what a session's clients should not do."""

import json
from itertools import groupby

import click

from kproxy.insight.check.finding import Thresholds
from kproxy.insight.check.no_op_writers import NoOpWriters
from kproxy.insight.check.run import RULES, Checked, check
from kproxy.model.attribution import Ledger
from kproxy.report.printing import printable
from kproxy.session.opened import opened
from kproxy.store.reader import open_recording

FOUND = 3
"""The exit code of --fail: neither «different» nor an error."""

_DEFAULT = Thresholds()


@click.command("check", short_help="What clients should not do: loops, large lists, …")
@click.argument("file")
@click.option("--rule", multiple=True, type=click.Choice(list(RULES)), help="Only these rules; may be repeated.")
@click.option(
    "--no-ops",
    type=click.IntRange(min=1),
    default=_DEFAULT.no_ops,
    show_default=True,
    help="Writes without effect, by one client of one resource, that are a finding.",
)
@click.option(
    "--large-list",
    type=click.IntRange(min=1),
    default=_DEFAULT.large_list,
    show_default=True,
    metavar="BYTES",
    help="From which size on a list should have a limit.",
)
@click.option(
    "--hot-loop",
    type=click.IntRange(min=2),
    default=_DEFAULT.hot_loop,
    show_default=True,
    help="Equal requests of one client within 10 s that are a loop.",
)
@click.option(
    "--failing",
    type=click.IntRange(min=1),
    default=_DEFAULT.failing,
    show_default=True,
    help="Errors of one kind of request that are a finding, when half of them or more fail.",
)
@click.option(
    "--conflicts",
    type=click.IntRange(min=2),
    default=_DEFAULT.conflicts,
    show_default=True,
    help="Conflicts of one client and resource within 60 s that are a storm.",
)
@click.option(
    "--short-watches",
    type=click.IntRange(min=2),
    default=_DEFAULT.short_watches,
    show_default=True,
    help="Watches of less than 5 s, of one client and path, within 60 s that are too many.",
)
@click.option("--fail", is_flag=True, help=f"Exit with {FOUND} when there are findings.")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def command(
    *,
    file: str,
    rule: tuple[str, ...],
    no_ops: int,
    large_list: int,
    hot_loop: int,
    failing: int,
    conflicts: int,
    short_watches: int,
    fail: bool,
    as_json: bool,
) -> int:
    """Find what a session's clients should not do, each with the client, how often, and the first exchange.

    \b
    Example: kproxy check session.kproxy --rule hot-loop --fail
    """
    thresholds = Thresholds(
        no_ops=no_ops,
        large_list=large_list,
        hot_loop=hot_loop,
        failing=failing,
        conflicts=conflicts,
        short_watches=short_watches,
    )
    found = _checked(file, thresholds, frozenset(rule or RULES))
    if as_json:
        click.echo(json.dumps(found.as_json(), indent=2))
    else:
        for line in lines_of(found):
            click.echo(line)
    return FOUND if fail and found.findings else 0


def _checked(file: str, thresholds: Thresholds, rules: frozenset[str]) -> Checked:
    """The ledger is computed only for the rule that asks for it."""
    if NoOpWriters.name in rules:
        with opened(file) as session:
            return check(session.recording, session.ledger, thresholds, rules)
    with open_recording(file) as recording:
        return check(recording, Ledger(entries=()), thresholds, rules)


def lines_of(found: Checked) -> list[str]:
    """The findings below their rules, then how many there are."""
    lines = []
    for rule, findings in groupby(found.findings, key=lambda finding: finding.rule):
        lines += [f"{rule}: {RULES[rule]}"]
        lines += [printable(f"  {each.client}: {each.says}, first #{each.first}") for each in findings]
        lines.append("")
    lines.append(f"{len(found.findings)} findings in {found.exchanges} exchanges")
    if found.gaps:
        lines.append(f"note: the recording has {found.gaps} gaps: more may have happened")
    return lines
