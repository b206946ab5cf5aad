"""A contract for each of mitmproxy's internals that _mitm.py builds on: an update that breaks one fails here."""

# mypy: disable-error-code="no-untyped-call"

import asyncio
import inspect
import re
from pathlib import Path

import pytest
from mitmproxy import version
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.proxy import commands, events, layer, layers, mode_servers, mode_specs, server, tunnel

from kproxy.proxy import _mitm
from kproxy.proxy._mitm import TapHandler, TapInstance, TapMode
from kproxy.proxy.outbox import Outbox
from tests.proxy.stage import GET_OK, OK, TeeReader, stage

LIMIT = 48 * 1024 * 1024
"""Bytes: more than the buffers of four sockets."""


def test_the_mode_is_registered_and_parsed_like_mitmproxys_own() -> None:
    mode = mode_specs.ProxyMode.parse("tap@127.0.0.1:8080")

    assert isinstance(mode, TapMode)
    assert (mode.listen_host(), mode.listen_port()) == ("127.0.0.1", 8080)
    assert mode_specs.ProxyMode.parse("tap@::1:8080").listen_host() == "::1"
    assert mode.transport_protocol == "tcp"


def test_an_instance_is_made_for_the_mode() -> None:
    instance: object = mode_servers.ServerInstance.make("tap@127.0.0.1:0", Proxyserver())

    assert isinstance(instance, TapInstance)


def test_handlers_take_what_we_pass_and_have_what_we_use() -> None:
    assert list(inspect.signature(mode_servers.ProxyConnectionHandler.__init__).parameters) == [
        "self",
        "master",
        "r",
        "w",
        "options",
        "mode",
    ]
    source = inspect.getsource(server.ConnectionHandler)
    for used in ("await self.drain_writers()", "self.layer.handle_event(event)", "self.transports[client] = "):
        assert used in source or used in inspect.getsource(server.LiveConnectionHandler), used
    assert inspect.iscoroutinefunction(TapHandler.drain_writers)
    assert set(inspect.get_annotations(server.ConnectionIO)) == {"handler", "reader", "writer"}


def test_a_layer_that_marks_its_blocking_command_is_not_waited_for_by_others() -> None:
    source = inspect.getsource(layer.Layer.handle_event)

    assert "command.blocking is True" in source
    assert commands.OpenConnection.blocking is True


def test_tls_layers_close_through_send_close_and_hold_their_connection() -> None:
    assert "send_close" in inspect.getsource(tunnel.TunnelLayer._handle_command)
    assert vars(layers.tls.TLSLayer)["tls"] is None
    assert "self.context.layers[-2]" in inspect.getsource(layers.ClientTLSLayer.__init__)


def test_the_hooks_accept_a_connection_of_ours() -> None:
    source = inspect.getsource(layers.tls.TLSLayer.start_tls)

    assert "TlsStartClientHook" in source
    assert "self.tls = tls_start.ssl_conn" in source


def test_stopping_closes_listeners_first() -> None:
    assert inspect.iscoroutinefunction(Proxyserver().servers.update)
    assert Proxyserver().connections == {}


def test_events_and_commands_are_the_ones_we_know() -> None:
    assert set(inspect.get_annotations(events.DataReceived)) >= {"data"}
    assert "reply" in inspect.get_annotations(events.OpenConnectionCompleted)
    assert list(inspect.signature(commands.CloseTcpConnection.__init__).parameters)[1:] == ["connection", "half_close"]


def test_the_installed_version_is_the_one_these_contracts_were_read_in() -> None:
    assert version.VERSION.startswith("12.2.")


def test_an_error_of_ours_ends_the_connection_instead_of_hanging_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError("a mistake")

    async def play() -> None:
        async with stage() as on:
            monkeypatch.setattr("kproxy.proxy.tap.Tap._on_answers", fail)
            answer = await on.talk(GET_OK, end=False)
            [told] = await on.record.exchanges(1)
            assert answer in {b"", OK}
            assert "a mistake" in told.detail

    asyncio.run(play())


def test_two_proxies_may_live_in_one_process() -> None:
    async def play() -> None:
        async with stage() as first, stage() as second:
            assert list(await asyncio.gather(first.talk(GET_OK), second.talk(GET_OK))) == [OK, OK]
            assert len(await first.record.exchanges(1)) == len(await second.record.exchanges(1)) == 1

    asyncio.run(play())


def test_a_client_that_reads_nothing_holds_the_server_back_and_not_the_memory() -> None:
    sent = [0]

    async def endless(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
        await reader.head()
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            sent[0] += 65536
            await writer.drain()

    async def play() -> None:
        async with stage(endless, outbox=Outbox(1)) as on:  # nothing is recorded: only the relay is looked at
            _, writer = await on.connect()
            writer.transport.pause_reading()  # type: ignore[attr-defined]
            writer.write(GET_OK)
            previous = -1
            while previous != sent[0] < LIMIT:
                previous = sent[0]
                await asyncio.sleep(0.2)
            assert 0 < sent[0] < LIMIT
            writer.transport.abort()

    asyncio.run(play())


def test_no_other_file_knows_mitmproxy() -> None:
    folder = Path(_mitm.__file__).parents[1]

    knowing = [
        path.name
        for path in folder.rglob("*.py")
        if re.search(r"^(from|import) mitmproxy", path.read_text(), re.MULTILINE)
    ]

    assert knowing == ["_mitm.py"]
