"""What kproxy shows of itself to a real kube-apiserver: plugins, rotated certificates, a pod's account, a proxy."""

import asyncio
import datetime as dt
import http.client
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml

from kproxy.config import credentials as credentials_module
from kproxy.config import upstream as upstream_module
from kproxy.config.credentials import Credentials
from kproxy.config.execplugin import ExecPlugin
from kproxy.config.incluster import in_cluster
from kproxy.config.kubeconfig import load_kubeconfig
from kproxy.config.upstream import Tls, Upstream, at_places
from kproxy.lab.settings import LabSettings
from kproxy.lab.start import Lab, start_lab
from kproxy.model.jsontypes import JSONObject
from kproxy.proxy.launch import serve
from kproxy.proxy.settings import ProxySettings
from tests.proxy.sockets.test_reach import proxy
from tests.proxy.stage import recording
from tests.support.authority import Authority
from tests.support.plugin import V1, Plugin, make_plugin

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(300)]

WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture(scope="module")
def lab(assets: Path) -> Iterator[Lab]:
    with start_lab(LabSettings(server="kube-apiserver", assets=assets)) as running:
        yield running


@pytest.fixture
def server(lab: Lab) -> Upstream:
    """The api-server, with nobody's credentials."""
    return replace(load_kubeconfig(lab.kubeconfig, {}).upstream(None).without_credentials(), withheld=False)


@dataclass
class Client:
    """One connection to a kproxy's plain listener."""

    connection: http.client.HTTPConnection

    async def post(self, path: str, body: JSONObject) -> tuple[int, JSONObject]:
        """The status and the object of the answer."""

        def ask() -> tuple[int, JSONObject]:
            self.connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            answer = self.connection.getresponse()
            return answer.status, json.loads(answer.read())

        return await asyncio.to_thread(ask)

    async def who(self) -> str:
        """As whom kproxy goes on."""
        status, body = await self.post(WHO, {"kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1"})
        assert status == 201, body
        review = body["status"]
        assert isinstance(review, dict)
        user = review["userInfo"]
        assert isinstance(user, dict)
        return str(user["username"])


class Kproxy:
    """A proxy that serves."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address

    def client(self) -> Client:
        return Client(http.client.HTTPConnection(*self._address, timeout=60))


@asynccontextmanager
async def kproxy(upstream: Upstream, credentials: Credentials | None = None) -> AsyncIterator[Kproxy]:
    async with recording() as record:
        settings = ProxySettings(upstream=upstream, listen="http://127.0.0.1:0", credentials=credentials)
        async with serve(settings, record.outbox) as running:
            yield Kproxy(running.address)


def token_of(file: Path) -> str:
    token = yaml.safe_load(file.read_text())["users"][0]["user"]["token"]
    assert isinstance(token, str)
    return token


def plugged(server: Upstream, plugin: Plugin) -> Upstream:
    told = ExecPlugin(what='user "u"', version=V1, command=str(plugin.command), interactive="Never")
    return replace(server, plugin=told)


def test_a_plugins_old_token_is_renewed_after_its_401_and_nothing_is_sent_twice(
    lab: Lab, server: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials_module, "AGAIN_SECONDS", -1.0)
    plugin = make_plugin(tmp_path / "p")
    plugin.gives(token="an-old-token")

    async def play() -> None:
        async with kproxy(plugged(server, plugin)) as running:
            client = running.client()
            plugin.gives(token=token_of(lab.kubeconfig))
            first = await client.post(MAPS, {"metadata": {"name": "once"}})
            second = await client.post(MAPS, {"metadata": {"name": "once"}})
            assert (first[0], second[0]) == (401, 201)  # the first was not sent again: the second would be a 409
            assert len(plugin.asked) == 2

    asyncio.run(play())


def test_a_plugins_certificate_is_renewed_when_it_has_expired(
    lab: Lab, server: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials_module, "AGAIN_SECONDS", 0.0)
    plugin = make_plugin(tmp_path / "p")
    authority = lab_authority(lab)
    first = authority.client("first-of-plugin")
    second = authority.client("second-of-plugin", lasts=dt.timedelta(hours=9))
    plugin.gives(clientCertificateData=first.certificate, clientKeyData=first.key)
    now = [time.time()]

    async def play() -> None:
        upstream = plugged(server, plugin)
        credentials = Credentials(upstream, wall=lambda: now[0])
        await credentials.ready()
        async with kproxy(upstream, credentials) as running:
            assert await running.client().who() == "first-of-plugin"
            plugin.gives(clientCertificateData=second.certificate, clientKeyData=second.key)
            assert await running.client().who() == "first-of-plugin"
            now[0] += 3700
            assert await running.client().who() == "second-of-plugin"

    asyncio.run(play())


def test_a_certificate_that_is_rotated_on_disk_is_shown_on_new_connections_only(
    lab: Lab, server: Upstream, tmp_path: Path
) -> None:
    authority = lab_authority(lab)
    first = authority.client("before")
    cert, key = first.written(tmp_path, "user")
    shown = server.showing((first.certificate, first.key), (cert, key))

    async def play() -> None:
        async with kproxy(shown) as running:
            old = running.client()
            assert await old.who() == "before"
            authority.client("after").written(tmp_path, "user")
            assert await running.client().who() == "after"
            assert await old.who() == "before"

    asyncio.run(play())


def test_in_a_pod_the_service_accounts_token_is_read_again(
    lab: Lab, server: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream_module, "TOKEN_FILE_AGE", 0.0)
    (tmp_path / "ca.crt").write_text((Path(lab.info.folder) / "ca.crt").read_text())
    (tmp_path / "token").write_text(token_of(lab.kubeconfig))
    pod = in_cluster({"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(server.port)}, tmp_path)
    assert pod is not None

    async def play() -> None:
        async with kproxy(pod) as running:
            client = running.client()
            assert await client.who() == "kproxy-admin"
            (tmp_path / "token").write_text(token_of(lab.user_kubeconfig))
            assert await client.who() == "kproxy-viewer"

    asyncio.run(play())


@pytest.mark.parametrize("scheme", ["http", "socks5"])
def test_through_a_proxy_and_past_a_dead_place_the_server_is_the_same(lab: Lab, server: Upstream, scheme: str) -> None:
    admin = replace(server, token=token_of(lab.kubeconfig))

    async def play() -> None:
        async with proxy("http" if scheme == "http" else "socks5", server.port) as (out, asked):
            moved = at_places(admin, ["https://localhost:1", f"https://127.0.0.1:{server.port}"])
            assert isinstance(moved.tls, Tls)
            async with kproxy(replace(admin, proxy=out)) as running:
                assert await running.client().who() == "kproxy-admin"
            assert len(asked) == 1
            async with kproxy(moved) as running:
                assert await running.client().who() == "kproxy-admin"

    asyncio.run(play())


def lab_authority(lab: Lab) -> Authority:
    """The one whose clients the lab's server believes."""
    folder = Path(lab.info.folder)
    return Authority.read(folder / "client-ca.crt", folder / "client-ca.key")
