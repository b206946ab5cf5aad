from dataclasses import dataclass
from pathlib import Path

import pytest

from kproxy.wire.descriptors import message_fields
from tests.quality import nearest
from tests.quality.nearest import BOTH_WAYS, file_of, pytest_collection_modifyitems


@pytest.mark.parametrize(
    ("mutant", "file"),
    [
        ("kproxy.diff.bounds.xǁBoundsǁ__init____mutmut_26", "test_bounds.py"),
        ("kproxy.replay.plan.x__merged__mutmut_3", "test_plan.py"),
        ("stats", ""),
        ("", ""),
    ],
)
def test_a_mutant_stands_in_a_file_that_has_its_tests(mutant: str, file: str) -> None:
    assert file_of(mutant) == file


@dataclass(frozen=True)
class Item:
    """As much of pytest's as is looked at."""

    nodeid: str

    @property
    def path(self) -> Path:
        return Path(self.nodeid.partition("::")[0])

    @property
    def name(self) -> str:
        return self.nodeid.rpartition("::")[2]


FAR, NEAR, SLOW = (
    Item(f"tests/diff/{name}")
    for name in ("test_far.py::test_a", "test_near.py::test_b[1]", f"test_slow.py::test_c{BOTH_WAYS}[12]")
)


@pytest.mark.parametrize(
    ("mutant", "given", "taken", "seconds"),
    [
        ("kproxy.diff.near.x_go__mutmut_1", [FAR, SLOW, NEAR], [NEAR, FAR], 25),
        ("kproxy.diff.slow.x_go__mutmut_1", [FAR, SLOW, NEAR], [SLOW, FAR, NEAR], 55),
        ("kproxy.diff.none.x_go__mutmut_1", [SLOW], [SLOW], 35),
        ("stats", [FAR, SLOW, NEAR], [FAR, SLOW, NEAR], None),
    ],
)
def test_the_mutants_own_tests_come_first_and_what_tells_nothing_of_it_is_left_out(
    mutant: str, given: list[Item], taken: list[Item], seconds: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounds: list[float] = []
    monkeypatch.setattr(nearest, "_bound", bounds.append)
    message_fields("etcdserverpb.Compare")
    monkeypatch.setattr(nearest, "_seconds", lambda: {SLOW.nodeid: 3.0, NEAR.nodeid: 2.0})
    monkeypatch.setenv("MUTANT_UNDER_TEST", mutant)
    pytest_collection_modifyitems(given)  # type: ignore[arg-type] # they have what is looked at
    assert given == taken
    assert bounds == ([] if seconds is None else [seconds])
    assert bool(message_fields.cache_info().currsize) is (seconds is None), "caches are emptied for a mutant"
