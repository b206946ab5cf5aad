"""kproxy.diff.cells: beside test_overlap.py, where the path of a cell is one."""

import pytest

from kproxy.diff.cells import CELL


@pytest.mark.parametrize(
    ("path", "column"), [(".cells[2]", "2"), (".cells[10].x", "10"), (".object.cells[2]", None), (".cells", None)]
)
def test_a_cell_is_told_by_its_path_within_a_row(path: str, column: str | None) -> None:
    match = CELL.match(path)
    assert (match[1] if match else None) == column
