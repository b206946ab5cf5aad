"""The figures of `make quality` beside their goals, as one table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

HEAD = ("figure", "measured", "goal", "")


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure, as it was measured and as it is wanted."""

    name: str
    measured: str
    goal: str
    reached: bool


def share(name: str, measured: float, goal: float, of: str) -> Figure:
    """A share of what `of` says."""
    return Figure(name, f"{measured:.1%} of {of}", f">= {goal:.0%}", measured >= goal)


def none(name: str, count: int) -> Figure:
    """How many there are of what there shall be none."""
    return Figure(name, str(count), "0", count == 0)


def lines(figures: Sequence[Figure]) -> Iterator[str]:
    """The table, a line for each figure, with what missed its goal marked."""
    rows = [HEAD, *((each.name, each.measured, each.goal, "" if each.reached else "MISSED") for each in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def reached(figures: Sequence[Figure]) -> bool:
    """Whether all goals are."""
    return all(each.reached for each in figures)
