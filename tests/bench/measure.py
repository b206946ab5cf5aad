"""One run: a contender is started, warmed up, loaded, and looked at."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.checks import SECRET_TARGET, SECRETS, Sent, check
from tests.bench.contenders import Contender, Entry
from tests.bench.processes import BenchError, printed
from tests.bench.scenes import Amount, Scene, Server, Workload, flags
from tests.bench.usage import cpu_seconds, peak_bytes, settle, tree


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one run. Of watches, `rate` is events a second, the times are those from the server to the client.

    `cpu_us`: user and system, of the contender and its children, for each exchange (of watches: each event), what was
    still to be stored included; `peak_mib`: the most that each of them held, added up. Both are 0 for nobody.
    """

    rate: float
    p50_us: float
    p99_us: float
    cpu_us: float
    peak_mib: float

    def as_json(self) -> dict[str, float]:
        """Rounded to what means something."""
        return {name: round(value, 1) for name, value in asdict(self).items()}


def measure(contender: Contender, scene: Scene, server: Server, amount: Amount, programs: Path) -> Figures:
    """BenchError if anything that was sent is not answered, or not recorded where it should be."""
    with TemporaryDirectory(prefix="kproxy-bench-run-") as temporary:
        place = Path(temporary)
        with contender(scene, server, place) as entry:
            generator = _generator(entry, programs)
            warm_up = _warm_up(generator, scene)
            before = _cpu(entry)
            more = ["--first", f"{warm_up}"] if scene.kind != "fixed" else []
            found = json.loads(printed(*generator, *flags(scene, amount, place), *more))
            if found["errors"] or not found["requests"]:
                raise BenchError(f"{found['errors']} errors of {found['requests']} requests: {found}")
            events = found.get("events", 0)
            spent, peak = _cpu(entry) - before, 0
            if entry.pid is not None:
                peak = peak_bytes(tree(entry.pid))
        if entry.recording is not None:
            check(entry.recording, scene, Sent(found["requests"], events, warm_up))
    count = events if scene.workload is Workload.WATCH else found["requests"]
    return Figures(found["rps"], found["p50_us"], found["p99_us"], spent / count * 1e6, peak / 2**20)


def _generator(entry: Entry, programs: Path) -> list[str]:
    command = [str(programs / "load"), "--url", entry.url]
    command += ["--ca", str(entry.ca)] if entry.ca is not None else []
    command += ["--token", entry.token] if entry.token else []
    command += ["--proxy", entry.proxy] if entry.proxy else []
    return command


def _warm_up(generator: list[str], scene: Scene) -> int:
    """How many requests it took: their numbers are used up."""
    target = SECRET_TARGET if scene.kind == "fixed" else scene.target
    found = json.loads(printed(*generator, "--requests", f"{SECRETS}", "--path-template", target))
    if found["errors"]:
        raise BenchError(f"{found['errors']} of the first requests went wrong: {found}")
    return SECRETS


def _cpu(entry: Entry) -> float:
    if entry.pid is None:
        return 0.0
    settle(entry.pid)
    return cpu_seconds(tree(entry.pid))
