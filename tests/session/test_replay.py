"""Replays on the emulated server: the golden walkthrough, and what a replay refuses."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from kproxy.config.actors import Actor
from kproxy.config.kubeconfig import load_kubeconfig
from kproxy.config.upstream import upstream_from_url
from kproxy.errors import ConfigError
from kproxy.etcd.settings import EtcdOverride, EtcdSettings
from kproxy.lab.settings import LabSettings
from kproxy.lab.start import start_lab
from kproxy.session.acting import Acting
from kproxy.session.confirmation import Confirmation
from kproxy.session.etcds import ONE_STORE, Stores
from kproxy.session.log import Filters, log_rows
from kproxy.session.opened import opened
from kproxy.session.replay import Audience, ReplaySettings, _tells_gone, replay_recording
from kproxy.session.target import Target
from tests.support.command import current_context, kproxy
from tests.support.etcd_truth import check_recorded
from tests.support.made import a_session
from tests.support.memory import MemoryRecording

pytestmark = pytest.mark.process

HELLO = Path(__file__).parents[2] / "recordings" / "hello-demo"
ETCD = EtcdSettings(endpoints=("127.0.0.1:1",))
WALKTHROUGH = [sys.executable, "-m", "kproxy.session.walkthrough"]


def test_the_golden_walkthrough_has_the_same_statuses_keys_and_event_types_on_the_emulated_server(
    tmp_path: Path, env: dict[str, str]
) -> None:
    replayed = tmp_path / "replayed.kproxy"
    done = kproxy("replay", HELLO, "--on", "fresh:emulated", "-o", replayed, "--format", "json", env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout)["verdict"] in {"identical", "equivalent"}

    def told(where: Path) -> list[tuple[object, ...]]:
        return [
            (row.verb, row.target, row.status, [(change.type, change.key) for change in row.changes])
            for row in log_rows(str(where), Filters())
        ]

    assert told(replayed) == told(HELLO)


def test_a_replay_refuses_the_recorded_server_and_one_that_is_not_fresh(tmp_path: Path, env: dict[str, str]) -> None:
    recorded = tmp_path / "recorded.kproxy"
    with start_lab(LabSettings()) as lab:
        inside = env | lab.environment()
        assert kproxy("record", "-o", recorded, "--", *WALKTHROUGH, env=inside).returncode == 0
        assert check_recorded(recorded) >= 3
        same = kproxy("replay", recorded, "--on", f"context:{current_context(lab.kubeconfig)}", "--yes", env=inside)
        assert same.returncode == 2
        assert "is the server that was recorded" in same.stderr
        assert same.stderr.count("\n") == 1
    with start_lab(LabSettings()) as lab:
        inside = env | lab.environment()
        left = tmp_path / "left.kproxy"
        script = (
            'curl -sf --cacert "$KPROXY_CA" -H "Authorization: Bearer $KPROXY_TOKEN" -H "$3" -d "$1" "$KPROXY_URL/$2"'
        )
        thing = json.dumps({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "in-the-way"}})
        json_type = "Content-Type: application/json"
        path = "api/v1/namespaces/default/configmaps"
        sent = kproxy("record", "-o", left, "--", "sh", "-c", script, "sh", thing, path, json_type, env=inside)
        assert sent.returncode == 0, sent.stderr
        assert check_recorded(left) >= 1
        on = f"context:{current_context(lab.kubeconfig)}"
        other = kproxy("replay", recorded, "--on", on, "--yes", env=inside)
        assert other.returncode == 2
        assert "configmaps/default/in-the-way" in other.stderr
        asked = kproxy("replay", recorded, "--on", on, "--allow-existing", env=inside)
        assert asked.returncode == 2  # nobody answered the question, so nothing was sent
        assert "nothing was sent: it was not confirmed" in asked.stderr
        assert "2 writes" in asked.stderr
        allowed = kproxy("replay", recorded, "--on", on, "--allow-existing", "--yes", env=inside)
        assert allowed.returncode == 0, allowed.stdout
        assert "HTTP only" in allowed.stdout


def test_another_clusters_context_is_refused_before_anything_is_asked_or_sent(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text(
        "apiVersion: v1\nkind: Config\n"
        "clusters: [{name: c, cluster: {server: 'https://10.0.0.1:6443'}}]\n"
        "users: [{name: u, user: {token: secret}}]\n"
        "contexts: [{name: prod, context: {cluster: c, user: u}}]\n"
    )
    with opened(str(HELLO)) as recorded:
        actors = {each.caller: Actor(context="prod", kubeconfig=other) for each in recorded.recording.exchanges()}
    settings = ReplaySettings(
        output=tmp_path / "again.kproxy", state_home=tmp_path / "state", acting=Acting(actors=actors)
    )
    asked: list[Confirmation] = []
    with start_lab(LabSettings()) as lab:
        target = Target(upstream=load_kubeconfig(lab.kubeconfig, {}).upstream(None), etcd=None)
        with pytest.raises(ConfigError, match=r"is of https://10\.0\.0\.1:6443 and the target is"):
            asyncio.run(replay_recording(str(HELLO), target, settings, Audience(confirm=asked.append)))
    assert not asked
    assert not settings.output.exists()


@pytest.mark.parametrize(
    ("stores", "prefix", "tells"),
    [
        (ONE_STORE, "/registry", True),
        (Stores(prefix="/k8s"), "/k8s", True),
        (Stores(prefix="/k8s"), "/registry", False),
        (ONE_STORE, "/k8s", False),
        (
            Stores(overrides=(EtcdOverride(resources=("/events",), settings=ETCD),)),
            "/registry",
            False,
        ),
    ],
)
def test_what_the_main_etcd_has_not_is_gone_only_where_all_is_kept_there_under_the_recordings_keys(
    stores: Stores, prefix: str, *, tells: bool
) -> None:
    target = Target(upstream=upstream_from_url("http://127.0.0.1:1"), etcd=ETCD, stores=stores)
    assert _tells_gone(target, MemoryRecording(session=a_session(etcd_prefix=prefix))) is tells
