"""Lines that stand twice, by pylint's symilar, names that nobody uses, by vulture, or their own file alone."""

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

LINES = 6
"""So many lines that are the same without comments and imports have one meaning, or stand in ALLOWED with a reason."""

ALLOWED = Path(__file__).with_name("allowed.txt")
"""What is held to be right as it is, one a line with its reason behind a `#`: places of vulture and of symilar."""

FAMILIES = re.compile(r"UPSERT_|INSERT_|SINCE_|ORDINAL$")
"""Constants that stand in a row of their kind, of which other files ask for some (store/writer.py, store/schema.py)."""

HEAD = re.compile(r"^(\d+) similar lines in \d+ files$")
PLACE = re.compile(r"^==(\S+):\[\d+:\d+\]$")


@dataclass(frozen=True, slots=True)
class Repeated:
    """So many lines that stand in each of these files."""

    lines: int
    places: tuple[str, ...]


def repeated(root: Path, folder: str = "kproxy") -> list[Repeated]:
    """What stands twice in a folder and is not allowed to."""
    options = ["-d", str(LINES), "-i", "--ignore-imports", "--ignore-docstrings", "--ignore-signatures"]
    files = [path.relative_to(root).as_posix() for path in sorted((root / folder).rglob("*.py"))]
    allowed = _allowed()
    return [
        each for each in read_symilar(_said(root, "symilar", *options, *files)) if " ".join(each.places) not in allowed
    ]


def read_symilar(said: str) -> list[Repeated]:
    """Read what symilar says."""
    found: list[tuple[int, list[str]]] = []
    for line in said.splitlines():
        if head := HEAD.match(line):
            found.append((int(head[1]), []))
        elif (place := PLACE.match(line)) and found:
            found[-1][1].append(place[1])
    return [Repeated(lines, tuple(places)) for lines, places in found]


def dead(root: Path) -> list[str]:
    """Names that neither the package nor its tests use and that are not allowed to stand for others."""
    used_by = ["tests", "tools", "pytest-kproxy/src"]
    said = _said(root, "vulture", "--min-confidence", "60", "--ignore-decorators", "@*", "kproxy", *used_by)
    allowed = _allowed()
    return [each for each in read_vulture(said) if each.startswith("kproxy/") and each not in allowed]


def read_vulture(said: str) -> list[str]:
    """Read what vulture says: each as `path: what 'name'`."""
    found = re.finditer(r"^(\S+?):\d+: unused (.*) \(\d+% confidence\)$", said, re.MULTILINE)
    return [f"{match[1]}: {match[2]}" for match in found]


def alone(root: Path) -> list[str]:
    """Public functions and constants that only their own file uses: they are private, but for their name."""
    places = ("kproxy", "tests", "tools", "pytest-kproxy")
    files = {
        file.relative_to(root).as_posix(): file.read_text() for place in places for file in (root / place).rglob("*.py")
    }
    return for_themselves(files)


def for_themselves(files: Mapping[str, str]) -> list[str]:
    """Those of the package's files, by their paths, whose names are words of no other file."""
    words = {name: set(re.findall(r"[A-Za-z]\w*", text)) for name, text in files.items()}
    used = Counter(word for found in words.values() for word in found)
    return [
        f"{name}: {each}"
        for name, text in sorted(files.items())
        if name.startswith("kproxy/")
        for each in _public(ast.parse(text))
        if used[each] == 1 and not FAMILIES.match(each)
    ]


def _public(tree: ast.Module) -> Iterator[str]:
    """Functions that are not decorated, and constants."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.decorator_list:
            named = [node.name]
        elif isinstance(node, ast.Assign):
            named = [each.id for each in node.targets if isinstance(each, ast.Name)]
        else:
            named = [node.target.id] if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) else []
        yield from (name for name in named if not name.startswith("_"))


def _allowed() -> frozenset[str]:
    lines = (line.partition("#")[0].strip() for line in ALLOWED.read_text().splitlines())
    return frozenset(line for line in lines if line)


def _said(root: Path, tool: str, *arguments: str) -> str:
    command = [str(Path(sys.executable).with_name(tool)), *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False).stdout
