"""What a recorder is told."""

from pathlib import Path

import pytest

from kproxy.errors import ConfigError
from kproxy.etcd.settings import EtcdSettings
from kproxy.model.etcd import ClusterId, EtcdStore
from kproxy.record.settings import Followed, Goodbye, RecorderSettings
from tests.support.made import a_session


def test_settings_are_one_line_and_come_back() -> None:
    settings = RecorderSettings(
        recording=Path("a.kproxy"),
        session=a_session(command=("sh", "-c", "echo '\n'")),
        epoch=5,
        handoffs=(3,),
        key=Path("key"),
        literals=("-----BEGIN\nKEY-----\n",),
        etcds=(
            Followed(
                settings=EtcdSettings(endpoints=("https://e:2379",), cacert=Path("ca.pem"), user="u", password="p"),
                store=EtcdStore(cluster=ClusterId("aa"), resources=("/events",)),
                history=True,
            ),
        ),
    )
    line = settings.to_json()
    assert "\n" not in line
    assert RecorderSettings.from_json(line) == settings
    assert "BEGIN" not in repr(settings)


def test_a_command_that_is_no_unicode_is_escaped() -> None:
    settings = RecorderSettings(
        recording=Path("a"), session=a_session(command=("\udcff",)), epoch=0, handoffs=(0,), key=Path("k")
    )
    assert RecorderSettings.from_json(settings.to_json()).session.command == ("\\udcff",)


def test_a_goodbye_comes_back() -> None:
    assert Goodbye.from_json(Goodbye(exit_code=3).to_json()) == Goodbye(exit_code=3)


@pytest.mark.parametrize("line", ["", "no json", "[]", "{}", '{"recording": 5}', "[" * 100_000])
def test_what_is_not_understood_is_one_sentence(line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        RecorderSettings.from_json(line)
    assert "\n" not in str(caught.value)
