"""`kproxy record [-- COMMAND …]`: record what goes through."""

import asyncio
import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import click

from kproxy.cli.etcd_options import EtcdWish, etcd_options
from kproxy.cli.identity_options import identity_options, identity_settings
from kproxy.cli.server import reached
from kproxy.cli.sizes import SIZE
from kproxy.cli.way_options import default_identity, listener_of, way_options
from kproxy.errors import UsageError
from kproxy.lab.info import read_lab
from kproxy.proxy.faults.rules import parse_rule
from kproxy.proxy.handover.outbox import DEFAULT_BUFFER
from kproxy.proxy.settings import DEFAULT_DRAIN
from kproxy.proxy.sockets.serving import ServingFiles
from kproxy.proxy.tap.wanted import wanted_by
from kproxy.proxy.ways.way import Mode, Way
from kproxy.record.settings import START_BYTES
from kproxy.session.record import Client, record
from kproxy.session.recording import state_home
from kproxy.session.recordsettings import RecordSettings, StartChoice
from kproxy.session.relays import lab_relays
from kproxy.session.server_facts import lab_etcd
from kproxy.session.workers import hired


@click.command(
    "record",
    short_help="Record what clients say to an api-server.",
    context_settings={"ignore_unknown_options": False, "allow_interspersed_args": False},
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The recording (default: ./kproxy-UTCSTAMP.kproxy)."
)
@click.option("--force", is_flag=True, help="Replace an existing FILE.")
@click.option("--kubeconfig", type=click.Path(path_type=Path), help="Instead of KUBECONFIG or ~/.kube/config.")
@click.option("--context", metavar="NAME", help="Instead of the kubeconfig's current context.")
@click.option(
    "--upstream",
    metavar="URL",
    multiple=True,
    help="An api-server without a kubeconfig: nothing is injected. Repeated: further places of the same server, tried "
    "in their order. With --kubeconfig or --context: where that user's server is.",
)
@click.option(
    "--listen",
    metavar="URL",
    help="Where clients come in (default: https://127.0.0.1:0; with --mode regular http://127.0.0.1:0). "
    "http://127.0.0.1:8080 serves curl without a token, on loopback only.",
)
@click.option("--allow-exec", is_flag=True, help="Let exec, attach and port-forward through an http listener.")
@identity_options
@click.option(
    "--exec-content",
    is_flag=True,
    help="Keep what exec, attach and port-forward carry, not only how much: only known secrets are hidden in it.",
)
@way_options
@etcd_options
@click.option(
    "--etcd-relay",
    metavar="FEED",
    multiple=True,
    type=click.Path(path_type=Path),
    help="The feed of an etcd relay (kproxy etcd-relay): requests are followed into etcd by their trace context. "
    "Repeatable. In a lab its own is taken.",
)
@click.option(
    "--etcd-history",
    is_flag=True,
    help="Read what etcd still knows from before the session too: its keys at its last compaction, each change since.",
)
@click.option(
    "--start-state",
    type=click.Choice([each.value for each in StartChoice]),
    default=StartChoice.AUTO.value,
    show_default=True,
    help="Keep what the server holds when the session begins, so that a replay can begin with it: read from etcd, or "
    "through the api (as the upstream's user). auto: from etcd, where it is followed and the server is in use already.",
)
@click.option(
    "--start-state-limit",
    type=SIZE,
    default=START_BYTES,
    help="How much of it is kept at most: none of it where it is more (default: 64MiB).",
)
@click.option(
    "--otlp",
    metavar="HOST:PORT",
    default="",
    help="Take the api-server's own spans over OTLP/gRPC there (the endpoint of its --tracing-config-file), where "
    "etcd cannot be relayed.",
)
@click.option(
    "--when-stuck",
    type=click.Choice(["pass", "block"]),
    default="pass",
    show_default=True,
    help="When the recorder cannot follow: pass traffic and count what is missing, or block it.",
)
@click.option(
    "--only",
    metavar="RULE",
    multiple=True,
    help="Record only what this matches: KEY=PATTERN,… with verb, resource, namespace, user-agent.",
)
@click.option("--exclude", metavar="RULE", multiple=True, help="Let pass unrecorded what this matches.")
@click.option(
    "--fault",
    "faults",
    metavar="RULE",
    multiple=True,
    help="Let something go wrong on purpose: 'delay=2s verb=list', '409 resource=deployments every=3', 'cut verb=watch "
    "after=3', … (docs/faults.md). Of several rules the first that matches acts.",
)
@click.option(
    "--buffer",
    type=SIZE,
    default=DEFAULT_BUFFER,
    help="What may wait in memory for the recorder (default: 64MiB).",
)
@click.option(
    "--drain",
    type=click.FloatRange(min=0, max=3600),
    default=DEFAULT_DRAIN,
    show_default=True,
    help="Seconds for requests that go on when the recording ends. Watches are ended at once, between two events.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Processes that serve the one address, into one recording.",
)
@click.argument("command_line", metavar="[-- COMMAND …]", nargs=-1, type=click.UNPROCESSED)
def command(
    *,
    output: Path | None,
    force: bool,
    kubeconfig: Path | None,
    context: str | None,
    upstream: tuple[str, ...],
    listen: str | None,
    mode: str,
    tunnel_others: bool,
    allow_exec: bool,
    exec_content: bool,
    identity: str | None,
    serving_cert: Path | None,
    serving_key: Path | None,
    serving_ca: Path | None,
    serving_name: tuple[str, ...],
    client_ca: Path | None,
    proxy_client_cert: Path | None,
    proxy_client_key: Path | None,
    etcd: EtcdWish,
    etcd_relay: tuple[Path, ...],
    etcd_history: bool,
    start_state: str,
    start_state_limit: int,
    otlp: str,
    when_stuck: Literal["pass", "block"],
    only: tuple[str, ...],
    exclude: tuple[str, ...],
    faults: tuple[str, ...],
    buffer: int,
    drain: float,
    workers: int,
    command_line: tuple[str, ...],
) -> int:
    """Record what clients say to an api-server, and what it changes in etcd.

    With COMMAND: runs it with a KUBECONFIG that leads through kproxy, and ends with it and its exit code.

    \b
    Example: kproxy record -o session.kproxy -- kubectl get pods
    """
    if command_line and shutil.which(command_line[0]) is None:  # said before anything is recorded or written
        raise UsageError(f"the command {command_line[0]!r} cannot be started: there is no such program; is it on PATH?")
    config, server = reached(upstream, kubeconfig, context, os.environ)
    way = Way(mode=Mode(mode), tunnel_others=tunnel_others)
    where, has_tls = listener_of(way, listen, server)
    clients = identity_settings(
        identity or default_identity(way), server, client_ca, (proxy_client_cert, proxy_client_key), has_tls=has_tls
    )
    lab = read_lab(os.environ["KPROXY_LAB"]) if os.environ.get("KPROXY_LAB") else None
    if lab is not None and lab.url.rstrip("/") != server.url.rstrip("/"):
        lab = None  # a lab around us, but another server is recorded
    store = etcd.settings(os.environ)
    if store is None and lab is not None:
        store = lab_etcd(lab)
    if start_state == StartChoice.ETCD.value and store is None:
        raise UsageError("--start-state etcd needs --etcd URL; --start-state api asks the api-server")
    if start_state == StartChoice.API.value and server.proxy is not None:
        raise UsageError(
            f"--start-state api cannot go through the proxy {server.proxy.shown} of that context; "
            "use one without proxy-url"
        )
    relays = tuple(feed.absolute() for feed in etcd_relay) or (lab_relays(lab) if lab is not None else ())
    settings = RecordSettings(
        output=output or Path(f"kproxy-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.kproxy"),
        upstream=server,
        state_home=state_home(os.environ),
        serving=ServingFiles(cert=serving_cert, key=serving_key, ca=serving_ca, names=serving_name),
        wanted=wanted_by(only, exclude),
        faults=tuple(parse_rule(text) for text in faults),
        force=force,
        way=way,
        listen=where,
        allow_exec=allow_exec,
        exec_content=exec_content,
        identity=clients.mode,
        client_ca_pem=clients.client_ca_pem,
        proxy_client=clients.proxy_client,
        interactive=sys.stdin is not None and sys.stdin.isatty(),
        when_stuck=when_stuck,
        buffer_bytes=buffer,
        drain=drain,
        workers=workers,
        etcd=store,
        relays=relays,
        stores=etcd.stores(store, history=etcd_history),
        start_state=StartChoice(start_state),
        start_bytes=start_state_limit,
        otlp=otlp,
        lab=lab,
        program=Path(command_line[0]).name if command_line else "",
    )
    client = Client(kubeconfig=config, context=context)
    if workers == 1:
        return asyncio.run(record(settings, client, command_line, os.environ, _tell))
    with hired(settings) as team:
        return asyncio.run(record(settings, client, command_line, os.environ, _tell, team))


def _tell(sentence: str) -> None:
    click.echo(f"kproxy: {sentence}", err=True)
