"""Sessions that begin on a server that is in use, and their replays, on the emulated server."""

import asyncio
import contextlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from kproxy.config.upstream import upstream_from_url
from kproxy.errors import ReplayError, UsageError
from kproxy.etcd.settings import EtcdSettings
from kproxy.lab.settings import LabSettings
from kproxy.lab.start import start_lab
from kproxy.model.api import ObjectRef
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.session import Server
from kproxy.replay.restored import NotRestored, Restored
from kproxy.replay.webhooks import Handling, Webhooks
from kproxy.session.restore import RestoreChoice, Restoring, doubts_of, how_to, restore, restoring
from kproxy.session.target import Target
from kproxy.store.copying import import_text
from kproxy.store.reader import open_recording
from kproxy.store.text import export_text
from tests.support.command import kproxy
from tests.support.etcd_truth import check_recorded
from tests.support.made import a_session
from tests.support.memory import MemoryRecording
from tests.support.served import Server as Served

TEAM = "/api/v1/namespaces/team"
SESSION = f"""
kc() {{
  AS="Authorization: Bearer $KPROXY_TOKEN"
  curl -sS --cacert "$KPROXY_CA" -H "$AS" -H "Content-Type: ${{T:-application/json}}" "$@"
}}
N="$KPROXY_URL{TEAM}"
kc "$N/configmaps/before"
kc "$N/configmaps"
T=application/merge-patch+json kc -X PATCH -d '{{"data":{{"a":"2"}}}}' "$N/configmaps/before"
kc -X POST -d '{{"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"new"}}}}' "$N/configmaps"
kc -X DELETE "$N/configmaps/gone"
kc "$N/secrets/s"
"""


def fill(server: Served) -> None:
    """What is there before the session."""

    def thing(kind: str, name: str, **more: JSON) -> JSONObject:
        return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, **more}

    assert server.send("POST", "/api/v1/namespaces", body=thing("Namespace", "team")).status == 201
    for name in ("before", "gone"):
        made = thing("ConfigMap", name, data={"a": "1"})
        assert server.send("POST", f"{TEAM}/configmaps", body=made).status == 201
    secret = thing("Secret", "s", data={"p": "aHVudGVyMg=="})
    assert server.send("POST", f"{TEAM}/secrets", body=secret).status == 201


def recorded(path: Path, env: dict[str, str], *options: str) -> Path:
    """The session on a server that is in use."""
    with start_lab(LabSettings()) as lab:
        fill(Served(lab))
        done = kproxy("record", "-o", path, *options, "--", "sh", "-c", SESSION, env=env | lab.environment())
        assert done.returncode == 0, done.stderr
        assert check_recorded(path) >= 3
    return path


def verdict(path: Path, env: dict[str, str], *options: str, on: str = "fresh:emulated") -> tuple[str, str, JSONObject]:
    """The verdict, what was said before, and all of the report."""
    done = kproxy("replay", path, "--on", on, "--format", "json", *options, env=env)
    assert done.stdout, done.stderr
    said = json.loads(done.stdout)
    return said["verdict"], done.stderr, said


@pytest.mark.process
@pytest.mark.timeout(300)
def test_a_session_on_a_server_in_use_is_the_same_where_that_is_restored_and_different_where_not(
    tmp_path: Path, env: dict[str, str]
) -> None:
    path = recorded(tmp_path / "a.kproxy", env)
    with open_recording(str(path)) as recording:
        assert recording.session.start_state == "etcd"
        export_text(recording, tmp_path / "text")
    import_text(tmp_path / "text", tmp_path / "b.kproxy")
    for each in (path, tmp_path / "text", tmp_path / "b.kproxy"):
        outcome, said, report = verdict(each, env)
        assert outcome == "identical", report
        assert "restored 4 keys into the target's etcd" in said
    outcome, said, report = verdict(path, env, "--restore", "api")
    assert outcome == "identical", report
    assert "restored 4 objects through the API" in said
    assert verdict(path, env, "--restore", "none")[0] == "different"


@pytest.mark.process
@pytest.mark.timeout(300)
def test_what_the_api_told_of_a_server_is_restored_through_the_api_of_another(
    tmp_path: Path, env: dict[str, str]
) -> None:
    path = recorded(tmp_path / "a.kproxy", env, "--start-state", "api")
    outcome, said, report = verdict(path, env)
    assert outcome == "identical", report
    assert "restored 4 objects through the API" in said
    refused = kproxy("replay", path, "--on", "fresh:emulated", "--restore", "etcd", env=env)
    assert refused.returncode == 2
    assert "--restore etcd needs a start state that was read from etcd" in refused.stderr
    with start_lab(LabSettings()) as lab:
        inside = env | lab.environment()
        context = next(
            line.partition(":")[2].strip()
            for line in lab.kubeconfig.read_text().splitlines()
            if line.startswith("current-context:")
        )
        on = f"context:{context}"
        asked = kproxy("replay", path, "--on", on, env=inside)
        assert asked.returncode != 0  # nobody answered
        assert "about 4 objects of the start state before them" in asked.stderr
        fill(Served(lab))  # somebody restored it by hand: a target may hold exactly that
        outcome, said, report = verdict(path, inside, "--yes", on=on)
        assert outcome == "identical", json.dumps(report)
        other = kproxy("replay", path, "--on", on, "--yes", env=inside)  # what the session made is there now
        assert other.returncode == 2
        assert "is not fresh" in other.stderr


def test_how_it_is_restored_follows_from_what_was_read_and_where_it_goes() -> None:
    etcd = a_session(start_state="etcd", server=Server(kind="emulated"))
    own, other = LabSettings(), LabSettings(server="kube-apiserver")
    assert how_to(etcd, own, RestoreChoice.AUTO) == "etcd"
    assert how_to(etcd, other, RestoreChoice.AUTO) == "api"
    assert how_to(etcd, None, RestoreChoice.AUTO) == "api"
    assert how_to(etcd, own, RestoreChoice.API) == "api"
    assert how_to(etcd, own, RestoreChoice.NONE) == ""
    assert how_to(replace(etcd, start_state="api"), own, RestoreChoice.AUTO) == "api"
    assert how_to(replace(etcd, start_state="unused"), own, RestoreChoice.AUTO) == ""
    assert how_to(a_session(), own, RestoreChoice.AUTO) == ""
    with pytest.raises(UsageError):
        how_to(etcd, None, RestoreChoice.ETCD)


def test_a_stub_is_for_servers_that_find_it() -> None:
    with (
        pytest.raises(UsageError, match="--webhooks stub needs a fresh server"),
        restoring(MemoryRecording(), None, RestoreChoice.AUTO, Webhooks.STUB),
    ):
        pass


def test_what_is_missing_is_in_doubt_with_what_it_would_have_served() -> None:
    def ref(group: str, resource: str, name: str) -> ObjectRef:
        return ObjectRef(group=group, resource=resource, namespace="", name=name)

    definition = ref("apiextensions.k8s.io", "customresourcedefinitions", "widgets.example.com")
    restored = Restored(
        missing=[
            NotRestored("crd", "the target answered 403", definition),
            NotRestored("ns", "the target answered 403", ref("", "namespaces", "gone")),
            NotRestored("ns2", "it is another", ref("", "namespaces", "there"), there=True),
            NotRestored("/registry/x", "a key"),
        ]
    )
    doubts = doubts_of(restored, Handling(Webhooks.DROP))
    assert set(doubts.aggregated) == {("example.com", "*")}
    assert set(doubts.namespaces) == {"gone"}
    assert len(doubts.objects) == 3


@pytest.mark.parametrize(
    ("webhooks", "host", "kept"),
    [
        (Webhooks.DROP, "127.0.0.1", True),
        (Webhooks.DROP, "localhost", True),
        (Webhooks.DROP, "policy.corp", False),
        (Webhooks.DROP, "10.0.0.1", False),
        (Webhooks.STUB, "policy.corp", False),
        (Webhooks.KEEP, "policy.corp", True),
    ],
)
def test_a_webhook_elsewhere_is_not_tried_and_not_called(
    webhooks: Webhooks, host: str, kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def connect(place: tuple[str, int], timeout: float) -> contextlib.nullcontext[None]:
        del timeout
        tried.append(place[0])
        return contextlib.nullcontext()

    monkeypatch.setattr("socket.create_connection", connect)
    hook: JSONObject = {"name": "h", "failurePolicy": "Fail", "clientConfig": {"url": f"https://{host}/admit"}}
    group, resource = "admissionregistration.k8s.io", "validatingwebhookconfigurations"
    ref = ObjectRef(group=group, resource=resource, namespace="", name="g")
    lab = LabSettings(server="kube-apiserver")
    with restoring(MemoryRecording(session=a_session()), lab, RestoreChoice.NONE, webhooks) as decided:
        for _ in range(2):
            found = decided.handling.adapt(ref, {"webhooks": [hook]})
    assert tried == ([host] if kept else [])
    assert (found == {"webhooks": [hook]}) is kept
    assert kept or host not in json.dumps(found)


@pytest.mark.parametrize("stop", [asyncio.CancelledError, ReplayError])
def test_what_a_restore_that_was_stopped_had_made_is_said(
    stop: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stopped(_recording: object, _target: object, _handling: object, restored: Restored) -> None:
        await asyncio.sleep(0)
        restored.count = 3
        raise stop

    monkeypatch.setattr("kproxy.session.restore._restore_objects", stopped)
    said: list[str] = []
    target = Target(upstream=upstream_from_url("http://127.0.0.1:1"), etcd=None)
    with pytest.raises(stop):
        asyncio.run(restore(MemoryRecording(), target, Restoring(how="api"), said.append))
    assert said == ["3 objects of the start state were made on http://127.0.0.1:1, and are still there"]


def test_keys_are_written_to_no_etcd_but_a_labs() -> None:
    theirs = EtcdSettings(endpoints=("http://127.0.0.1:1",))
    target = Target(upstream=upstream_from_url("http://127.0.0.1:1"), etcd=theirs)
    with pytest.raises(ReplayError, match="is no fresh server"):
        asyncio.run(restore(MemoryRecording(a_session()), target, Restoring(how="etcd"), lambda _: None))
