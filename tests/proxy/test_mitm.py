"""A contract for each of mitmproxy's internals that _mitm.py builds on: an update that breaks one fails here."""

# mypy: disable-error-code="no-untyped-call"

import asyncio
import inspect
import re
from pathlib import Path

import pytest
from mitmproxy import version
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.proxy import mode_servers, mode_specs

from kproxy.proxy import _mitm
from kproxy.proxy._mitm import TapInstance, TapMode
from tests.proxy.stage import GET_OK, OK, stage


def test_the_mode_is_registered_and_parsed_like_mitmproxys_own() -> None:
    mode = mode_specs.ProxyMode.parse("tap@127.0.0.1:8080")

    assert isinstance(mode, TapMode)
    assert (mode.listen_host(), mode.listen_port()) == ("127.0.0.1", 8080)
    assert mode_specs.ProxyMode.parse("tap@::1:8080").listen_host() == "::1"
    assert mode.transport_protocol == "tcp"


def test_an_instance_is_made_for_the_mode() -> None:
    instance: object = mode_servers.ServerInstance.make("tap@127.0.0.1:0", Proxyserver())

    assert isinstance(instance, TapInstance)
    with pytest.raises(TypeError, match="served by kproxy only"):
        asyncio.run(instance.listen("127.0.0.1", 0))


def test_a_server_instance_starts_what_our_listen_returns_and_closes_it() -> None:
    source = inspect.getsource(mode_servers.AsyncioServerInstance)

    assert "self._servers = await self.listen(host, port)" in source
    assert "s.close()" in source
    assert "for sock in s.sockets" in source
    assert list(inspect.signature(TapInstance.listen).parameters) == ["self", "host", "port"]


def test_stopping_closes_listeners_first() -> None:
    assert inspect.iscoroutinefunction(Proxyserver().servers.update)
    assert Proxyserver().connections == {}


def test_the_installed_version_is_the_one_these_contracts_were_read_in() -> None:
    assert version.VERSION.startswith("12.2.")


def test_two_proxies_may_live_in_one_process() -> None:
    async def play() -> None:
        async with stage() as first, stage() as second:
            assert list(await asyncio.gather(first.talk(GET_OK), second.talk(GET_OK))) == [OK, OK]
            assert len(await first.record.exchanges(1)) == len(await second.record.exchanges(1)) == 1

    asyncio.run(play())


def test_no_other_file_knows_mitmproxy() -> None:
    folder = Path(_mitm.__file__).parents[1]

    knowing = [
        path.name
        for path in folder.rglob("*.py")
        if re.search(r"^(from|import) mitmproxy", path.read_text(), re.MULTILINE)
    ]

    # The addon lane uses what mitmproxy offers to addons, and only that.
    assert sorted(knowing) == ["_mitm.py", "addon.py", "lane.py"]
