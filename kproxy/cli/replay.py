"""`kproxy replay FILE --on TARGET`."""

import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Literal

import click

from kproxy.cli.assets_options import assets_options
from kproxy.cli.dry_run import dry_run_lines, dry_run_options
from kproxy.cli.etcd_options import EtcdWish, etcd_options
from kproxy.cli.formats import Report, check_reports, format_option, write_reports
from kproxy.cli.progress import replay_progress
from kproxy.cli.renaming_option import renaming_option, write_renaming
from kproxy.cli.restore_options import restore_options
from kproxy.cli.rules_option import rules_option
from kproxy.cli.slice_options import slice_options
from kproxy.config.actors import load_actors
from kproxy.errors import UsageError
from kproxy.model.verdict import Verdict
from kproxy.renaming.renaming import Renaming
from kproxy.replay.engine import Drive
from kproxy.replay.pace import parse_pace
from kproxy.replay.webhooks import Webhooks
from kproxy.session.acting import Acting
from kproxy.session.confirmation import Confirmation
from kproxy.session.evidence import gather_evidence
from kproxy.session.opened import opened
from kproxy.session.outputs import check_output, check_report
from kproxy.session.plan import planned
from kproxy.session.recording import state_home
from kproxy.session.replay import Audience, ReplaySettings, replay_recording
from kproxy.session.restore import RestoreChoice
from kproxy.session.rules import rule_book
from kproxy.session.slices import SliceWish, begun_with
from kproxy.session.stage import StageWish, staged
from kproxy.session.target import parse_target
from kproxy.session.turns import run_in_turns


@click.command("replay", short_help="Replay a session on a fresh server, compare.")
@click.argument("file")
@click.option(
    "--on",
    "target",
    metavar="TARGET",
    help="fresh (the recorded kind and version) | fresh:emulated | fresh:kube-apiserver[@VERSION] | context:NAME | URL",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Keep the replay's own recording here.")
@click.option("--force", is_flag=True, help="Replace an existing FILE of -o.")
@assets_options
@etcd_options
@format_option
@click.option(
    "--concurrency",
    type=click.IntRange(1, 1024),
    default=1,
    show_default=True,
    metavar="N",
    help="So many requests at a time, as far as they are independent; 1: one after the other, as recorded.",
)
@click.option(
    "--pace",
    default="fast",
    show_default=True,
    metavar="PACE",
    help="fast (as soon as what a request waits for is done), recorded, or a factor of the recorded speed, as 10x.",
)
@slice_options
@click.option(
    "--with",
    "beside",
    type=click.Choice(["controllers"]),
    help="Beside a fresh kube-apiserver: controller-manager, scheduler, and kwok with as many nodes as were there.",
)
@click.option("--no-fold", is_flag=True, help="Send every read of a polling loop, as often as it was recorded.")
@dry_run_options
@rules_option
@renaming_option
@restore_options
@click.option(
    "--as",
    "acting_as",
    type=click.Choice(("one", "impersonate")),
    default="one",
    show_default=True,
    help="Who sends: one user, the target's, or each recorded caller by impersonation.",
)
@click.option(
    "--as-map",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Each recorded caller with credentials that FILE (YAML) gives it.",
)
@click.option("--strict", is_flag=True, help="Turn all noise rules off.")
@click.option("--require-etcd", is_flag=True, help="Without the target's etcd the verdict is inconclusive.")
@click.option("--allow-existing", is_flag=True, help="Replay on a server that holds objects already.")
@click.option("--yes", is_flag=True, help="Do not ask before the first write to a server that is not a lab.")
def command(
    *,
    file: str,
    target: str | None,
    output: Path | None,
    force: bool,
    assets: Path | None,
    allow_old_etcd: bool,
    etcd: EtcdWish,
    reports: tuple[Report, ...],
    concurrency: int,
    pace: str,
    wished: SliceWish,
    beside: str | None,
    no_fold: bool,
    dry_run: bool,
    dry_run_as: str,
    acting_as: Literal["one", "impersonate"],
    as_map: Path | None,
    rules: tuple[Path, ...],
    renaming_file: Path | None,
    restore: str,
    webhooks: str,
    strict: bool,
    require_etcd: bool,
    allow_existing: bool,
    yes: bool,
) -> int:
    """Replay a recorded session on another server and compare: exit code 0 the same, 1 different, 2 inconclusive.

    \b
    Example: kproxy replay recordings/hello-demo --on fresh:emulated
    """
    if dry_run:
        for line in dry_run_lines(
            planned(file, wished, _tell, fold=not no_fold, restored=restore != RestoreChoice.NONE), dry_run_as
        ):
            click.echo(line)
        return 0
    if target is None:
        raise UsageError("--on TARGET says where to replay: --on fresh, for example")
    _check_written(file, output, reports, renaming_file, force=force)
    store = etcd.settings(os.environ)
    stores = etcd.stores(store)
    drive = Drive(concurrency=concurrency, pace=parse_pace(pace), beside=wished.people is not None)
    book, renaming = rule_book(rules), Renaming()
    if as_map is not None and acting_as != "one":
        raise UsageError("--as and --as-map both say who sends: give one of them")
    actors = load_actors(as_map) if as_map is not None else {}
    acting = Acting(how=acting_as, actors=actors, env=os.environ)

    def confirm(what: Confirmation) -> None:
        click.echo(f"kproxy: {what.sentence}", err=True)
        if not yes and not _agreed():
            raise UsageError("nothing was sent: it was not confirmed (--yes does that)")

    with ExitStack() as stack:
        stack.enter_context(closing(renaming))
        session = stack.enter_context(opened(file))
        recorded = session.recording
        wish = parse_target(target, recorded.session.server, assets=assets, allow_old_etcd=allow_old_etcd)
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="kproxy-replay-"))
        said = StageWish(
            restore=RestoreChoice(restore),
            webhooks=Webhooks(webhooks),
            controllers=beside is not None,
            etcd=store,
            stores=stores,
        )
        reachable, start = stack.enter_context(staged(recorded, wish, os.environ, said, begun_with(session, wished)))
        settings = ReplaySettings(
            output=output or Path(folder, "replayed.kproxy"),
            state_home=Path(folder) if output is None else state_home(os.environ),  # a key lives as its recording does
            force=force,
            allow_existing=allow_existing,
            strict=strict,
            rules=book,
            renaming=renaming,
            require_etcd=require_etcd,
            drive=drive,
            slice=wished,
            restoring=start,
            acting=acting,
            fold=not no_fold,
        )
        notify, comparing = stack.enter_context(replay_progress())
        signals: list[int] = []
        audience = Audience(confirm=confirm, notify=notify, tell=_tell, stopped=signals.append, comparing=comparing)
        verdict: Verdict = run_in_turns(replay_recording(file, reachable, settings, audience))

        def written() -> int:
            return write_reports(
                verdict,
                reports,
                lambda whole: gather_evidence(file, str(settings.output), verdict, whole=whole),
                lambda: write_renaming(renaming, renaming_file),
            )

        return _ended(written, signals)


def _check_written(
    file: str, output: Path | None, reports: tuple[Report, ...], renaming_file: Path | None, *, force: bool
) -> None:
    """UsageError, before anything is sent, for what could not be written at the end."""
    if output is not None:
        check_output(output, [file], force=force)
    recordings: list[str | Path] = [file] if output is None else [file, output]
    check_reports(reports, recordings)
    check_report(renaming_file, recordings, what="the renaming")


def _ended(write: Callable[[], int], signals: Sequence[int]) -> int:
    """The exit code, with what is written: the signal's if one ended it, whatever becomes of the reports."""
    try:
        code = write()
    except UsageError as error:
        if not signals:
            raise
        _tell(str(error))
        code = error.exit_code
    return 128 + signals[-1] if signals else code


def _tell(sentence: str) -> None:
    click.echo(f"kproxy: {sentence}", err=True)


def _agreed() -> bool:
    """Whether a person says yes; where nobody can be asked, nobody does."""
    try:
        return click.confirm("Go on?", err=True)
    except click.Abort:  # Ctrl-C, which ends kproxy as such, or the end of an input that is no terminal
        if sys.stdin is not None and sys.stdin.isatty():
            raise
        click.echo(err=True)  # the question's line has no end yet
        return False
