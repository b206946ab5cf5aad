"""Connections that nftables redirects, in user and network namespaces: needs unshare, ip and nft, no root."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kproxy.model.exchange import End, IdentityMode
from kproxy.store.reader import open_recording
from tests.transparent.scene import OTHER, SERVER, SERVER_6

pytestmark = pytest.mark.netns

ROOT = Path(__file__).parents[2]


def scene(folder: Path, *options: str) -> dict[str, str]:
    command = ["unshare", "--user", "--map-root-user", "--net", "--mount"]
    command += [sys.executable, "-m", "tests.transparent.scene", str(folder), *options]
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "XDG_STATE_HOME": str(folder / "state"), "HOME": str(folder)}
    done = subprocess.run(command, cwd=ROOT, env=env, check=False, capture_output=True, text=True)
    said = folder / "said"
    assert done.returncode == 0, done.stderr + (said.read_text() if said.exists() else "")
    answers = json.loads(done.stdout)
    assert isinstance(answers, dict)
    return answers


def answer(host: str) -> dict[str, str]:
    return {"path": f"/api/v1/pods/{host}", "authorization": "Bearer the-clients-own"}


def test_redirected_clients_are_served_and_recorded_with_their_own_credentials(tmp_path: Path) -> None:
    seen = scene(tmp_path)
    assert json.loads(seen["ipv4"]) == json.loads(seen["name"]) == answer(SERVER)
    assert json.loads(seen["ipv6"]) == json.loads(seen["another name"]) == answer(SERVER_6)
    assert seen["untrusting"].startswith("not trusted")
    assert seen["another server"] == seen["kproxy itself"] == "closed"
    said = (tmp_path / "said").read_text()
    assert f"on its way to {OTHER}:6443, which is not the api-server" in said
    assert "that no firewall has redirected" in said
    with open_recording(str(tmp_path / "s.kproxy")) as recording:
        exchanges = list(recording.exchanges())
        assert [exchange.info.name for exchange in exchanges] == [SERVER, SERVER_6, SERVER, SERVER_6]
        assert {(each.end, each.identity) for each in exchanges} == {(End.COMPLETE, IdentityMode.PASS)}


def test_what_goes_elsewhere_is_passed_on_untouched_where_that_is_wanted(tmp_path: Path) -> None:
    seen = scene(tmp_path, "--tunnel-others")
    assert json.loads(seen["another server"]) == answer(OTHER)
    assert seen["kproxy itself"] == "closed"
    with open_recording(str(tmp_path / "s.kproxy")) as recording:
        assert len(list(recording.exchanges())) == 4
