import ast
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from tests.quality.figures import Public, functions_of, house, knots, public_names


def test_a_house_is_measured(tmp_path: Path) -> None:
    for room, text in (
        ("lower", "LIMIT = 1\n\ndef go() -> None:\n    pass\n"),
        ("upper", "from kproxy.lower import go\n"),
    ):
        (tmp_path / "kproxy" / room).mkdir(parents=True)
        (tmp_path / "kproxy" / room / "__init__.py").write_text(text)
    found = house(tmp_path)
    assert (found.files, found.lines) == (2, 5)
    assert found.largest_files[0] == (4, "kproxy/lower/__init__.py")
    assert found.largest_functions == ((2, "kproxy/lower/__init__.py: go"),)
    assert found.public == {"lower": Public(2, 1), "upper": Public(0, 0)}


def test_a_function_has_the_name_of_what_it_stands_in() -> None:
    tree = ast.parse("class A:\n  def b(self):\n    def c():\n      pass\n")
    assert list(functions_of(tree)) == [("A.b", 3), ("A.b.c", 2)]


def test_names_for_others_are_defined_here_and_have_no_underscore() -> None:
    tree = ast.parse("import os\nA = 1\n_b = 2\nc: int = 3\ntype D = int\ndef e(): ...\nclass F: ...\nx, y = 1, 2")
    assert sorted(public_names(tree)) == ["A", "D", "F", "c", "e", "x", "y"]


def test_a_ring_of_imports_is_found_and_a_chain_is_none() -> None:
    assert list(knots({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}})) == [("a", "b", "c")]
    assert list(knots({"a": {"b", "c"}, "b": {"c"}})) == []


@given(st.dictionaries(st.integers(0, 8).map(str), st.sets(st.integers(0, 8).map(str))))
def test_modules_are_in_one_ring_just_if_each_reaches_the_other(edges: dict[str, set[str]]) -> None:
    nodes = set(edges) | {other for each in edges.values() for other in each}

    def reached(start: str) -> set[str]:
        found, left = set[str](), list(edges.get(start, ()))
        while left:
            if (node := left.pop()) not in found:
                found.add(node)
                left += edges.get(node, ())
        return found

    far = {node: reached(node) for node in nodes}
    rings = {tuple(sorted(other for other in far[node] if node in far[other])) for node in nodes if node in far[node]}
    assert set(knots(edges)) == rings
