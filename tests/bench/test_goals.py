import pytest

from tests.bench.contenders import DIRECT
from tests.bench.etcd_relay import ALONE, KIND, READ, scene_name
from tests.bench.goals import Goal, goals_of

TAKEN = {"date": "2026-01-02 03:04 UTC", "load": 0.5}


def run(rate: float, p50: float, cpu: float, peak: float = 90) -> dict[str, float]:
    return {"rate": rate, "p50_us": p50, "p99_us": 2 * p50, "cpu_us": cpu, "peak_mib": peak}


def scene(connections: int, contenders: dict[str, list[dict[str, float]]], kind: str = "fixed") -> dict[str, object]:
    tls = kind != "fixed"
    name = f"{kind} c={connections}"
    found = {"name": name, "kind": kind, "workload": "GET 2.1 KB", "tls": tls, "connections": connections}
    return {**found, "contenders": contenders, "taken": TAKEN}


def report() -> dict[str, object]:
    """One that has most figures; in one round of three the machine was busy."""
    busy, calm = run(600, 10_000, 1000), run(6000, 1000, 100)
    return {
        "machine": dict.fromkeys(("cpu", "cpus", "memory_gib", "system", "python", "openssl", "mitmproxy"), "some"),
        "scenes": [
            scene(
                16,
                {
                    "direct": [run(9000, 500, 0, 0)] * 3,
                    "mitmdump -q -w": [run(50, 9000, 5000), run(500, 900, 500), run(500, 900, 500)],
                    "kproxy record": [busy, calm, calm],
                    "Hoverfly, capture": [run(3000, 500, 100)] * 3,
                },
            ),
            scene(
                1,
                {
                    "direct": [run(9000, 100, 0)] * 3,
                    "mitmdump -q": [run(500, 2100, 5000)] * 3,
                    "kproxy record": [run(5000, 300, 100)] * 3,
                },
            ),
            scene(16, {"direct": [run(1000, 1, 1)], "kproxy record": [run(600, 1, 1)]}, "kube-apiserver"),
        ],
        "saturation": {
            "seconds": 60,
            "unrecorded_rate": 1000.0,
            "pass_rate": 950.0,
            "pass_recorded": 1,
            "pass_in_gaps": 1,
            "pass_growth_mib": 1.0,
            "block_rate": 1,
            "block_recorded": 1,
            "block_growth_mib": 20.0,
            "taken": TAKEN,
        },
    }


def test_each_goal_is_the_median_of_the_rounds_own_ratios() -> None:
    found = {goal.text: (round(goal.value, 3), goal.met) for goal in goals_of(report())}
    assert found == {
        "recording, plain, c=16: times `mitmdump -q -w`": (12.0, True),
        "CPU of a recorded exchange, plain: part of `mitmdump -q -w`'s": (0.2, False),
        "recording, plain, c=16: times Hoverfly's capture": (2.0, True),
        "p50 added at c=1, plain: part of what `mitmdump -q` adds": (0.1, True),
        "recording GETs of a pod of a real kube-apiserver, TLS, c=16: part of direct": (0.6, False),
        "at saturation, `pass`: part of the throughput without a recording": (0.95, True),
        "at saturation, `pass`: MiB that memory grows by": (1.0, True),
        "at saturation, `block`: MiB that memory grows by": (20.0, False),
    }


def test_a_goal_whose_contender_is_missing_is_not_judged() -> None:
    assert goals_of({"scenes": [scene(16, {"kproxy record": [run(1, 1, 1)]})]}) == []


@pytest.mark.parametrize(("value", "met"), [(1.99, False), (2.0, True), (2.01, True)])
def test_a_bound_itself_is_met(value: float, met: bool) -> None:
    assert Goal("more", value, least=2.0).met is met
    assert Goal("less", -value, most=-2.0).met is met


def test_the_relay_s_goal_is_of_plain_writes_with_a_reader_and_without() -> None:
    made = report()
    contenders = {
        DIRECT: [run(1000, 1, 0, 0)],
        ALONE: [run(900, 1, 60)],
        READ: [run(700, 1, 110)],
    }
    scenes = made["scenes"]
    assert isinstance(scenes, list)
    for tls in (False, True):
        name = scene_name("POST", tls=tls)
        scenes.append({**scene(16, contenders, KIND), "name": name, "workload": "POST", "tls": tls})
    found = [(round(goal.value, 3), goal.met) for goal in goals_of(made) if "ConfigMaps" in goal.text]
    assert found == [(0.9, True), (0.7, False)]
