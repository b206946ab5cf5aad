import pytest

from tests.quality.coverage import Covered, read, refuse_changes


def test_what_was_not_taken_is_told_by_module() -> None:
    report: dict[str, object] = {
        "totals": {"num_branches": 4, "covered_branches": 3},
        "files": {"a.py": {"missing_branches": [[3, -1]]}, "b.py": {"missing_branches": []}},
    }
    assert read("wire", report) == Covered("wire", 4, 3, {"a.py": ["3->exit"]})
    assert read("wire", report).share == 0.75


def test_a_room_without_branches_has_taken_them_all() -> None:
    assert Covered("wire", 0, 0, {}).share == 1


@pytest.mark.parametrize(
    "after", [{"a.py": b"2", "b.py": b"1"}, {"a.py": b"1"}, {"a.py": b"1", "b.py": b"1", "c.py": b""}]
)
def test_what_was_measured_of_modules_that_were_written_meanwhile_is_refused(after: dict[str, bytes]) -> None:
    before = {"a.py": b"1", "b.py": b"1"}
    refuse_changes(before, dict(before))
    with pytest.raises(RuntimeError, match=r"[abc]\.py was written while its tests ran: measure again"):
        refuse_changes(before, after)
