"""`kproxy diff A B`: two recordings."""

import click

from kproxy.cli.formats import Report, format_option, write_reports
from kproxy.session.compare import compare_recordings


@click.command("diff", short_help="Compare two recordings.")
@click.argument("baseline", metavar="A")
@click.argument("replayed", metavar="B")
@format_option
@click.option("--strict", is_flag=True, help="Turn all noise rules off.")
def command(*, baseline: str, replayed: str, reports: tuple[Report, ...], strict: bool) -> int:
    """Compare two recordings up to renaming: exit code 0 the same, 1 different, 2 inconclusive or an error.

    \b
    Example: kproxy diff before.kproxy after.kproxy --format text --format json=verdict.json
    """
    return write_reports(compare_recordings(baseline, replayed, strict=strict), reports)
