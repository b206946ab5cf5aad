import pytest

from tests.quality import nearest
from tests.quality.nearest import file_of, pytest_collection_modifyitems


@pytest.mark.parametrize(
    ("mutant", "file"),
    [
        ("kproxy.diff.order.xǁBoundsǁ__init____mutmut_26", "test_order.py"),
        ("kproxy.replay.plan.x__merged__mutmut_3", "test_plan.py"),
        ("stats", ""),
        ("", ""),
    ],
)
def test_a_mutant_stands_in_a_file_that_has_its_tests(mutant: str, file: str) -> None:
    assert file_of(mutant) == file


def test_the_mutants_own_tests_come_first_and_what_tells_nothing_of_it_is_left_out(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = [item for item in request.session.items if item.path.name == "test_nearest.py"]
    others = [item for item in request.session.items if item.path.name != "test_nearest.py"]
    items = [*others, *own]
    for mutant, expected in (
        ("", items),
        ("kproxy.wire.nearest.x_go__mutmut_1", [*own, *others]),
        ("kproxy.wire.none.x_go__mutmut_1", items),
    ):
        monkeypatch.setenv("MUTANT_UNDER_TEST", mutant)
        taken = list(items)
        pytest_collection_modifyitems(taken)
        assert taken == expected
    names = frozenset(item.name.partition("[")[0] for item in own)
    monkeypatch.setattr(nearest, "BOTH_WAYS", names)
    for mutant, few, left in (
        ("kproxy.wire.none.x_go__mutmut_1", items, others),
        ("kproxy.wire.none.x_go__mutmut_1", own, own),
        ("kproxy.wire.nearest.x_go__mutmut_1", items, [*own, *others]),
    ):
        monkeypatch.setenv("MUTANT_UNDER_TEST", mutant)
        taken = list(few)
        pytest_collection_modifyitems(taken)
        assert taken == left
