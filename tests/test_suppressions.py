"""Who goes past a rule of ruff's or mypy's says why: behind the mark, on its line; who goes past types, beside it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACES = ("kproxy", "tests", "tools", "pytest-kproxy", "controlplane")
MARK = re.compile(r"# (?:noqa(?:: [A-Z0-9, ]*[0-9])?|type: ignore(?:\[[a-z, -]*\])?)(?P<why>.*)$")
WORD = re.compile(r"# .*\w\w")


def unexplained(text: str) -> Iterator[int]:
    """The numbers of lines that go past a rule without a word."""
    for number, line in enumerate(text.splitlines(), 1):
        if (mark := MARK.search(line)) and not re.search(r"\w\w", mark["why"]):
            yield number


def untyped(text: str) -> Iterator[int]:
    """The numbers of lines with an `Any` or a `cast` that have no word of it: there, or in a comment right above.

    Of a type of its own (`type ROW = Any`) the text below it says why.
    """
    lines = text.splitlines()
    tree = ast.parse(text)
    said = {
        one.lineno
        for one, below in zip(tree.body, tree.body[1:], strict=False)
        if isinstance(one, ast.TypeAlias) and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in {"Any", "cast"} and node.lineno not in said:
            above = lines[node.lineno - 2].strip() if node.lineno > 1 else ""
            if not WORD.search(lines[node.lineno - 1]) and not (above.startswith("#") and WORD.search(above)):
                yield node.lineno


def files() -> list[Path]:
    """All of the house."""
    found = [file for place in PLACES for file in sorted((ROOT / place).rglob("*.py"))]
    assert len(found) > 1000
    return found


def test_each_exception_from_a_rule_says_why() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{number}" for file in files() for number in unexplained(file.read_text("utf-8"))
    ]
    assert not found


def test_each_step_past_the_types_says_why() -> None:
    found = [
        f"{file.relative_to(ROOT)}:{number}"
        for file in files()
        if re.search(r"\b(?:Any|cast)\b", text := file.read_text("utf-8"))
        for number in dict.fromkeys(untyped(text))
    ]
    assert not found


def test_a_mark_without_a_word_is_found() -> None:
    text = "a = 1  # noqa: S105, S106\nb = 2  # type: ignore[arg-type]\nc = 3  # noqa: S105 - a name\nd = 4\n"
    assert list(unexplained(text)) == [1, 2]


def test_a_step_past_the_types_without_a_word_is_found() -> None:
    text = (
        'a: Any = 1\nb = cast("int", a)  # a number\n# Any: all of it\nc: Any = 2\ntype D = Any\n"""What may be."""\n'
    )
    assert list(untyped(text)) == [1]
