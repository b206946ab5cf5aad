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
    parts = [INTRODUCTION.read_text().rstrip(), _taken(report, machine), _goals(goals_of(report))]
    parts += [_scene(scene) for scene in scenes]
    saturation = report.get("saturation")
    if isinstance(saturation, dict):
        parts.append(_saturation(saturation))
    return "\n\n".join(parts) + "\n"


def goal_line(goal: Goal) -> str:
    """For the terminal."""
    return f"{'met   ' if goal.met else 'MISSED'}  {goal.value:8.2f} ({goal.bound})  {goal.text}"


def _taken(report: dict[str, object], machine: dict[str, object]) -> str:
    return (
        f"Taken on {report['date']} by `{report['command']}`, {report['rounds']} rounds, on {machine['cpus']} cores of "
        f"{machine['cpu']} that generator, upstream and contender share, {machine['memory_gib']} GiB, "
        f"{machine['system']}, Python {machine['python']}, {machine['openssl']}, mitmproxy {machine['mitmproxy']}; "
        f"the load of the machine was {machine['load']} when it began."
    )


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
    if isinstance(contenders, dict):
        lines += [f"| {contender} | {_cells(runs)} |" for contender, runs in contenders.items()]
    return "\n".join(lines)


def _cells(runs: list[Round]) -> str:
    middle = {name: median(run[name] for run in runs) for name in runs[0]}
    cells = [f"{middle['rate']:,.0f}", f"{middle['p50_us'] / 1000:.2f}", f"{middle['p99_us'] / 1000:.2f}"]
    cells += [f"{middle['cpu_us']:,.0f}", f"{middle['peak_mib']:,.0f}"] if middle["peak_mib"] else ["", ""]
    return " | ".join(cells)


def _saturation(figures: dict[str, float]) -> str:
    return (
        f"## At saturation, {figures['seconds']:g} seconds\n\n"
        f"GET, plain, c=16. Without a recording {figures['unrecorded_rate']:,.0f} exchanges a second. With "
        f"`--when-stuck pass` and a buffer of 1 MiB {figures['pass_rate']:,.0f}: {figures['pass_recorded']:,.0f} "
        f"recorded and {figures['pass_in_gaps']:,.0f} counted in gaps, together what was sent; memory grew by "
        f"{figures['pass_growth_mib']:.1f} MiB. With `--when-stuck block` {figures['block_rate']:,.0f}: all "
        f"{figures['block_recorded']:,.0f} recorded, in order on each connection; memory grew by "
        f"{figures['block_growth_mib']:.1f} MiB."
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
