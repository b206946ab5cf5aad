"""Plugins that are really run."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from kproxy.config import pluginrun
from kproxy.config.execplugin import ExecPlugin
from kproxy.config.pluginrun import run_plugin
from kproxy.errors import ConfigError
from tests.support.plugin import V1, Plugin, make_plugin


def told(plugin: Plugin) -> ExecPlugin:
    return ExecPlugin(
        what='user "u"',
        version=V1,
        command=str(plugin.command),
        args=("a", "b"),
        env=(("EXTRA", "e "),),
        interactive="Never",
        hint="Get it from us.",
    )


@pytest.mark.process
def test_it_gets_its_arguments_environment_and_question(tmp_path: Path) -> None:
    plugin = make_plugin(tmp_path / "p")
    plugin.gives(token="t")

    given = asyncio.run(run_plugin(told(plugin), environ=os.environ))

    assert given.token == "t"
    assert (tmp_path / "p" / "seen").read_text() == "e a b"
    assert [each["spec"] for each in plugin.asked] == [{"interactive": False}]


@pytest.mark.process
def test_one_that_fails_is_named_and_what_it_said_is_not_repeated(tmp_path: Path) -> None:
    plugin = make_plugin(tmp_path / "p")
    plugin.says("s3cret", code=3)

    with pytest.raises(ConfigError, match=r"plugin.*of user \"u\" ended with exit code 3\.") as raised:
        asyncio.run(run_plugin(told(plugin)))
    assert "s3cret" not in str(raised.value)


@pytest.mark.process
def test_one_that_is_not_there_comes_with_its_hint(tmp_path: Path) -> None:
    missing = ExecPlugin(what='user "u"', version=V1, command=str(tmp_path / "gone"), hint="Get it from us.")

    with pytest.raises(ConfigError, match=r"cannot be started: No such file or directory\. Get it from us\."):
        asyncio.run(run_plugin(missing))


def test_one_that_always_wants_a_terminal_is_refused_without_one(tmp_path: Path) -> None:
    plugin = make_plugin(tmp_path / "p")

    with pytest.raises(ConfigError, match="wants a terminal"):
        asyncio.run(run_plugin(replace(told(plugin), interactive="Always")))
    assert plugin.asked == []


@pytest.mark.process
def test_too_much_is_cut_off_and_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = ExecPlugin(what="u", version=V1, command="yes", interactive="Never")
    with pytest.raises(ConfigError, match="too much"):
        asyncio.run(run_plugin(endless))

    monkeypatch.setattr(pluginrun, "SECONDS", 0.1)
    sleeping = ExecPlugin(what="u", version=V1, command="sleep", args=("1000",), interactive="Never")
    with pytest.raises(ConfigError, match="did not end in time"):
        asyncio.run(run_plugin(sleeping))
