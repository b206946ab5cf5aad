"""How fast kproxy is, beside what does without it: all contenders, scene by scene, on this machine.

python -m tests.bench [--short] [--publish] [--json FILE] [--rounds 3] [--seconds 2] [--scene TEXT]… [--contender NAME]…

Generator and upstream are the Go programs of controlplane/bench; scenes with a real kube-apiserver run where
KUBEBUILDER_ASSETS is set. The contenders take turns, round by round, so that what else the machine does hits all of
them. After each of its runs kproxy's recording must hold exactly what was sent. --short is one small round: it checks
counts and contents, and that everything runs; its figures mean nothing. --publish with --scene renews those scenes.
"""

import argparse
import os
import resource
import sys
from pathlib import Path

from tests.bench.etcd_relay import relay_scenes
from tests.bench.goals import goals_of
from tests.bench.machine import machine
from tests.bench.plan import full, short
from tests.bench.processes import BenchError, printed
from tests.bench.replaying import replay_scenes
from tests.bench.report import as_text, goal_line, publish
from tests.bench.rounds import run_scenes
from tests.bench.saturation import saturate


def main() -> int:
    options = _arguments()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # 500 watches are 2,000 descriptors
    named = os.environ.get("KUBEBUILDER_ASSETS", "")
    assets = Path(named) if (Path(named) / "kube-apiserver").exists() else None
    programs = Path(printed("sh", "controlplane/build.sh", "bench"))
    plan = short() if options.short else full(options.rounds, options.seconds, real=assets is not None)
    plan = plan.only(options.scene, options.contender)
    report: dict[str, object] = {"machine": machine()}
    try:
        scenes = run_scenes(plan, programs, assets, say)
        if plan.relay and assets is not None:
            scenes += relay_scenes(assets, programs, plan.rounds, plan.relay, say)
        if plan.replay:
            scenes += replay_scenes(assets, programs, plan.rounds, plan.replay, say)
        report["scenes"] = scenes
        if plan.saturation:
            report["saturation"] = saturate(plan.saturation, programs, say)
    except BenchError as error:
        say(f"bench: {error}")
        return 2
    if options.json:
        options.json.write_text(as_text(report))
    if options.publish:
        publish(report)
    if options.short:
        return 0
    missed = 0
    for goal in goals_of(report):
        say(goal_line(goal))
        missed += not goal.met
    return int(missed > 0)


def _arguments() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--seconds", type=float, default=2.0)
    arguments.add_argument("--json", type=Path, help="write the figures here too")
    arguments.add_argument("--publish", action="store_true", help="make docs/performance.md of them")
    arguments.add_argument("--short", action="store_true")
    arguments.add_argument("--scene", action="append", default=[], help="only scenes with this in their names")
    arguments.add_argument("--contender", action="append", default=[], help="only this one (repeatable)")
    return arguments.parse_args()


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
