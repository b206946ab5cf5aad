"""The scores as docs/correlation.md has them, and what is promised of them."""

from collections.abc import Iterator
from pathlib import Path

from kproxy.model.attribution import Basis
from tests.accuracy.scoring import OWN, Row, Score, Scores

PAGE = Path(__file__).parents[2] / "docs/correlation.md"
BEGIN = "<!-- accuracy: made by `python -m tests.accuracy FILE --publish` -->"
END = "<!-- end of accuracy -->"

_SHOWN = (Basis.REVISION, Basis.OBJECT, Basis.WINDOW)
RECALLED = frozenset({"create", "update", "patch"})


def as_lines(scores: Scores) -> list[str]:
    """A table in Markdown: by verb, resource and key."""
    heads = ["verb", "resource", "key", "changes", *(f"`{basis.value}` right / wrong" for basis in _SHOWN), "unnamed"]
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    total = Score()
    for row, found in sorted(scores.rows.items(), key=lambda each: (each[0].verb, each[0].resource, each[0].key)):
        lines.append(_line((row.verb, f"`{row.resource}`", row.key), found))
        total.add(found)
    lines += [_line(("**all**", "", ""), total), "", *_sentences(scores, total)]
    return lines


def _line(names: tuple[str, str, str], found: Score) -> str:
    named = sum(found.right[basis] + found.wrong[basis] for basis in Basis if basis is not Basis.WINDOW)
    cells = [*names, str(found.truth), *(f"{found.right[basis]} / {found.wrong[basis]}" for basis in _SHOWN)]
    return f"| {' | '.join(cells)} | {found.truth - named} |"


def _sentences(scores: Scores, total: Score) -> Iterator[str]:
    named = total.right[Basis.WINDOW] + total.wrong[Basis.WINDOW]
    if named:
        yield (
            f"By time alone, with every answer hidden too, `window` named {named} of {total.truth}, and "
            f"{total.right[Basis.WINDOW] / named:.1%} of them rightly."
        )
    yield (
        f"Of {scores.caused} changes outside the background that requests caused, {scores.grounded} have a ground "
        f"without the relay ({scores.grounded / max(scores.caused, 1):.3%})."
    )


def failures(scores: Scores) -> list[str]:
    """What is promised and does not hold."""
    total = Score()
    for found in scores.rows.values():
        total.add(found)
    missed = []
    if total.wrong[Basis.REVISION]:
        missed.append(f"`revision` names {total.wrong[Basis.REVISION]} wrongly")
    claimed = total.right[Basis.OBJECT] + total.wrong[Basis.OBJECT]
    if total.wrong[Basis.OBJECT] > claimed / 1000:
        missed.append(f"`object` names {total.wrong[Basis.OBJECT]} of {claimed} wrongly")
    recalled = recall(scores)
    if recalled < 0.95:
        missed.append(f"`revision` finds {recalled:.1%} of create, update and patch")
    if scores.grounded < 0.999 * scores.caused:
        missed.append(f"{scores.grounded} of {scores.caused} changes have a ground")
    return missed


def recall(scores: Scores) -> float:
    """Of what create, update and patch wrote into their object's own key, the part that `revision` names."""
    mine = [found for row, found in scores.rows.items() if _is_plain(row)]
    truth = sum(found.truth for found in mine)
    return sum(found.right[Basis.REVISION] for found in mine) / truth if truth else 1.0


def _is_plain(row: Row) -> bool:
    """A binding and an eviction answer a Status, which has no revision to be found by."""
    return row.verb in RECALLED and row.key == OWN and not row.resource.endswith(("/binding", "/eviction"))


def publish(lines: list[str]) -> None:
    """Put the table between its marks in the page."""
    replace_part(BEGIN, END, lines)


def replace_part(begin: str, end: str, lines: list[str]) -> None:
    """Put lines between two marks of the page."""
    before, _, rest = PAGE.read_text().partition(begin)
    _, _, after = rest.partition(end)
    PAGE.write_text("\n".join([before + begin, "", *lines, "", end]) + after)
