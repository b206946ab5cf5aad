"""The rooms whose tests must notice: pure ones, in which a wrong answer has no other witness."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

WAITING = frozenset(
    (
        *("answers", "deadlines", "engine", "guard", "links", "polling", "restore_api", "restore_asks"),
        *("sending", "settle", "stopping", "transport", "upgrades", "workers"),
    )
)
"""Modules of replay that wait for a target: they are tested against one, by tests that start processes."""


@dataclass(frozen=True, slots=True)
class Room:
    """Some of the package's modules, and the unit tests that answer for them alone."""

    name: str
    folder: str
    tests: tuple[str, ...]
    leaves_out: frozenset[str] = frozenset()

    def modules(self) -> Iterator[str]:
        """Paths from the repository's root, in order of their names."""
        for path in sorted((ROOT / self.folder).rglob("*.py")):
            if path.stem not in self.leaves_out:
                yield path.relative_to(ROOT).as_posix()


ROOMS = (
    Room("wire", "kproxy/wire", ("tests/wire",)),
    Room("correlate", "kproxy/correlate", ("tests/correlate",)),
    Room("renaming", "kproxy/renaming", ("tests/renaming",)),
    Room("replay's plan", "kproxy/replay", ("tests/replay",), WAITING),
    Room("diff", "kproxy/diff", ("tests/diff",)),
)


def chosen(names: list[str]) -> tuple[Room, ...]:
    """The rooms of these names' first words, all of them for none; ValueError for a name that there is not."""
    known = {room.name.split("'")[0]: room for room in ROOMS}
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"there is no room {unknown[0]}; there are {', '.join(known)}")
    return tuple(known[name] for name in names) if names else ROOMS
