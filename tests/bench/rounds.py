"""Scene by scene, round by round, each contender its turn."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.bench.contenders import contenders, takes_part
from tests.bench.machine import taken
from tests.bench.measure import Figures, measure
from tests.bench.plan import Plan, Turn
from tests.bench.processes import BenchError
from tests.bench.scenes import Scene, Server
from tests.bench.servers import fixed, kube_apiserver


def run_scenes(plan: Plan, programs: Path, assets: Path | None, say: Callable[[str], None]) -> list[dict[str, object]]:
    """The report's scenes. BenchError, naming scene and contender, if a run fails."""
    found = []
    everyone = contenders()
    for turn in plan.turns:
        scene = turn.scene
        say(f"{scene.name}:")
        when = taken()
        names = [name for name in everyone if takes_part(name, scene) and name in (turn.contenders or everyone)]
        with _server(scene, programs, assets) as server:
            runs: dict[str, list[Figures]] = {name: [] for name in names}
            for _ in range(plan.rounds):
                for name in names:
                    try:
                        one = measure(everyone[name], scene, server, turn.amount, programs)
                    except BenchError as error:
                        raise BenchError(f"{scene.name}, {name}: {error}") from error
                    runs[name].append(one)
        for name, figures in runs.items():
            say(f"  {name:<32}{_line(figures)}")
        found.append({**_as_json(turn, runs), "taken": when})
    return found


@contextmanager
def _server(scene: Scene, programs: Path, assets: Path | None) -> Iterator[Server]:
    with TemporaryDirectory(prefix="kproxy-bench-") as temporary:
        folder = Path(temporary)
        if scene.kind == "fixed":
            with fixed(programs, folder, tls=scene.tls) as server:
                yield server
        elif assets is not None:
            with kube_apiserver(assets, folder) as server:
                yield server


def _line(figures: list[Figures]) -> str:
    def middle(name: str) -> float:
        return median(one.as_json()[name] for one in figures)

    return (
        f"{middle('rate'):>9,.0f}/s   p50 {middle('p50_us') / 1000:8.2f} ms   p99 {middle('p99_us') / 1000:8.2f} ms   "
        f"CPU {middle('cpu_us'):7,.0f} us   peak {middle('peak_mib'):5,.0f} MiB"
    )


def _as_json(turn: Turn, runs: dict[str, list[Figures]]) -> dict[str, object]:
    scene = turn.scene
    return {
        "name": scene.name,
        "kind": scene.kind,
        "workload": scene.workload.value,
        "tls": scene.tls,
        "connections": scene.connections,
        "contenders": {name: [one.as_json() for one in figures] for name, figures in runs.items()},
    }
