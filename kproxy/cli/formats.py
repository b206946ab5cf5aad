"""`--format FORMAT[=PATH]`, repeatable: which reports a verdict becomes, and where they go."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click

from kproxy.errors import UsageError
from kproxy.model.verdict import Verdict
from kproxy.report.evidence import NO_EVIDENCE, Evidence
from kproxy.report.json import json_report
from kproxy.report.junit import junit_report
from kproxy.report.markdown import markdown_report
from kproxy.report.text import text_report

REPORTS: dict[str, Callable[[Verdict, Evidence], str]] = {
    "text": text_report,
    "json": lambda verdict, _: json_report(verdict),
    "junit": junit_report,
    "markdown": markdown_report,
}


@dataclass(frozen=True, slots=True)
class Report:
    """One report of a verdict: its format, and its file (None: standard output)."""

    format: str
    path: Path | None


class FormatType(click.ParamType[Report]):
    """Reads `text`, `json` or `json=PATH`."""

    name = "FORMAT[=PATH]"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Report:
        """A Report; click says the sentence when there is no such format."""
        if isinstance(value, Report):
            return value
        name, _, path = str(value).partition("=")
        if name not in REPORTS:
            self.fail(f"{name!r} is no format of reports: {', '.join(REPORTS)}", param, ctx)
        return Report(name, Path(path) if path else None)


format_option = click.option(
    "--format",
    "reports",
    type=FormatType(),
    multiple=True,
    help=f"A report of the verdict: {', '.join(REPORTS)}; to standard output, or with =PATH to a file. Repeatable.",
)


def write_reports(verdict: Verdict, reports: tuple[Report, ...], evidence: Callable[[], Evidence]) -> int:
    """Write what was asked for (nothing: text) and give the verdict's exit code.

    `evidence` reads it from the recordings: nothing is read for programs, nor when nothing differs.
    """
    asked = reports or (Report("text", None),)
    shown = evidence() if any(_needs_evidence(each.format, verdict) for each in asked) else NO_EVIDENCE
    for report in asked:
        text = REPORTS[report.format](verdict, shown)
        if report.path is None:
            click.echo(text)
            continue
        try:
            report.path.write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise UsageError(
                f"the {report.format} report cannot be written to {report.path}: {error.strerror}"
            ) from error
    return verdict.outcome.exit_code


def _needs_evidence(name: str, verdict: Verdict) -> bool:
    return name != "json" and (name != "text" or bool(verdict.findings))
