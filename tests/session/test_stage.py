"""kproxy.session.stage: replay, bisect and learn judge on the same servers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from kproxy.cli.main import _exit_code
from kproxy.errors import LabError
from kproxy.lab.settings import LabSettings
from kproxy.model.etcd import ClusterId, EtcdKey, Revision
from kproxy.model.session import Server
from kproxy.model.start import StartKey, StoredKey
from kproxy.store.copying import copy
from tests.support.memory import HEADER, MemoryRecording

type Started = tuple[LabSettings, Mapping[str, str], Sequence[StoredKey]]


def in_use(path: Path) -> Path:
    """A recording of a server that had accounts and a ConfigMap when it began."""
    server = Server(kind="kube-apiserver", version="v1.37.2")
    recording = MemoryRecording(session=replace(HEADER, server=server, start_state="etcd"))
    for key in ("serviceaccounts/default/default", "configmaps/default/mine"):
        value = recording.keep(b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"mine"}}')
        recording.start_list.append(
            StartKey(
                cluster=ClusterId("c"),
                key=EtcdKey(f"/registry/{key}".encode()),
                value=value,
                create_revision=Revision(1),
                mod_revision=Revision(1),
                version=1,
            )
        )
    copy(recording, path)
    return path


@pytest.mark.parametrize("command", ["replay", "bisect", "learn"])
def test_what_a_recording_began_with_is_in_the_etcd_of_the_server_that_is_started(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Started] = []

    def start(settings: LabSettings, env: Mapping[str, str], seed: Sequence[StoredKey]) -> NoReturn:
        started.append((settings, env, seed))
        raise LabError("enough was seen.")

    monkeypatch.setattr("kproxy.session.target.start_lab", start)
    recorded, output = in_use(tmp_path / "s.kproxy"), str(tmp_path / "out")
    assert _exit_code([command, str(recorded), "--on", "fresh", "-o", output]) == 2
    [(settings, _, seed)] = started
    assert settings.accounts
    assert {each.key for each in seed} == {
        b"/registry/configmaps/default/mine",
        b"/registry/serviceaccounts/default/default",
    }
