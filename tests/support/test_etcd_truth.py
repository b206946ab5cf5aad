"""What the tests hold recordings against says it when a recording is not what etcd has."""

import sqlite3
import subprocess
from pathlib import Path

import pytest

from tests.support.etcd_server import EtcdServer, running_etcd
from tests.support.etcd_truth import check_recorded, etcdctl_binary
from tests.support.record_process import record_process
from tests.support.small_upstream import small_upstream

pytestmark = pytest.mark.process


def put(server: EtcdServer, key: str) -> None:
    command = [str(etcdctl_binary()), f"--endpoints={server.url}", "put", key, "x"]
    subprocess.run(command, check=True, capture_output=True)


def test_a_change_that_is_missing_and_one_too_many_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    path = tmp_path / "s.kproxy"
    with running_etcd(tmp_path) as server:
        put(server, "/before")
        with small_upstream() as upstream, record_process(upstream, path, "--etcd", server.url) as running:
            assert running.url
            for key in ("/a", "/b", "/a"):
                put(server, key)
        put(server, "/behind")
        assert check_recorded(path) == 3
        for change in (
            "update key_changes set key = x'2f63' where revision = 4",
            "delete from key_changes where revision = 4",
        ):
            with sqlite3.connect(path) as database:
                assert database.execute(change).rowcount == 1
            with pytest.raises(AssertionError):
                check_recorded(path)
