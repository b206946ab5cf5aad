"""`kproxy lab run`: a fresh server; `kproxy lab controllers`: what makes a cluster of it."""

import os
import signal
from pathlib import Path

import click

from kproxy.errors import UsageError
from kproxy.lab.controllers import BesideSettings
from kproxy.lab.info import read_lab
from kproxy.lab.settings import MAX_NODES, LabSettings, ServerKind, WithControllers
from kproxy.session.lab import idle_beside, idle_lab, run_beside, run_in_lab

_WHEN: dict[str | None, WithControllers] = {None: "none", "controllers": "now", "controllers-later": "later"}
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_kwok_config = click.option(
    "--kwok-config",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    multiple=True,
    help="A file of kwok's own objects, beside the lab's stages (repeatable).",
)


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
@click.option(
    "--with",
    "controllers",
    type=click.Choice(["controllers", "controllers-later"]),
    help="Start kube-controller-manager, kube-scheduler and kwok too; or prepare for `kproxy lab controllers`.",
)
@click.option(
    "--nodes",
    type=click.IntRange(1, MAX_NODES),
    default=2,
    show_default=True,
    help="How many nodes kwok plays, with controllers.",
)
@_kwok_config
@click.option("--feature-gates", default="", help="kube-apiserver's feature gates: Name=true,Other=false.")
@click.option(
    "--spans-to", metavar="HOST:PORT", default="", help="Let kube-apiserver tell its spans there over OTLP/gRPC."
)
@click.option("--no-relay", is_flag=True, help="Let the server speak to etcd directly: no request is traced into it.")
@click.argument("command_line", metavar="[-- COMMAND …]", nargs=-1, type=click.UNPROCESSED)
def run(
    *,
    server: ServerKind,
    assets: Path | None,
    audit_log: Path | None,
    keep: Path | None,
    allow_old_etcd: bool,
    controllers: str | None,
    nodes: int,
    kwok_config: tuple[Path, ...],
    feature_gates: str,
    spans_to: str,
    no_relay: bool,
    command_line: tuple[str, ...],
) -> int:
    """Start a fresh server, run COMMAND with its KUBECONFIG, and end both. Without COMMAND: until Ctrl-C.

    \b
    Example: kproxy lab run -- kubectl get namespaces
    """
    if kwok_config and controllers != "controllers":
        raise UsageError("--kwok-config goes with what starts kwok: --with controllers, or `kproxy lab controllers`")
    settings = LabSettings(
        server=server,
        assets=assets,
        audit_log=audit_log,
        keep=keep,
        allow_old_etcd=allow_old_etcd,
        controllers=_WHEN[controllers],
        nodes=nodes,
        kwok_config=kwok_config,
        feature_gates=feature_gates,
        spans_to=spans_to,
        relay=not no_relay,
    )
    if command_line:
        return run_in_lab(settings, command_line)
    return 128 + idle_lab(settings, ENDING, _tell)


@command.command("controllers", context_settings={"allow_interspersed_args": False})
@click.option(
    "--logs", type=click.Path(path_type=Path, file_okay=False, exists=True), help="A folder that their logs stay in."
)
@_kwok_config
@click.argument("command_line", metavar="[-- COMMAND …]", nargs=-1, type=click.UNPROCESSED)
def controllers(*, logs: Path | None, kwok_config: tuple[Path, ...], command_line: tuple[str, ...]) -> int:
    """Start the controllers of a lab (KPROXY_LAB) that was made for them, run COMMAND, and end both.

    Within `kproxy record --identity pass` they go through kproxy (KPROXY_URL, KPROXY_CA), each as itself. Without
    COMMAND: until Ctrl-C.

    \b
    Example: kproxy lab run --server kube-apiserver --with controllers-later -- \\
      kproxy record --identity pass -- kproxy lab controllers -- kubectl get pods -A
    """
    named, url, ca = (os.environ.get(name) for name in ("KPROXY_LAB", "KPROXY_URL", "KPROXY_CA"))
    if not named:
        raise UsageError("there is no lab: run this within `kproxy lab run --with controllers-later`")
    if url and not ca:
        raise UsageError(
            f"controllers cannot go through {url}: they send no credentials without TLS; record with --listen https://…"
        )
    settings = BesideSettings(
        server=url or None, ca=Path(ca) if url and ca else None, logs=logs, kwok_config=kwok_config
    )
    if command_line:
        return run_beside(read_lab(named), settings, command_line, os.environ)
    return 128 + idle_beside(read_lab(named), settings, ENDING, _tell)


def _tell(sentence: str) -> None:
    click.echo(sentence, err=True)
