"""Running mutants, two at once, and saying what became of each."""

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from tests.diff.conftest import PAIR
from tests.mutants.catalogue import MUTANTS
from tests.mutants.drawn import Drawn, Score, class_of, read_pair, try_drawn
from tests.mutants.hand import RECORDED, RECORDINGS, UNTRIED, Caught, record_session, replay_honestly, try_mutant
from tests.mutants.mutant import Golden, Mutant
from tests.mutants.report import keep

PARALLEL = 2
CHUNK = 50


@dataclass
class Run:
    """One run: where its goldens are kept, and which servers there are."""

    folder: Path
    assets: Path | None
    servers: tuple[str, ...]
    caught: list[Caught] = field(default_factory=list)
    score: Score | None = None

    def recorded(self, golden: Golden, server: str) -> Path:
        """A session on an honest server, recorded once."""
        made = self.folder / f"{golden}-{server}.kproxy"
        return made if made.exists() else record_session(self.folder, golden, server, self.assets)

    def hand(self, wanted: list[Mutant]) -> bool:
        """Those made by hand; whether all were caught at the first cause."""
        for golden, server in sorted({(each.golden, each.server) for each in wanted if each.golden in RECORDED}):
            self.recorded(golden, server)
        with ProcessPoolExecutor(PARALLEL, mp_context=get_context("spawn")) as pool:
            tried = self._tried(pool, wanted)
            again = [each for each in wanted if tried[each.name].said == UNTRIED]
            tried |= self._tried(pool, again)  # what did not start on a busy machine says nothing of a comparison
        self.caught = list(tried.values())
        keep("hand", self.caught)
        survived = [each for each in self.caught if not each.caught]
        print(f"by hand: {len(self.caught)}, of which {len(survived)} were not caught at the first cause")  # noqa: T201 - the same
        return not survived

    def _tried(self, pool: ProcessPoolExecutor, wanted: list[Mutant]) -> dict[str, Caught]:
        """What became of each, by its name."""
        jobs = [pool.submit(try_mutant, each.name, self.folder, self.assets) for each in wanted]
        tried = {}
        for job in as_completed(jobs):
            result = job.result()
            tried[result.name] = result
            print(_line(result), flush=True)  # noqa: T201 - a program's output
        return tried

    def drawn(self, count: int, seed: int) -> bool:
        """Those drawn with a seed over the goldens; whether no more survived than may."""
        goldens = list(self._goldens())
        jobs = []
        with ProcessPoolExecutor(PARALLEL, mp_context=get_context("spawn")) as pool:
            for (name, recorded, replayed), share in zip(goldens, _shares(count, len(goldens)), strict=True):
                for first in range(0, share, CHUNK):
                    numbers = range(first, min(first + CHUNK, share))
                    jobs.append(pool.submit(_draw, name, recorded, replayed, seed, numbers))
            results = [drawn for job in jobs for drawn in job.result()]
        self.score = Score(tuple(results))
        keep("drawn", results)
        for each in self.score.survivors:
            print(f"survived ({class_of(each)}): {each.golden} {each.number}: {each.edit}")  # noqa: T201 - the same
        for name, (drawn, survived) in self.score.counts().items():
            print(f"drawn, {name}: {drawn}, survived: {survived}")  # noqa: T201 - the same
        return self.score.good()

    def _goldens(self) -> Iterator[tuple[str, Path, Path]]:
        """Name, recording and replay of each."""
        for server in self.servers:
            recorded = self.recorded("dense", server)
            yield f"dense on {server}", recorded, self._replayed(recorded, server)
        yield "hello-kubectl", PAIR / "recorded", PAIR / "replayed"
        demo = RECORDINGS / "hello-demo"
        yield "hello-demo", demo, self._replayed(demo, self.servers[-1])

    def _replayed(self, golden: Path, server: str) -> Path:
        made = self.folder / f"{golden.stem}-replayed-on-{server}.kproxy"
        return made if made.exists() else replay_honestly(golden, made, server, self.assets)


def _shares(count: int, goldens: int) -> list[int]:
    """How many are drawn over each golden: the last one is the small hello-demo."""
    small = count // 20
    each = (count - small) // (goldens - 1)
    return [count - small - each * (goldens - 2), *([each] * (goldens - 2)), small]


def _draw(name: str, recorded: Path, replayed: Path, seed: int, numbers: range) -> list[Drawn]:
    return try_drawn(read_pair(name, recorded, replayed), seed, numbers)


def _line(result: Caught) -> str:
    made = MUTANTS[result.name]
    head = f"{'caught' if result.caught else 'SURVIVED':8} {result.name:36} {made.way:22} {result.seconds:5.1f} s  "
    counts = f" ({result.findings} findings, {result.differences} differences)"
    if result.caught:
        return head + (result.first or "no difference") + counts
    return f"{head}{result.why}: {result.first or result.said}{counts}; expected {made.first}"
