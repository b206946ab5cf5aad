"""`kproxy etcd-relay`: stands between an api-server and its etcd, and tells which calls pass."""

import asyncio
import json
import os
from pathlib import Path

import click

from kproxy.cli.etcd_options import FILE
from kproxy.errors import UsageError
from kproxy.etcd.relay.run import run_relay
from kproxy.etcd.relay.settings import Listening, RelaySettings, default_feed, own_folder
from kproxy.etcd.settings import EtcdSettings
from kproxy.session.descriptors import raise_descriptor_limit
from kproxy.wire.relayfeed import Hello


@click.command("etcd-relay", short_help="Between an api-server and its etcd: which calls pass.")
@click.option(
    "--etcd", "endpoints", multiple=True, required=True, metavar="URL", help="A member of etcd, or an etcd. Repeatable."
)
@click.option(
    "--listen",
    multiple=True,
    metavar="HOST:PORT",
    help="Where the api-server finds it instead, one for each --etcd in their order (default: 127.0.0.1, a free port).",
)
@click.option("--cert", type=FILE, help="The certificate that the api-server is shown: TLS on its side.")
@click.option("--key", type=FILE, help="Its key.")
@click.option("--client-ca", type=FILE, help="Only clients with a certificate of this CA may come.")
@click.option("--etcd-cacert", type=FILE, help="The CA that etcd's certificate is checked against.")
@click.option("--etcd-cert", type=FILE, help="The client certificate for etcd: the api-server's.")
@click.option("--etcd-key", type=FILE, help="Its key.")
@click.option(
    "--feed",
    type=click.Path(path_type=Path),
    help="The unix socket where calls are told (default: in the runtime folder).",
)
def command(
    endpoints: tuple[str, ...],
    listen: tuple[str, ...],
    cert: Path | None,
    key: Path | None,
    client_ca: Path | None,
    etcd_cacert: Path | None,
    etcd_cert: Path | None,
    etcd_key: Path | None,
    feed: Path | None,
) -> int:
    """Stand between an api-server and its etcd.

    Bytes go on unchanged. Each call is read off them, without values, and told on the feed, where `kproxy record`
    attaches. Give the addresses that it prints to kube-apiserver as --etcd-servers; to take it away, give it etcd's own
    again. Ends on Ctrl-C or SIGTERM.

    \b
    Example: kproxy etcd-relay --etcd http://127.0.0.1:2379 --listen 127.0.0.1:2381
    """
    raise_descriptor_limit()
    if feed is None:
        feed = default_feed(os.environ)
        own_folder(feed.parent)
    settings = RelaySettings(
        etcd=EtcdSettings(endpoints=endpoints, cacert=etcd_cacert, cert=etcd_cert, key=etcd_key),
        feed=feed.absolute(),
        listen=tuple(map(_listening, listen)),
        cert=cert,
        key=key,
        client_ca=client_ca,
    )

    def ready(hello: Hello) -> None:
        relayed = [{"etcd": each.etcd, "listen": each.listen} for each in hello.relayed]
        told = {"relay": hello.relay, "pid": hello.pid, "feed": str(settings.feed), "relayed": relayed}
        click.echo(json.dumps(told))

    return asyncio.run(run_relay(settings, ready, lambda sentence: click.echo(f"kproxy: {sentence}", err=True)))


def _listening(text: str) -> Listening:
    host, separator, port = text.rpartition(":")
    if not separator or not port.isdecimal() or int(port) > 65535 or not host.strip("[]"):
        raise UsageError(f"--listen {text!r} is no address like 127.0.0.1:2381")
    return Listening(host=host.strip("[]"), port=int(port))
