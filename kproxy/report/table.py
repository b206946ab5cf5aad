"""Tables of plain text for people."""

from collections.abc import Sequence

from kproxy.report.printing import printable

MAX_CELL = 80
"""Characters of a cell; what is longer is cut with an ellipsis."""


def table(heads: Sequence[str], rows: Sequence[Sequence[str | float | None]]) -> list[str]:
    """Lines with columns of one width: numbers to the right, texts to the left, printable; None and 0 are a dot.

    A column that says nothing in any row is left out.
    """
    cells = [[_cell(value) for value in row] for row in rows]
    kept = [at for at in range(len(heads)) if any(row[at] not in {"", "·"} for row in cells)]
    right = {at for at in kept if all(not isinstance(row[at], str) for row in rows)}
    widths = {at: max(len(heads[at]), *(len(row[at]) for row in cells)) for at in kept}

    def line(values: Sequence[str]) -> str:
        parts = (values[at].rjust(widths[at]) if at in right else values[at].ljust(widths[at]) for at in kept)
        return "  ".join(parts).rstrip()

    return [line(heads), *(line(row) for row in cells)] if kept else []


def size(count: int) -> str:
    """Bytes for people: `812 B`, `3.4 KiB`."""
    value = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1024 or unit == "GiB":
            return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    raise AssertionError


def _cell(value: str | float | None) -> str:
    if value is None or value == 0:
        return "·"
    if isinstance(value, float):
        return f"{value:.1f}"
    text = printable(str(value))
    return text if len(text) <= MAX_CELL else f"{text[: MAX_CELL - 1]}…"
