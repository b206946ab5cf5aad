"""`--format FORMAT[=PATH]`, repeatable: which reports a verdict becomes, and where they go."""

import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from kproxy.errors import UsageError
from kproxy.model.verdict import Verdict
from kproxy.report.evidence import NO_EVIDENCE, Evidence
from kproxy.report.html import html_report
from kproxy.report.json import json_report
from kproxy.report.junit import junit_report
from kproxy.report.markdown import markdown_report
from kproxy.report.text import Style, text_report
from kproxy.session.outputs import check_report


@dataclass(frozen=True, slots=True)
class _Format:
    """One form of reports: its files' suffix; whom it is for and what bounds it, as docs/reports.md has it.

    `shows_evidence`: whether it does, of this verdict; `whole`: of all that was compared, not of what differs only.
    """

    write: Callable[[Verdict, Evidence], str]
    suffix: str
    purpose: str
    bound: str
    shows_evidence: Callable[[Verdict], bool] = lambda _: True
    whole: bool = False


FORMATS = {
    "text": _Format(
        text_report,
        "txt",
        "a terminal; what is written when nothing is asked for",
        "30 causes of some 24 lines",
        shows_evidence=lambda verdict: bool(verdict.findings),
    ),
    "json": _Format(
        lambda verdict, _: json_report(verdict),
        "json",
        "programs; its keys stay",
        "all differences that the comparison lists",
        shows_evidence=lambda _: False,
    ),
    "junit": _Format(
        junit_report,
        "xml",
        "what GitHub, GitLab and Jenkins show of a run",
        "a case for each of 2,000 exchanges and keys, beyond that for each kind of request",
        whole=True,
    ),
    "html": _Format(
        html_report,
        "html",
        "reading: one file, which asks for nothing and works without a network",
        "300 causes; the documents of 100 exchanges, 8 MiB of them",
    ),
    "markdown": _Format(
        markdown_report,
        "md",
        "a comment on a pull or merge request",
        "60,000 characters; GitHub takes 65,536",
    ),
}
"""By the name that `--format` takes."""

_COLOR = "kproxy.color"
"""Where a command's --color is kept."""

_COLOURS: dict[Style, tuple[str | None, bool]] = {
    "plain": (None, False),
    "title": (None, True),
    "removed": ("red", False),
    "added": ("green", False),
    "quiet": (None, False),
    "good": ("green", True),
    "bad": ("red", True),
}
"""Each style's colour, and whether it is bold."""


@dataclass(frozen=True, slots=True)
class Report:
    """One report of a verdict: its format, and its file (None: standard output)."""

    format: str
    path: Path | None


class _FormatType(click.ParamType[Report]):
    """Reads `text`, `json` or `json=PATH`."""

    name = "FORMAT[=PATH]"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Report:
        """A Report; click says the sentence when there is no such format."""
        if isinstance(value, Report):
            return value
        name, _, path = str(value).partition("=")
        if name not in FORMATS:
            self.fail(f"{name!r} is no format of reports: {', '.join(FORMATS)}", param, ctx)
        return Report(name, Path(path) if path else None)


_format_option = click.option(
    "--format",
    "reports",
    type=_FormatType(),
    multiple=True,
    help=f"A report of the verdict: {', '.join(FORMATS)}; to standard output, or with =PATH to a file. Repeatable.",
)
_color_option = click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    expose_value=False,
    callback=lambda context, _, value: context.meta.update({_COLOR: value}),
    help="Colours in text: auto is where standard output is a terminal and NO_COLOR is not set.",
)


def format_option[Command: Callable[..., object]](command: Command) -> Command:
    """The options that say which reports are written, and how."""
    return _format_option(_color_option(command))


def check_reports(reports: tuple[Report, ...], inputs: Iterable[str | Path]) -> None:
    """UsageError, before anything is done, for a report that could not be written, or would replace a recording."""
    inputs = tuple(inputs)
    for each in reports:
        check_report(each.path, inputs, what=f"the {each.format} report")


def write_reports(
    verdict: Verdict,
    reports: tuple[Report, ...],
    evidence: Callable[[bool], Evidence],
    also: Callable[[], None] = lambda: None,
) -> int:
    """Write what was asked for (nothing: text) and give the verdict's exit code.

    `evidence` reads it from the recordings, whole or of what differs only; for programs, and when nothing differs, not
    at all. `also` writes what else was asked for. UsageError for those that cannot be written, when all others are.
    """
    asked = reports or (Report("text", None),)
    formats = [FORMATS[each.format] for each in asked]
    whole = any(each.whole for each in formats)
    shown = evidence(whole) if any(each.shows_evidence(verdict) for each in formats) else NO_EVIDENCE
    writes: list[Callable[[], None]] = [
        partial(_write, each.format, each.path, verdict, shown) for each in asked if each.path is not None
    ]
    failed: list[str] = []
    for write in (*writes, also):
        try:
            write()
        except UsageError as error:
            failed.append(str(error))
    for each in asked:  # files first: whoever reads standard output may be gone
        if each.path is None:
            _say(each.format, verdict, shown)
    if failed:
        raise UsageError(f"{'; '.join(failed)} (the verdict is {verdict.outcome.value})")
    return verdict.outcome.exit_code


def _write(name: str, path: Path, verdict: Verdict, evidence: Evidence) -> None:
    try:
        path.write_text(FORMATS[name].write(verdict, evidence) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"the {name} report cannot be written to {path}: {error.strerror}; name another file behind its --format"
        ) from error


def _say(name: str, verdict: Verdict, evidence: Evidence) -> None:
    """To standard output: text in colours, where that is wanted."""
    coloured = name == "text" and _wants_colour()
    text = text_report(verdict, evidence, _paint) if coloured else FORMATS[name].write(verdict, evidence)
    click.echo(text, color=coloured)


def _wants_colour() -> bool:
    """`--color`; on its own as https://no-color.org has it."""
    context = click.get_current_context(silent=True)
    wish = context.meta.get(_COLOR, "auto") if context is not None else "never"
    if wish == "auto":
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return bool(wish == "always")


def _paint(text: str, style: Style) -> str:
    colour, bold = _COLOURS[style]
    return click.style(text, fg=colour, bold=bold or None, dim=style == "quiet" or None)
