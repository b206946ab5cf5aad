"""What kproxy promises of its speed, held against a report."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

from tests.bench.contenders import DIRECT, HOVERFLY, MITMDUMP, RECORD, WRITING
from tests.bench.etcd_relay import ALONE, METHODS, READ, scene_name
from tests.bench.replaying import KIND as REPLAYED
from tests.bench.replaying import MITM, RAW, REPLAY
from tests.bench.scenes import Workload

type Round = dict[str, float]
type Runs = dict[str, list[Round]]

FLAT_MIB = 16.0
"""What a minute at saturation may add: SQLite's and the allocators' caches are warm by its first third."""


@dataclass(frozen=True, slots=True)
class Goal:
    """`value` must be `least` or more, or `most` or less."""

    text: str
    value: float
    least: float | None = None
    most: float | None = None

    @property
    def met(self) -> bool:
        """Whether it is."""
        return (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)

    @property
    def bound(self) -> str:
        """As a table has it."""
        return f"≥ {self.least:g}" if self.least is not None else f"≤ {self.most:g}"


def goals_of(report: dict[str, object]) -> list[Goal]:
    """Those that the report has figures for. Of each comparison the median over the rounds, each round by itself."""
    scenes = report.get("scenes")
    found = list(_of_scenes(scenes if isinstance(scenes, list) else []))
    saturation = report.get("saturation")
    return found + (list(_of_saturation(saturation)) if isinstance(saturation, dict) else [])


def _of_scenes(scenes: list[dict[str, object]]) -> Iterator[Goal]:
    for tls, least in ((False, 12.0), (True, 10.0)):
        where = "TLS on both legs" if tls else "plain"
        runs = _runs(scenes, "fixed", 16, tls=tls)
        if (ratio := _ratio(runs, RECORD, WRITING, "rate")) is not None:
            yield Goal(f"recording, {where}, c=16: times `mitmdump -q -w`", ratio, least=least)
        if (ratio := _ratio(runs, RECORD, WRITING, "cpu_us")) is not None:
            yield Goal(f"CPU of a recorded exchange, {where}: part of `mitmdump -q -w`'s", ratio, most=0.1)
        if (ratio := _ratio(runs, RECORD, HOVERFLY, "rate")) is not None:
            yield Goal(f"recording, {where}, c=16: times Hoverfly's capture", ratio, least=1.5)
        if (ratio := _added(_runs(scenes, "fixed", 1, tls=tls))) is not None:
            yield Goal(f"p50 added at c=1, {where}: part of what `mitmdump -q` adds", ratio, most=0.25)
    if (ratio := _ratio(_runs(scenes, "kube-apiserver", 16, tls=True), RECORD, DIRECT, "rate")) is not None:
        yield Goal("recording GETs of a pod of a real kube-apiserver, TLS, c=16: part of direct", ratio, least=0.65)
    yield from _of_relay(scenes)
    yield from _of_replay(scenes)


def _of_relay(scenes: list[dict[str, object]]) -> Iterator[Goal]:
    for method in METHODS:
        for scene in scenes:
            runs = scene["contenders"]
            if scene["name"] != scene_name(method, tls=False) or not isinstance(runs, dict):
                continue
            for name in (ALONE, READ):
                if (ratio := _ratio(runs, name, DIRECT, "rate")) is not None:
                    what = f"{method} of ConfigMaps on a real kube-apiserver, {name}, plain, c=16: part of direct"
                    yield Goal(what, ratio, least=0.8)


def _of_replay(scenes: list[dict[str, object]]) -> Iterator[Goal]:
    for scene in scenes:
        runs, name = scene["contenders"], str(scene["name"])
        if scene["kind"] != REPLAYED or not isinstance(runs, dict):
            continue
        if (ratio := _ratio(runs, REPLAY, MITM, "rate")) is not None and "fixed" in name:
            yield Goal(f"{name}: times `mitmdump -C`", ratio, least=5.0)
        if (ratio := _ratio(runs, REPLAY, RAW, "rate")) is not None and "kube-apiserver" in name:
            yield Goal(f"{name}: part of what as many raw clients reach", ratio, least=0.8)


def _of_saturation(figures: dict[str, float]) -> Iterator[Goal]:
    ratio = figures["pass_rate"] / figures["unrecorded_rate"]
    yield Goal("at saturation, `pass`: part of the throughput without a recording", ratio, least=0.9)
    yield Goal("at saturation, `pass`: MiB that memory grows by", figures["pass_growth_mib"], most=FLAT_MIB)
    yield Goal("at saturation, `block`: MiB that memory grows by", figures["block_growth_mib"], most=FLAT_MIB)


def _runs(scenes: list[dict[str, object]], kind: str, connections: int, *, tls: bool) -> Runs:
    asked = (kind, Workload.GET.value, tls, connections)
    for scene in scenes:
        if (scene["kind"], scene["workload"], scene["tls"], scene["connections"]) == asked:
            runs = scene["contenders"]
            return runs if isinstance(runs, dict) else {}
    return {}


def _ratio(runs: Runs, one: str, other: str, figure: str) -> float | None:
    return _paired(runs, (one, other), lambda a, b: a[figure] / b[figure])


def _added(runs: Runs) -> float | None:
    return _paired(
        runs,
        (RECORD, MITMDUMP, DIRECT),
        lambda kproxy, mitmdump, direct: (
            (kproxy["p50_us"] - direct["p50_us"]) / (mitmdump["p50_us"] - direct["p50_us"])
        ),
    )


def _paired(runs: Runs, names: tuple[str, ...], of: Callable[..., float]) -> float | None:
    """The median of a figure of each round; None where somebody did not take part."""
    if not all(runs.get(name) for name in names):
        return None
    return median(of(*rounds) for rounds in zip(*(runs[name] for name in names), strict=True))
