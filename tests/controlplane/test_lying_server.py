"""A server that lies is caught: four behaviours, live through a mutating server in front of a real kube-apiserver."""

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from kproxy.config.kubeconfig import load_kubeconfig
from kproxy.lab.settings import LabSettings
from kproxy.lab.start import Lab, start_lab
from kproxy.model.jsontypes import JSONObject
from tests.mutants.catalogue.streams import lost, nth
from tests.mutants.lies import Answers, Events, Lie, Of, Said, documents
from tests.mutants.server import mutating_server
from tests.support.same import assert_same

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(300)]

SESSION = Path(__file__).parents[2] / "recordings" / "hello-kubectl"
POD = "/api/v1/namespaces/default/pods/hello-demo"


def with_200(said: Said) -> Said:
    return replace(said, status=200) if said.status == 201 else said


def never_restarted(document: JSONObject) -> None:
    if document.get("kind") == "Pod" and isinstance(spec := document["spec"], dict):
        spec["restartPolicy"] = "Never"


def older(document: JSONObject) -> None:
    metadata = document["metadata"]
    if document.get("kind") == "Pod" and isinstance(metadata, dict):
        metadata["resourceVersion"] = str(int(str(metadata["resourceVersion"])) - 1)


LIES: dict[str, tuple[Callable[[], Lie], tuple[str, str, str]]] = {
    "a created object is answered with 200 instead of 201": (
        lambda: Answers(of=Of("POST", ".*"), change=with_200),
        ("/api/v1/namespaces/default/pods", "status", "status"),
    ),
    "a pod's restartPolicy defaults to Never": (
        lambda: Answers(of=Of("", "/api/v1/.*"), change=documents(never_restarted)),
        (POD, "body", "$.spec.restartPolicy"),
    ),
    "a watch loses its second event": (
        lambda: Events(of=Of("GET", ".*", "watch="), make=nth(1, lost)),
        ("/api/v1/namespaces/default/pods", "stream", "$[1]"),
    ),
    "a read answers an older resourceVersion": (
        lambda: Answers(of=Of("GET", "/api/v1/namespaces/[^/]+/pods/[^/]+"), change=documents(older)),
        (POD, "body", "$.metadata.resourceVersion"),
    ),
}
"""Lies, and where they must be seen."""


async def replayed_through(lab: Lab, lie: Lie, env: dict[str, str]) -> tuple[int, JSONObject, int]:
    """Exit code, verdict and number of lies of a replay on a server that lies."""
    async with mutating_server(load_kubeconfig(lab.kubeconfig).upstream(), lie) as url:
        etcd = ["--etcd", ",".join(lab.etcd_endpoints)]
        words = ["replay", str(SESSION), "--on", url, *etcd, "--yes", "--format", "json"]
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
        return process.returncode or 0, json.loads(out), lie.told


def replayed(lie: Lie, assets: Path, env: dict[str, str]) -> tuple[int, JSONObject, int]:
    """The same, on a fresh server."""
    with start_lab(LabSettings(server="kube-apiserver", assets=assets)) as lab:
        return asyncio.run(replayed_through(lab, lie, env))


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


def test_a_server_that_does_not_lie_is_not_noticed(assets: Path, real_env: dict[str, str]) -> None:
    code, verdict, told = replayed(Lie(), assets, real_env)
    assert (code, told) == (0, 0), verdict
    assert_same(verdict)


@pytest.mark.parametrize("behaviour", LIES)
def test_a_lie_is_different_with_exit_code_1_and_its_exchange_and_path(
    behaviour: str, assets: Path, real_env: dict[str, str]
) -> None:
    lie, place = LIES[behaviour]
    code, verdict, told = replayed(lie(), assets, real_env)
    assert told > 0
    assert (code, verdict["verdict"]) == (1, "different")
    assert place in places(verdict)
