from tests.quality.coverage import Covered, read


def test_what_was_not_taken_is_told_by_module() -> None:
    report: dict[str, object] = {
        "totals": {"num_branches": 4, "covered_branches": 3},
        "files": {"a.py": {"missing_branches": [[3, -1]]}, "b.py": {"missing_branches": []}},
    }
    assert read("wire", report) == Covered("wire", 4, 3, {"a.py": ["3->exit"]})
    assert read("wire", report).share == 0.75


def test_a_room_without_branches_has_taken_them_all() -> None:
    assert Covered("wire", 0, 0, {}).share == 1
