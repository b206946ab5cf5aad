"""TLS on both legs, with etcd's own certificates."""

import asyncio
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kproxy.errors import EtcdError
from kproxy.etcd import EtcdSettings, connect
from kproxy.model.etcd import EtcdKey
from tests.support.etcd_relay import RelayProcess, attached, relay_process
from tests.support.etcd_server import Certificates, EtcdServer, running_etcd

pytestmark = pytest.mark.process

KEY = EtcdKey(b"/tls/a")


def flags(certificates: Certificates) -> list[str]:
    return [
        *("--cert", str(certificates.server_cert), "--key", str(certificates.server_key)),
        *("--client-ca", str(certificates.cacert), "--etcd-cacert", str(certificates.cacert)),
        *("--etcd-cert", str(certificates.cert), "--etcd-key", str(certificates.key)),
    ]


@pytest.fixture(scope="module")
def etcd(certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EtcdServer]:
    with running_etcd(tmp_path_factory.mktemp("tls-etcd"), certificates) as server:
        yield server


@pytest.fixture(scope="module")
def relay(
    etcd: EtcdServer, certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RelayProcess]:
    with relay_process(tmp_path_factory.mktemp("tls"), etcd.url, more=flags(certificates)) as process:
        yield process


def test_calls_pass_and_are_read(relay: RelayProcess, etcd: EtcdServer) -> None:
    value = bytes(range(256)) * 4000

    async def main() -> None:
        settings = replace(etcd.settings, endpoints=(relay.urls[0],))
        async with await connect(settings) as client, await connect(etcd.settings) as direct:
            revision = await client.put(KEY, value)
            found = await direct.get(KEY)
            assert found is not None
            assert (found.value, found.mod_revision) == (value, revision)
            again = await client.get(KEY)
            assert again == found

    assert relay.urls[0].startswith("https://")
    with attached(relay.feed) as feed:
        asyncio.run(main())
        put, get = (call for call in feed.calls() if call.method.startswith("KV/"))
    assert put.operations[0].size == len(value)
    assert get.operations[0].count == 1
    assert get.answer_size > len(value)


def test_a_client_without_a_certificate_is_refused_as_etcd_would(relay: RelayProcess, etcd: EtcdServer) -> None:
    async def main() -> None:
        bare = EtcdSettings(endpoints=(relay.urls[0],), cacert=etcd.settings.cacert, timeout=3)
        with pytest.raises(EtcdError, match="wants a client certificate"):
            await connect(bare)

    asyncio.run(main())
    assert "peer did not return a certificate" in relay.said.read_text()


def test_an_etcd_that_is_another_s_is_not_talked_to(
    etcd: EtcdServer, certificates: Certificates, tmp_path: Path
) -> None:
    wrong = flags(certificates)
    wrong[wrong.index("--etcd-cacert") + 1] = str(certificates.stranger)
    with relay_process(tmp_path, etcd.url, more=wrong) as process:

        async def main() -> None:
            with pytest.raises(EtcdError):
                await connect(replace(etcd.settings, endpoints=(process.urls[0],), timeout=3))

        asyncio.run(main())
        assert "its certificate is not to be trusted" in process.said.read_text()


def test_openssl_s_own_client_is_shown_the_certificate_and_http_2(
    relay: RelayProcess, certificates: Certificates
) -> None:
    address = relay.urls[0].removeprefix("https://")
    command = ["openssl", "s_client", "-connect", address, "-alpn", "h2", "-CAfile", str(certificates.cacert)]
    command += ["-cert", str(certificates.cert), "-key", str(certificates.key)]
    done = subprocess.run(command, input=b"", capture_output=True, timeout=60, check=False)
    assert b"Verify return code: 0" in done.stdout
    assert b"ALPN protocol: h2" in done.stdout
