import pytest

from tests.quality.rooms import ROOMS, ROOT, WAITING, chosen


def test_every_room_has_modules_and_tests_that_are_there() -> None:
    for room in ROOMS:
        assert list(room.modules())
        assert all((ROOT / tests).is_dir() for tests in room.tests)


def test_what_waits_for_a_target_is_not_of_the_plan() -> None:
    [plan] = chosen(["replay"])
    assert "kproxy/replay/plan.py" in plan.modules()
    assert not any(module.endswith("/engine.py") for module in plan.modules())
    assert {(ROOT / plan.folder / f"{name}.py").exists() for name in WAITING} == {True}


def test_a_room_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match="there is no room cellar; there are wire, correlate"):
        chosen(["diff", "cellar"])
