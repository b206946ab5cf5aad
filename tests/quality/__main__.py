"""python -m tests.quality: what the tests of the pure rooms reach and would notice, and how big the house is.

    --room NAME      only this one of the rooms of tests/quality/rooms.py; repeatable
    --house          the figures of the source alone: files, functions, names, arrows, cycles, duplicates, dead names
    --branches       the branches that tests take
    --mutants N      N mutants of each room drawn by --seed, 0 for all there are (hours): which ones the tests notice
    --seed N         (default 1)
    --children N     so many mutants are tried at once (default 2)
    --keep FOLDER    where mutmut keeps what it made (default build/quality)
    --survivors      those mutants as diffs, too

Without --house, --branches or --mutants: all three, 300 mutants of each room. What was found is told as it is found,
and all figures beside their goals as a table in the end. Exit code 1 if a goal is missed: 95 of 100 branches and 85 of
100 mutants of each room, no ring of imports, no six lines twice, no name that nobody uses, no public
one that only its own file does.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.quality.coverage import GOAL as BRANCHES
from tests.quality.coverage import covered
from tests.quality.figures import House, house, wired
from tests.quality.leftovers import alone, dead, repeated
from tests.quality.mutation import GOAL as MUTANTS
from tests.quality.mutation import mutated, shown
from tests.quality.rooms import ROOMS, ROOT, Room, chosen
from tests.quality.table import Figure, lines, none, reached, share

ALL = 1 << 30


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.quality", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--room", action="append", default=[])
    parser.add_argument("--house", action="store_true")
    parser.add_argument("--branches", action="store_true")
    parser.add_argument("--mutants", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--children", type=int, default=2)
    parser.add_argument("--keep", type=Path, default=ROOT / "build" / "quality")
    parser.add_argument("--survivors", action="store_true")
    return parser.parse_args()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _say_house(measured: House) -> list[Figure]:
    _say(f"files {measured.files}, lines {measured.lines}, arrows between rooms {len(measured.arrows)}")
    for title, largest in (("file", measured.largest_files), ("function", measured.largest_functions)):
        _say(f"largest {title}s: " + "; ".join(f"{where} {lines}" for lines, where in largest))
    _say("public names by room, and how many of them another room imports:")
    for room, public in measured.public.items():
        _say(f"  {room:12}{public.names:5}{public.imported:5}")
    for ring in measured.cycles:
        _say("a ring of imports: " + " -> ".join(ring))
    found, names, own = repeated(ROOT), dead(ROOT), alone(ROOT)
    for each in found:
        _say(f"{each.lines} lines twice: {', '.join(each.places)}")
    for name in names:
        _say(f"nobody uses it: {name}")
    for name in own:
        _say(f"only its own file uses it: {name}")
    return [
        none("rings of imports", len(measured.cycles)),
        none("lines that stand twice", sum(each.lines for each in found)),
        none("names that nobody uses", len(names)),
        none("public names that only their own file uses", len(own)),
    ]


def _say_branches(rooms: tuple[Room, ...], folder: Path) -> Iterator[Figure]:
    for room in rooms:
        found = covered(room, folder)
        for name, missing in found.missing.items():
            _say(f"  {name}: {' '.join(missing)}")
        yield share(f"{room.name}: branches taken", found.share, BRANCHES, str(found.branches))


def _say_mutants(rooms: tuple[Room, ...], given: argparse.Namespace) -> Iterator[Figure]:
    for room in rooms:
        drawn = 300 if given.mutants is None else given.mutants or ALL
        found = mutated(room, given.keep, drawn, given.seed, given.children)
        for name in found.survived:
            _say(shown(room, given.keep, name) if given.survivors else f"  {name}")
        for name in found.endless:
            _say(f"  {name}: the clock ended it, twice")
        run = len(found.killed) + len(found.survived)
        of = f"{run} drawn by seed {given.seed} from {found.there}" if run < found.there else f"all {run}"
        yield share(f"{room.name}: mutants noticed", found.share, MUTANTS, of)


def main() -> int:
    """Say the figures that were asked for."""
    given = _arguments()
    try:
        rooms = chosen(given.room) if given.room else ROOMS
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    everything = not (given.house or given.branches or given.mutants is not None)
    figures: list[Figure] = []
    if given.house or everything:
        figures += _say_house(wired(house(ROOT)))
    if given.branches or everything:
        figures += _say_branches(rooms, given.keep)
    if given.mutants is not None or everything:
        figures += _say_mutants(rooms, given)
    for line in lines(figures):
        _say(line)
    return 0 if reached(figures) else 1


sys.exit(main())
