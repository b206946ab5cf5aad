"""docs/compatibility.md: which client does what through kproxy, each cell backed by a test that carries its marker.

python tools/compatibility.py                    writes the page
python tools/compatibility.py --check [RESULTS]  exits 1 if the page is another one, or if a cell's test did not pass in
                                                 RESULTS (a file that KPROXY_COMPAT_RESULTS named while tests ran)
"""

import contextlib
import io
import json
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "compatibility.md"
TESTS = ROOT / "tests" / "controlplane"
CLIENTS = TESTS / "compat"

INTRO = """\
# Clients that no one here wrote

What each of them does through `kproxy record` on a real kube-apiserver 1.37.2, as it does it without; and the
recording holds what it did. Each cell is a test that CI runs (`make test-controlplane`, `make test-compat`); this page
is made from their markers (`make compatibility`). An empty cell says that there is no test: what the client does not
offer, or what nobody has tried.

"""


class Collector:
    """Takes the markers of what pytest collects."""

    def __init__(self) -> None:
        self.cells: dict[tuple[str, str], str] = {}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Pytest's hook."""
        for item in items:
            for mark in item.iter_markers("compat"):
                place = Path(item.location[0]).as_posix()
                self.cells[mark.kwargs["feature"], mark.kwargs["client"]] = place


def collected() -> dict[tuple[str, str], str]:
    """The cells: feature and client, and the file whose test backs each of them."""
    collector = Collector()
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", "-n0", str(TESTS)], plugins=[collector])
    if code != 0:
        sys.exit(said.getvalue())
    return collector.cells


def versions() -> dict[str, str]:
    """What the lock files say of the clients."""
    lock = (CLIENTS / "requirements.lock").read_text()
    found = dict(re.findall(r"^(kubernetes|kr8s|lightkube|kopf)==(\S+)", lock, re.MULTILINE))
    packages = json.loads((CLIENTS / "clients" / "package-lock.json").read_text())["packages"]
    script = packages["node_modules/@kubernetes/client-node"]["version"]
    return {
        "Python kubernetes": found["kubernetes"],
        "kr8s": found["kr8s"],
        "lightkube": found["lightkube"],
        "kopf": found["kopf"],
        "JavaScript": script,
    }


def page(cells: dict[tuple[str, str], str]) -> str:
    """The page itself."""
    known = versions()
    clients = sorted(
        {client for _, client in cells}, key=lambda each: (not each.startswith("kubectl 1.37"), each.lower())
    )
    features = sorted({feature for feature, _ in cells}, key=str.lower)
    lines = ["| | " + " | ".join(clients) + " |", "| --- |" + " --- |" * len(clients)]
    for feature in features:
        row = [f"[yes][{_label(cells[feature, client])}]" if (feature, client) in cells else "" for client in clients]
        lines.append(f"| {feature} | " + " | ".join(row) + " |")
    named = [f"{client} {known[client]}" for client in clients if client in known]
    places = [f"[{_label(place)}]: ../{place}" for place in sorted(set(cells.values()))]
    tail = ["", f"Versions: {', '.join(named)} (JavaScript: @kubernetes/client-node).", "", *places, ""]
    return INTRO + "\n".join([*lines, *tail])


def _label(place: str) -> str:
    """A file's name in the table."""
    return Path(place).stem.removeprefix("test_")


def unproven(cells: dict[tuple[str, str], str], results: Path) -> list[str]:
    """The cells whose tests did not pass when they ran last."""
    passed: dict[tuple[str, str], bool] = {}
    for line in results.read_text().splitlines():
        told = json.loads(line)
        passed[told["feature"], told["client"]] = told["passed"]
    return [f"{client}: {feature}" for feature, client in sorted(cells) if not passed.get((feature, client))]


def main(arguments: list[str]) -> int:
    """See the module."""
    cells = collected()
    made = page(cells)
    if not arguments:
        PAGE.write_text(made)
        return 0
    if PAGE.read_text() != made:
        print("docs/compatibility.md is not what the tests' markers say: make compatibility", file=sys.stderr)
        return 1
    missing = unproven(cells, Path(arguments[1])) if len(arguments) > 1 else []
    for cell in missing:
        print(f"docs/compatibility.md: no test has passed for {cell}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
