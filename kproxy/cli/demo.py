"""`kproxy demo`: the walkthrough in one command."""

import os
from pathlib import Path

import click

from kproxy.lab.settings import LabSettings, ServerKind
from kproxy.report.printing import printable
from kproxy.report.text import text_report
from kproxy.session.demo import DemoSettings, demo
from kproxy.session.log import LogRow
from kproxy.session.recording import state_home


@click.command("demo", short_help="The walkthrough, end to end, with a verdict.")
@click.option(
    "--server",
    type=click.Choice(["emulated", "kube-apiserver"]),
    default="emulated",
    show_default=True,
    help="What the walkthrough is sent to.",
)
@click.option(
    "--assets",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A folder with kube-apiserver and etcd (default: KUBEBUILDER_ASSETS).",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=Path("kproxy-demo.kproxy"),
    show_default=True,
    help="The recording; an existing one is replaced.",
)
def command(*, server: ServerKind, assets: Path | None, output: Path) -> int:
    """Show what kproxy does: POST a pod, GET it, find it in etcd, DELETE it, GET answers 404; replay it; the verdict.

    \b
    Example: kproxy demo
    """
    settings = DemoSettings(
        lab=LabSettings(server=server, assets=assets), output=output, state_home=state_home(os.environ)
    )
    verdict = demo(settings, _show, lambda sentence: click.echo(f"== {sentence}"))
    click.echo(text_report(verdict))
    click.echo(f"the recording is {output}: try `kproxy log {output}` and `kproxy show {output} 1`")
    return verdict.outcome.exit_code


def _show(row: LogRow) -> None:
    click.echo(printable(f"{row.verb or row.method:<7} {row.target}  {row.status}"))
    for change in row.changes:
        click.echo(printable(f"        → {change.type} {change.key}@{change.revision} ({change.basis})"))
    if not row.changes:
        click.echo("        → nothing changed in etcd")
