"""Credentials that change while kproxy runs."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from kproxy.config.credentials import AGAIN_SECONDS, Credentials, asked_once
from kproxy.config.execplugin import ExecCredential, ExecPlugin
from kproxy.config.upstream import Tls, Upstream
from kproxy.errors import ConfigError
from tests.support.plugin import V1, make_plugin

PLUGIN = ExecPlugin(what="u", version=V1, command="helper", interactive="Never")
UPSTREAM = Upstream(url="https://h", host="h", port=443, tls=Tls(), plugin=PLUGIN, context="c")


class World:
    """A plugin that gives what it is told to, and clocks."""

    def __init__(self) -> None:
        self.now = 100.0
        self.wall = 1000.0
        self.asked: list[bool] = []
        self.gives: ExecCredential | ConfigError = ExecCredential(token="one", expires=1060.0)
        self.credentials = Credentials(UPSTREAM, self.run, lambda: self.now, lambda: self.wall)

    async def run(self, plugin: ExecPlugin, interactive: bool) -> ExecCredential:
        assert plugin is PLUGIN
        self.asked.append(interactive)
        await asyncio.sleep(0)
        if isinstance(self.gives, ConfigError):
            raise self.gives
        return self.gives


def due(credentials: Credentials) -> bool:
    return credentials.due


def test_a_plugin_is_asked_once_and_again_when_its_answer_has_expired() -> None:
    async def play() -> None:
        world = World()
        held = world.credentials
        assert due(held)
        await held.ready(interactive=True)
        assert (held.due, held.authorization()) == (False, "Bearer one")
        world.wall = 1060.0
        assert not due(held)  # it says so of what it has just given
        world.now += AGAIN_SECONDS + 1
        assert due(held)
        world.gives = ExecCredential(token="two")
        await asyncio.gather(held.renew(), held.renew())
        assert (held.due, held.authorization()) == (False, "Bearer two")
        assert world.asked == [True, False]

    asyncio.run(play())


def test_after_a_401_it_is_asked_for_the_next_request_but_not_for_each_of_many() -> None:
    async def play() -> None:
        world = World()
        held = world.credentials
        await held.ready()
        assert not held.refused()
        assert not due(held)  # that one was answered to what came before
        world.now += AGAIN_SECONDS + 1
        assert not held.refused()
        assert due(held)
        await held.renew()
        assert not held.refused()
        assert not due(held)
        assert len(world.asked) == 2

    asyncio.run(play())


def test_a_connection_that_has_shown_a_plugins_certificate_is_spent_by_a_401() -> None:
    async def play() -> None:
        world = World()
        world.gives = ExecCredential(certificate=("C", "K"))
        await world.credentials.ready()
        assert (world.credentials.certificate(), world.credentials.authorization()) == (("C", "K"), None)
        world.now += AGAIN_SECONDS + 1
        assert world.credentials.refused()

    asyncio.run(play())


def test_a_plugin_that_fails_is_said_and_not_run_for_each_request() -> None:
    async def play() -> None:
        world = World()
        await world.credentials.ready()
        world.wall, world.gives = 2000.0, ConfigError("The plugin failed.")
        await world.credentials.renew()
        assert not due(world.credentials)
        with pytest.raises(ConfigError, match="The plugin failed"):
            world.credentials.authorization()
        world.now += AGAIN_SECONDS + 1
        assert due(world.credentials)
        world.gives = ExecCredential(token="back")
        await world.credentials.renew()
        assert world.credentials.authorization() == "Bearer back"

    asyncio.run(play())


def test_a_rotated_certificate_is_read_when_both_files_are_there(tmp_path: Path) -> None:
    cert, key = tmp_path / "c", tmp_path / "k"
    cert.write_text("C1")
    key.write_text("K1")
    tls = Tls(client_cert_pem="C1", client_key_pem="K1", client_cert_file=cert, client_key_file=key)
    held = Credentials(replace(UPSTREAM, plugin=None, tls=tls))
    assert held.certificate() == ("C1", "K1")

    cert.unlink()
    assert held.certificate() == ("C1", "K1")
    cert.write_text("C2 new")
    key.write_text("K2 new")

    assert held.certificate() == ("C2 new", "K2 new")
    assert not due(held)


@pytest.mark.process
def test_who_asks_once_gets_a_token_of_the_time(tmp_path: Path) -> None:
    plugin = make_plugin(tmp_path / "p")
    plugin.gives(token="now")

    upstream = asyncio.run(asked_once(replace(UPSTREAM, plugin=replace(PLUGIN, command=str(plugin.command)))))

    assert (upstream.token, upstream.plugin) == ("now", None)
