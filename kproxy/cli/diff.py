"""`kproxy diff A B`: two recordings."""

from contextlib import closing
from pathlib import Path

import click

from kproxy.cli.formats import Report, check_reports, format_option, write_reports
from kproxy.cli.progress import compare_progress
from kproxy.cli.renaming_option import renaming_option, write_renaming
from kproxy.cli.rules_option import rules_option
from kproxy.renaming.renaming import Renaming
from kproxy.session.compare import compare_recordings
from kproxy.session.evidence import gather_evidence
from kproxy.session.outputs import check_report
from kproxy.session.rules import rule_book


@click.command("diff", short_help="Compare two recordings.")
@click.argument("baseline", metavar="A")
@click.argument("replayed", metavar="B")
@format_option
@rules_option
@renaming_option
@click.option("--strict", is_flag=True, help="Turn all noise rules off.")
def command(
    *,
    baseline: str,
    replayed: str,
    reports: tuple[Report, ...],
    rules: tuple[Path, ...],
    renaming_file: Path | None,
    strict: bool,
) -> int:
    """Compare two recordings up to renaming: exit code 0 the same, 1 different, 2 inconclusive or an error.

    \b
    Example: kproxy diff before.kproxy after.kproxy --format text --format json=verdict.json
    """
    check_reports(reports, (baseline, replayed))
    check_report(renaming_file, (baseline, replayed), what="the renaming")
    book = rule_book(rules)
    with closing(Renaming()) as renaming:
        with compare_progress() as notify:
            verdict = compare_recordings(
                baseline, replayed, strict=strict, rules=book, renaming=renaming, notify=notify
            )
        return write_reports(
            verdict,
            reports,
            lambda whole: gather_evidence(baseline, replayed, verdict, whole=whole),
            lambda: write_renaming(renaming, renaming_file),
        )
