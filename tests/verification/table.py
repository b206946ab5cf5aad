"""The table of docs/verification.md: how each recording's replays ended."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from statistics import median

from tests.verification.runs import Run, Way

PAGE = Path(__file__).parents[2] / "docs" / "verification.md"
BEGIN = "<!-- no false alarm: begin -->"
END = "<!-- no false alarm: end -->"
HEAD = "| recording | exchanges | pace | concurrency | times | verdicts | what rules hid | seconds, median / most |"


def table(runs: Iterable[Run], measured: str) -> str:
    """Markdown: a row for each recording and way; `measured`: on what."""
    groups: dict[tuple[str, Way], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.subject, run.way), []).append(run)
    rows = [_row(name, way, of) for (name, way), of in sorted(groups.items(), key=_place)]
    return "\n".join([HEAD, "| --- " * HEAD.count(" | ") + "| --- |", *rows, "", measured])


def _place(row: tuple[tuple[str, Way], list[Run]]) -> tuple[int, str, str, int]:
    """By name, the control plane's last and by their length: which runs ended first is no order."""
    (name, way), _ = row
    seconds = int("".join(filter(str.isdigit, name)) or 0)
    return seconds, name, way.pace, way.concurrency


def _row(name: str, way: Way, runs: list[Run]) -> str:
    verdicts = Counter(run.verdict or "none" for run in runs)
    hidden: Counter[str] = Counter()
    for run in runs:
        hidden.update(dict(run.noise))
    seconds = [run.seconds for run in runs]
    cells = (
        name,
        f"{max(run.exchanges for run in runs):,}",
        way.pace,
        str(way.concurrency),
        str(len(runs)),
        ", ".join(f"{count} x {verdict}" for verdict, count in sorted(verdicts.items())),
        ", ".join(f"`{rule}` {count}" for rule, count in sorted(hidden.items())) or "none",
        f"{median(seconds):.0f} / {max(seconds):.0f}",
    )
    return "| " + " | ".join(cells) + " |"


def published(page: str, section: str) -> str:
    """A page with this section between its markers. ValueError if it has none."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE.name} has no place for the table: {BEGIN}")
    return f"{before}{begin}\n\n{section}\n\n{end}{after}"
