"""The addon lane on a real kube-apiserver: kubectl through stock mitmdump, with exec, port-forward and logs.

The same checks as of the tap (test_exec, test_forward), by mitmproxy's flows: WebSocket messages, SPDY as a TCP flow,
HTTP/2 for everything else.
"""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from kproxy.lab.settings import LabSettings
from kproxy.lab.start import start_lab
from kproxy.model.exchange import End
from kproxy.store.reader import open_recording
from tests.conformance.lab_traffic import SENT
from tests.conformance.lanes import LANES, addon_process
from tests.controlplane import test_exec, test_forward
from tests.support.live_record import LiveRecord
from tests.support.record_process import wait_for
from tests.support.stand_in_kubelet import stand_in
from tests.support.streams_world import World

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(300)]

echo = test_forward.echo
ROOT = Path(__file__).parents[2]
WAYS = ["WebSocket", "SPDY"]


def through(kubeconfig: Path, server: str, folder: Path) -> tuple[str, str]:
    """A kubeconfig that leads to `server` with the same token; and the file of the old one's CA."""
    config = yaml.safe_load(kubeconfig.read_text())
    cluster = config["clusters"][0]["cluster"]
    ca = folder / "upstream.pem"
    ca.write_bytes(base64.b64decode(cluster["certificate-authority-data"]))
    if server:
        config["clusters"][0]["cluster"] = {"server": server, "insecure-skip-tls-verify": True}
    made = folder / "through.kubeconfig"
    made.write_text(yaml.safe_dump(config))
    return str(made), str(ca)


@pytest.fixture(scope="module")
def world(assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("addon")
    base = {name: value for name, value in os.environ.items() if not name.startswith(("KPROXY_", "KUBECTL_"))}
    env = {**base, "PATH": f"{assets}:{base['PATH']}", "HOME": str(folder), "XDG_STATE_HOME": str(folder / "state")}
    output = folder / "s.kproxy"
    with pytest.MonkeyPatch.context() as patch, start_lab(LabSettings(server="kube-apiserver", assets=assets)) as lab:
        patch.setenv("XDG_STATE_HOME", env["XDG_STATE_HOME"])
        env["KUBECONFIG"] = str(lab.kubeconfig)
        _, ca = through(Path(lab.kubeconfig), "", folder)
        trust = ("--set", f"ssl_verify_upstream_trusted_ca={ca}")
        with stand_in("accepting", folder, env) as node, addon_process(lab.info.url, output, *trust) as running:
            kubeconfig, _ = through(Path(lab.kubeconfig), running.url.replace("http:", "https:"), folder)
            record = LiveRecord(running.process, output, {**env, "KUBECONFIG": kubeconfig})  # type: ignore[arg-type] # a mapping of texts, as an environment is
            yield World(record, env, node, node)


@pytest.mark.parametrize("way", WAYS)
def test_what_goes_in_comes_out_and_adds_up_in_the_recording(world: World, way: str) -> None:
    test_exec.test_what_goes_in_comes_out_and_adds_up_in_the_recording(world, way)


@pytest.mark.parametrize("way", WAYS)
def test_an_exit_code_and_both_outputs_arrive(world: World, way: str) -> None:
    test_exec.test_an_exit_code_and_both_outputs_arrive(world, way)


def test_a_log_is_followed_line_by_line(world: World) -> None:
    test_forward.test_a_log_is_followed_line_by_line(world)


@pytest.mark.parametrize("way", WAYS)
def test_twenty_connections_at_once_are_forwarded(world: World, way: str, echo: int) -> None:
    test_forward.test_twenty_connections_at_once_are_forwarded(world, way, echo)


def test_kubectl_speaks_http_2_to_mitmproxy_and_that_is_recorded(world: World) -> None:
    after = world.record.last()
    done = world.kubectl("WebSocket", "create", "configmap", "by-addon", "--from-literal=a=1")
    assert done.returncode == 0, done.stderr
    assert world.kubectl("WebSocket", "get", "configmap", "by-addon", "-o", "name").stdout == b"configmap/by-addon\n"

    def found() -> list[str] | None:
        with open_recording(str(world.record.path)) as recording:
            mine = [each for each in recording.exchanges() if each.seq > after and each.info.resource == "configmaps"]
        over = len(mine) == 2 and all(each.end is End.COMPLETE for each in mine)
        return [f"{each.info.verb} {each.request.http_version}" for each in mine] if over else None

    assert wait_for(found) == ["create HTTP/2.0", "get HTTP/2.0"]


def test_both_lanes_record_the_same_of_a_real_server(real_env: dict[str, str], tmp_path: Path) -> None:
    kproxy = [sys.executable, "-m", "kproxy"]
    for lane in LANES:
        output = str(tmp_path / f"{lane}.kproxy")
        traffic = [sys.executable, "-m", "tests.conformance.lab_traffic", "record", lane, output]
        lab = [*kproxy, "lab", "run", "--server", "kube-apiserver", "--", *traffic]
        subprocess.run(lab, check=True, cwd=ROOT, env={**real_env, "PYTHONPATH": str(ROOT)})
    recordings = [str(tmp_path / f"{lane}.kproxy") for lane in LANES]
    done = subprocess.run(
        [*kproxy, "diff", *recordings, "--format", "json"], capture_output=True, check=False, env=real_env
    )
    found = json.loads(done.stdout)
    assert found["verdict"] == "identical", found
    assert found["exchanges"]["identical"] == len(SENT)
