"""`kproxy lab run`: a fresh server."""

import signal
from pathlib import Path

import click

from kproxy.lab.run import run_in_lab
from kproxy.lab.settings import LabSettings, ServerKind
from kproxy.session.lab import idle_lab


@click.group("lab", short_help="Fresh servers.")
def command() -> None:
    """Fresh servers: an emulated api-server or a real kube-apiserver, each over an etcd of its own."""


@command.command("run", context_settings={"allow_interspersed_args": False})
@click.option(
    "--server", type=click.Choice(["emulated", "kube-apiserver"]), default="emulated", show_default=True, help="Which."
)
@click.option(
    "--assets",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A folder with kube-apiserver and etcd (default: KUBEBUILDER_ASSETS).",
)
@click.option("--audit-log", type=click.Path(path_type=Path), help="Where the server's audit log goes.")
@click.option("--keep", type=click.Path(path_type=Path), help="A folder, new or empty, that stays at the end.")
@click.option("--allow-old-etcd", is_flag=True, help="Let kube-apiserver run on an etcd below 3.5.13.")
@click.argument("command_line", metavar="[-- COMMAND …]", nargs=-1, type=click.UNPROCESSED)
def run(
    *,
    server: ServerKind,
    assets: Path | None,
    audit_log: Path | None,
    keep: Path | None,
    allow_old_etcd: bool,
    command_line: tuple[str, ...],
) -> int:
    """Start a fresh server, run COMMAND with its KUBECONFIG, and end both. Without COMMAND: until Ctrl-C.

    \b
    Example: kproxy lab run -- kubectl get namespaces
    """
    settings = LabSettings(server=server, assets=assets, audit_log=audit_log, keep=keep, allow_old_etcd=allow_old_etcd)
    if command_line:
        return run_in_lab(settings, command_line)
    return 128 + idle_lab(settings, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP), _tell)


def _tell(sentence: str) -> None:
    click.echo(sentence, err=True)
