"""docs/performance.md out of docs/performance.json, which `python -m tests.bench --publish` wrote.

    python -m tests.bench.report [--check]

--check changes nothing and fails where the page is not what the figures make.
"""

import argparse
import json
import re
import sys
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.goals import Goal, Round, goals_of

DOCS = Path(__file__).parents[2] / "docs"
FIGURES = DOCS / "performance.json"
PAGE = DOCS / "performance.md"
INTRODUCTION = Path(__file__).with_name("introduction.md")


def as_text(report: dict[str, object]) -> str:
    """The figures, as they are committed: a run a line."""
    text = json.dumps(report, indent=1, ensure_ascii=False)
    return re.sub(r"\{\s+(\"rate\"[^}]*?)\s+\}", lambda found: "{" + " ".join(found[1].split()) + "}", text) + "\n"


def page(report: dict[str, object]) -> str:
    """The whole page."""
    machine = report["machine"]
    scenes = report["scenes"]
    if not isinstance(machine, dict) or not isinstance(scenes, list):
        raise TypeError("the report has no machine or no scenes")
    parts = [INTRODUCTION.read_text().rstrip(), _taken_on(machine), _goals(goals_of(report))]
    parts += [_scene(scene) for scene in scenes]
    saturation = report.get("saturation")
    if isinstance(saturation, dict):
        parts.append(_saturation(saturation))
    return "\n\n".join(parts) + "\n"


def publish(report: dict[str, object]) -> None:
    """Write figures and page; scenes that were not run, and were there, stay as they are if the machine is the same."""
    before = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    if before.get("machine") == report["machine"]:
        report = renewed(before, report)
    FIGURES.write_text(as_text(report))
    PAGE.write_text(page(report))


def renewed(before: dict[str, object], report: dict[str, object]) -> dict[str, object]:
    """`before` with what is in `report`."""
    old, new = before["scenes"], report["scenes"]
    if not isinstance(old, list) or not isinstance(new, list):
        raise TypeError("a report has no scenes")
    scenes = {scene["name"]: scene for scene in (*old, *new)}
    return {**before, **report, "scenes": list(scenes.values())}


def goal_line(goal: Goal) -> str:
    """For the terminal."""
    return f"{'met   ' if goal.met else 'MISSED'}  {goal.value:8.2f} ({goal.bound})  {goal.text}"


def _taken_on(machine: dict[str, object]) -> str:
    return (
        f"Taken by `make bench` on {machine['cpus']} cores of {machine['cpu']} that generator, upstream and contender "
        f"share, {machine['memory_gib']} GiB, {machine['system']}, Python {machine['python']}, {machine['openssl']}, "
        f"mitmproxy {machine['mitmproxy']}."
    )


def _when(taken: object, rounds: int) -> str:
    if not isinstance(taken, dict):
        raise TypeError("a scene does not say when it was taken")
    times = f"{rounds} rounds" if rounds > 1 else "one round"
    return f"Taken on {taken['date']}, {times}; load of the machine: {taken['load']}."


def _goals(goals: list[Goal]) -> str:
    lines = ["## Goals", "", "| | measured | goal | |", "| --- | ---: | ---: | --- |"]
    lines += [f"| {goal.text} | {goal.value:.2f} | {goal.bound} | {_met(goal)} |" for goal in goals]
    return "\n".join(lines)


def _met(goal: Goal) -> str:
    return "met" if goal.met else "**missed**"


def _scene(scene: dict[str, object]) -> str:
    name = str(scene["name"])
    what = "event" if "watches" in name else "exchange"
    lines = [f"## {name}", "", f"| | {what}s/s | p50, ms | p99, ms | CPU, µs/{what} | peak memory, MiB |"]
    lines.append("| --- | ---: | ---: | ---: | ---: | ---: |")
    contenders = scene["contenders"]
    if not isinstance(contenders, dict):
        raise TypeError(f"{name} has no contenders")
    lines += [f"| {contender} | {_cells(runs)} |" for contender, runs in contenders.items()]
    rounds = max(len(runs) for runs in contenders.values())
    return "\n".join([*lines, "", _when(scene["taken"], rounds)])


def _cells(runs: list[Round]) -> str:
    middle = {name: median(run[name] for run in runs) for name in runs[0]}
    cells = [f"{middle['rate']:,.0f}"]
    cells += [f"{middle[each] / 1000:.2f}" if middle["p99_us"] else "" for each in ("p50_us", "p99_us")]
    cells += [f"{middle['cpu_us']:,.0f}", f"{middle['peak_mib']:,.0f}"] if middle["peak_mib"] else ["", ""]
    return " | ".join(cells)


def _saturation(figures: dict[str, Any]) -> str:  # numbers, and when they were taken
    return (
        f"## At saturation, {figures['seconds']:g} seconds\n\n"
        f"GET, plain, c=16. Without a recording {figures['unrecorded_rate']:,.0f} exchanges a second. With "
        f"`--when-stuck pass` and a buffer of 1 MiB {figures['pass_rate']:,.0f}: {figures['pass_recorded']:,.0f} "
        f"recorded and {figures['pass_in_gaps']:,.0f} counted in gaps, together what was sent; memory grew by "
        f"{figures['pass_growth_mib']:.1f} MiB. With `--when-stuck block` {figures['block_rate']:,.0f}: all "
        f"{figures['block_recorded']:,.0f} recorded, in order on each connection; memory grew by "
        f"{figures['block_growth_mib']:.1f} MiB.\n\n"
        f"{_when(figures['taken'], 1)}"
    )


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--check", action="store_true")
    made = page(json.loads(FIGURES.read_text()))
    if arguments.parse_args().check:
        return int(PAGE.read_text() != made)
    PAGE.write_text(made)
    return 0


if __name__ == "__main__":
    sys.exit(main())
