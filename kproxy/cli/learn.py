"""`kproxy learn RUN RUN … -o FILE`: rules of noise, from runs of one session on one version."""

import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

import click

from kproxy.cli.assets_options import assets_options
from kproxy.cli.progress import replay_progress
from kproxy.errors import UsageError
from kproxy.report.printing import printable
from kproxy.session.opened import opened
from kproxy.session.outputs import check_output
from kproxy.session.replay import Audience, ReplaySettings, replay_recording
from kproxy.session.rules import MOST_RUNS, Learned, check_version, learn_rules, recorded_version
from kproxy.session.stage import staged
from kproxy.session.target import TargetWish, parse_target
from kproxy.session.turns import run_in_turns


@click.command("learn", short_help="Rules of noise, from runs of one session.")
@click.argument("recordings", nargs=-1, required=True, metavar="RECORDING…")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The rules' file.")
@click.option("--force", is_flag=True, help="Replace an existing FILE of -o.")
@click.option("--on", "target", metavar="TARGET", help="Make the runs: replay the one RECORDING there; `fresh`.")
@click.option(
    "--runs", type=click.IntRange(2, MOST_RUNS), default=2, show_default=True, help="How many runs --on makes."
)
@assets_options
def command(
    *,
    recordings: tuple[str, ...],
    output: Path,
    force: bool,
    target: str | None,
    runs: int,
    assets: Path | None,
    allow_old_etcd: bool,
) -> None:
    """Learn rules of noise: what differs between runs of one session on one version says nothing of another version.

    \b
    Example: kproxy learn session.kproxy --on fresh --runs 2 -o rules.yaml
    """
    check_output(output, recordings, force=force, what="the file of rules")
    if target is None:
        learned = learn_rules(recordings)
    elif len(recordings) > 1:
        raise UsageError("--on replays one RECORDING: give one, or the runs themselves without --on")
    else:
        with opened(recordings[0]) as recorded:
            server = recorded.recording.session.server
        wish = parse_target(target, server, assets=assets, allow_old_etcd=allow_old_etcd)
        learned = _from_replays(recordings[0], wish, runs)
    try:
        output.write_text(learned.text())
    except OSError as error:
        raise UsageError(f"the rules cannot be written to {output}: {error.strerror}; choose another -o") from error
    _tell(learned, output)


def _from_replays(where: str, wish: TargetWish, runs: int) -> Learned:
    if wish.lab is None:
        raise UsageError("--on: runs that teach go to fresh servers: `fresh`, fresh:emulated or fresh:kube-apiserver")
    version = recorded_version(where)
    with tempfile.TemporaryDirectory(prefix="kproxy-learn-") as folder:
        made = [str(Path(folder, f"run{number}.kproxy")) for number in range(1, runs + 1)]
        for run in made:
            with ExitStack() as stack:
                recorded = stack.enter_context(opened(where)).recording
                reachable, start = stack.enter_context(staged(recorded, wish, os.environ))
                check_version(reachable.lab.server_version if reachable.lab else "", version)
                notify, comparing = stack.enter_context(replay_progress())
                settings = ReplaySettings(output=Path(run), state_home=Path(folder), restoring=start)
                run_in_turns(replay_recording(where, reachable, settings, Audience(notify=notify, comparing=comparing)))
        return learn_rules(made, version=version)


def _tell(learned: Learned, output: Path) -> None:
    version = learned.runs[0].version or "one version"
    click.echo(f"{len(learned.rules)} rules from {len(learned.runs)} runs on {printable(version)}: {output}")
    for rule in learned.rules:
        click.echo(f"  {printable(rule.name)}: {printable(rule.reason)}")
    for sentence, count in sorted(learned.refused.items()):
        click.echo(f"not learned, {count} {'time' if count == 1 else 'times'}: {printable(sentence)}")
    for sentence in learned.unknown:
        click.echo(f"nothing learned of this: {printable(sentence)}")
