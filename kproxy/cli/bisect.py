"""`kproxy bisect FILE --on TARGET`."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click

from kproxy.cli.assets_options import assets_options
from kproxy.cli.rules_option import rules_option
from kproxy.errors import UsageError
from kproxy.model.exchange import Seq
from kproxy.model.session import Server
from kproxy.report.printing import printable
from kproxy.session.bisect import Bisected, BisectSettings, Fresh, bisect
from kproxy.session.opened import opened
from kproxy.session.outputs import check_output
from kproxy.session.replay import ReplaySettings
from kproxy.session.restore import Restoring
from kproxy.session.rules import rule_book
from kproxy.session.stage import staged
from kproxy.session.target import Target, TargetWish, parse_target

_SHOWN = 50


@click.command("bisect", short_help="The smallest part of a session that shows a difference.")
@click.argument("file")
@click.option(
    "--on", "target", required=True, metavar="TARGET", help="fresh:emulated | fresh:kube-apiserver[@VERSION] | fresh."
)
@click.option(
    "--reference",
    metavar="TARGET",
    default="fresh",
    show_default=True,
    help="What answers as it should: another fresh server, or none: the recording itself.",
)
@click.option(
    "--seq",
    type=click.IntRange(min=1),
    help="The exchange whose difference it is (default: the first finding's).",
)
@click.option("--path", default="", help="Its path, as the report has it.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Where the part goes (default: FILE-smallest.kproxy)."
)
@click.option("--force", is_flag=True, help="Replace an existing FILE of -o.")
@assets_options
@click.option(
    "--attempts", type=click.IntRange(min=1), default=200, show_default=True, help="Parts that are tried at most."
)
@rules_option
@click.option("--strict", is_flag=True, help="Turn all noise rules off.")
def command(
    *,
    file: str,
    target: str,
    reference: str,
    seq: int | None,
    path: str,
    output: Path | None,
    force: bool,
    assets: Path | None,
    allow_old_etcd: bool,
    attempts: int,
    rules: tuple[Path, ...],
    strict: bool,
) -> int:
    """Find the fewest exchanges of a session that still show one difference, each time on fresh servers.

    What is left is written as a recording, and listed. Exit code 1 where the target differs, 0 where it does not, 2
    where nothing can be said.

    \b
    Example: kproxy bisect session.kproxy --on fresh:kube-apiserver@1.37.2 --seq 412
    """
    goal = output or Path(f"{Path(file.rstrip('/')).with_suffix('')}-smallest.kproxy")
    check_output(goal, [file], force=force)
    book = rule_book(rules)
    with opened(file) as recorded:
        server = recorded.recording.session.server
    fresh = partial(_fresh, file=file, server=server, assets=assets, allow_old_etcd=allow_old_etcd)
    good = None if reference == "none" else fresh(reference)
    with tempfile.TemporaryDirectory(prefix="kproxy-bisect-") as folder:
        replay = ReplaySettings(
            output=Path(folder, "replayed.kproxy"),
            state_home=Path(folder),
            force=True,
            strict=strict,
            rules=book,
        )
        settings = BisectSettings(
            replay=replay,
            output=goal,
            seq=None if seq is None else Seq(seq),
            path=path,
            most=attempts,
            tell=_tell,
        )
        found = bisect(file, fresh(target), good, settings)
    return _say(found, goal)


def _fresh(words: str, *, file: str, server: Server, assets: Path | None, allow_old_etcd: bool) -> Fresh:
    wish: TargetWish = parse_target(words, server, assets=assets, allow_old_etcd=allow_old_etcd)
    if wish.lab is None:
        raise UsageError(f"{words} is one server, and each part is tried on a fresh one: fresh, fresh:emulated, …")

    @contextmanager
    def start() -> Iterator[tuple[Target, Restoring]]:
        with opened(file) as session, staged(session.recording, wish, os.environ) as stage:
            yield stage

    return start


def _say(found: Bisected, output: Path) -> int:
    if found.difference is None:
        click.echo(f"verdict: {found.verdict.outcome.value}: there is no difference to look for")
        return found.verdict.outcome.exit_code
    it = found.difference
    click.echo(printable(f"the difference: exchange {it.seq}: {it.where} {it.path} {it.kind}"))
    click.echo(f"{len(found.exchanges)} of {found.whole} exchanges show it, found with {found.attempts} parts:")
    for exchange in found.exchanges[:_SHOWN]:
        status = exchange.answer.status if exchange.answer else "-"
        click.echo(printable(f"  {exchange.seq:>6}  {exchange.request.method} {exchange.request.target}  {status}"))
    if len(found.exchanges) > _SHOWN:
        click.echo(f"  … and {len(found.exchanges) - _SHOWN} more")
    click.echo(f"written to {output}")
    return 1


def _tell(sentence: str) -> None:
    click.echo(f"kproxy: {sentence}", err=True)
