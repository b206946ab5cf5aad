"""`kproxy record`: a recording around a COMMAND, or until somebody ends it."""

import asyncio
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kproxy.config.kubeconfig import Kubeconfig
from kproxy.config.upstream import Upstream
from kproxy.config.written import minimal_kubeconfig, through_proxy
from kproxy.model.exchange import IdentityMode
from kproxy.proxy.launch import Running
from kproxy.proxy.ways.way import Mode
from kproxy.session.command import run_command
from kproxy.session.descriptors import raise_descriptor_limit
from kproxy.session.marks import link_of, mark_socket
from kproxy.session.private import private_file, private_folder
from kproxy.session.recording import Live, Tell, recording
from kproxy.session.recordsettings import RecordSettings
from kproxy.session.warned import warned
from kproxy.session.workers import Team

_TOLD = frozenset({"KUBECONFIG", "KPROXY_URL", "KPROXY_PROXY", "KPROXY_TOKEN", "KPROXY_CA", "KPROXY_MARK"})
"""What COMMAND is told by its environment; none of it is left over from a kproxy around us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Whose kubeconfig leads through the proxy: all its contexts are kept. None: a plain --upstream."""

    kubeconfig: Kubeconfig | None
    context: str | None


async def record(  # noqa: PLR0913, PLR0917 - what a recording is made of
    settings: RecordSettings,
    client: Client,
    command: Sequence[str],
    env: Mapping[str, str],
    tell: Tell,
    team: Team | None = None,
) -> int:
    """Record; the exit code is COMMAND's, or that of the signal that ended a recording without one."""
    raise_descriptor_limit()
    if settings.identity is IdentityMode.PASS and _shows_certificate_only(settings.upstream):
        tell(
            f'user "{settings.upstream.user}" shows a client certificate, which cannot pass through kproxy: to the '
            "api-server that client is nobody; --identity front-proxy and impersonate take its certificate"
        )
    link = link_of(settings.output, env, settings.state_home)
    with warned(tell):
        async with recording(settings, tell, team) as live:
            with private_folder() as folder:
                told = _handed_out(folder, live.proxy, client, settings)
                async with mark_socket(folder, link, live.mark) as marks:
                    told["KPROXY_MARK"] = str(marks)
                    if command:
                        surroundings = {name: value for name, value in env.items() if name not in _TOLD}
                        code = await run_command(command, surroundings | told)
                    else:
                        _invite(live, settings, told, tell)
                        code = 128 + await until_signal()
            live.exit_code = code
    return code


def _shows_certificate_only(upstream: Upstream) -> bool:
    certificate = upstream.tls is not None and upstream.tls.client_cert_pem is not None
    return certificate and not (upstream.token or upstream.token_file or upstream.username or upstream.plugin)


def _handed_out(folder: Path, proxy: Running, client: Client, settings: RecordSettings) -> dict[str, str]:
    """KUBECONFIG and the rest for whoever goes through the proxy: files of mode 0600 in a private folder."""
    told = {"KPROXY_URL": proxy.url}
    if proxy.token is not None:
        told["KPROXY_TOKEN"] = proxy.token
    if proxy.ca_pem is not None:
        told["KPROXY_CA"] = str(private_file(folder / "ca.pem", proxy.ca_pem))
    if proxy.proxy_url is not None:
        told["KPROXY_PROXY"] = proxy.proxy_url
    if client.kubeconfig is None:
        # Nothing is injected then: what the client shows in a forward proxy's tunnel goes on to the api-server.
        token = proxy.token if proxy.proxy_url is None else None
        text = minimal_kubeconfig(
            server=proxy.url,
            ca_pem=proxy.ca_pem,
            token=token,
            via=proxy.proxy_url,
            namespace=settings.upstream.namespace if settings.upstream.token_file else None,  # a pod's
        )
    else:
        tls = settings.upstream.tls if settings.way.mode is not Mode.REVERSE else None
        text = through_proxy(
            client.kubeconfig,
            client.context,
            proxy.url,
            proxy.ca_pem,
            (proxy.token or "") if settings.identity is IdentityMode.ONE else None,  # kubectl asks who has none
            via=proxy.proxy_url,
            server_name=tls.server_name if tls is not None else "",
        )
    told["KUBECONFIG"] = str(private_file(folder / "kubeconfig", text))
    return told


def _invite(live: Live, settings: RecordSettings, told: Mapping[str, str], tell: Tell) -> None:
    tell(f"recording into {settings.output}; Ctrl-C ends it")
    tell(f"the api-server is at {live.proxy.url}")
    if live.proxy.url == settings.upstream.url:
        host, port = live.proxy.address
        tell(f"clients are expected at {host} port {port}")
    if live.proxy.ca_pem is not None or live.proxy.proxy_url is not None:
        tell(f"in another terminal: export KUBECONFIG={told['KUBECONFIG']}")


async def until_signal() -> int:
    """Wait for Ctrl-C, SIGTERM or SIGHUP; which one it was."""
    loop = asyncio.get_running_loop()
    came: asyncio.Future[int] = loop.create_future()

    def note(number: int) -> None:
        if not came.done():
            came.set_result(number)

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, note, number)
    try:
        return await came
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
