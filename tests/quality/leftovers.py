"""Lines that stand twice, by pylint's symilar, and names that nobody uses, by vulture."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

LINES = 6
"""So many lines that are the same without comments and imports have one meaning, or stand in ALLOWED with a reason."""

ALLOWED = Path(__file__).with_name("allowed.txt")
"""What is held to be right as it is, one a line with its reason behind a `#`: places of vulture and of symilar."""

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


def _allowed() -> frozenset[str]:
    lines = (line.partition("#")[0].strip() for line in ALLOWED.read_text().splitlines())
    return frozenset(line for line in lines if line)


def _said(root: Path, tool: str, *arguments: str) -> str:
    command = [str(Path(sys.executable).with_name(tool)), *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False).stdout
