"""A server that lies is caught: four behaviours, live through a mutating proxy in front of a real kube-apiserver."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from kproxy.config.kubeconfig import load_kubeconfig
from kproxy.lab.settings import LabSettings
from kproxy.lab.start import Lab, start_lab
from kproxy.model.jsontypes import JSONObject
from tests.support.lying_proxy import Fault, lying_proxy

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(300)]

SESSION = Path(__file__).parents[2] / "recordings" / "hello-kubectl"
POD = "/api/v1/namespaces/default/pods/hello-demo"


async def replayed_through(lab: Lab, fault: Fault | None, env: dict[str, str]) -> tuple[int, JSONObject, int]:
    """Exit code, verdict and number of lies of a replay through a proxy that lies."""
    async with lying_proxy(load_kubeconfig(lab.kubeconfig).upstream(), fault) as proxy:
        etcd = ["--etcd", ",".join(lab.etcd_endpoints)]
        words = ["replay", str(SESSION), "--on", proxy.url, *etcd, "--yes", "--format", "json"]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "kproxy",
            *words,
            env=env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert out, err.decode()
        return process.returncode or 0, json.loads(out), proxy.told


def replayed(fault: Fault | None, assets: Path, env: dict[str, str]) -> tuple[int, JSONObject, int]:
    """The same, on a fresh server."""
    with start_lab(LabSettings(server="kube-apiserver", assets=assets)) as lab:
        return asyncio.run(replayed_through(lab, fault, env))


def places(verdict: JSONObject) -> set[tuple[object, ...]]:
    """Where a verdict's differences are, with the recorded path of each exchange."""
    targets = {
        each["seq"]: str(each["request"]["target"]).partition("?")[0]
        for each in map(json.loads, (SESSION / "exchanges.jsonl").read_text().splitlines())
    }
    differences = verdict["differences"]
    assert isinstance(differences, list)
    found = [each for each in differences if isinstance(each, dict)]
    return {(targets.get(each["seq"]), each["where"], each["path"]) for each in found}


def test_a_proxy_that_does_not_lie_is_not_noticed(assets: Path, real_env: dict[str, str]) -> None:
    code, verdict, told = replayed(None, assets, real_env)
    assert (code, told) == (0, 0), verdict
    assert verdict["verdict"] in {"identical", "equivalent"}


@pytest.mark.parametrize(
    ("fault", "place"),
    [
        (Fault.STATUS, ("/api/v1/namespaces/default/pods", "status", "status")),
        (Fault.DEFAULT, (POD, "body", "$.spec.restartPolicy")),
        (Fault.LOST_EVENT, ("/api/v1/namespaces/default/pods", "stream", "$[1]")),
        (Fault.STALE_REVISION, (POD, "body", "$.metadata.resourceVersion")),
    ],
)
def test_a_lie_is_different_with_exit_code_1_and_its_exchange_and_path(
    fault: Fault, place: tuple[str, str, str], assets: Path, real_env: dict[str, str]
) -> None:
    code, verdict, told = replayed(fault, assets, real_env)
    assert told > 0
    assert (code, verdict["verdict"]) == (1, "different")
    assert place in places(verdict)
