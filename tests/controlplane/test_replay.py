"""The walkthrough on one real server and again on a second one; hello-kubectl from its text form."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kproxy.config.kubeconfig import load_kubeconfig
from kproxy.lab.settings import LabSettings
from kproxy.lab.start import start_lab
from kproxy.model.exchange import header
from kproxy.model.verdict import Outcome
from kproxy.session.demo import CLIENT
from kproxy.session.log import Filters, LogRow, log_rows
from kproxy.session.record import Client, record
from kproxy.session.recordsettings import RecordSettings
from kproxy.session.replay import Audience, ReplaySettings, replay_recording
from kproxy.session.server_facts import lab_etcd
from kproxy.session.show import show_exchange
from kproxy.session.target import Target
from kproxy.store.reader import open_recording
from tests.support.etcd_truth import check_complete
from tests.support.same import assert_same

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(300)]

RECORDINGS = Path(__file__).parents[2] / "recordings"


def test_the_second_server_is_another_one_and_its_own_audit_log_holds_the_replayed_writes(
    assets: Path, tmp_path: Path
) -> None:
    first, second, state = tmp_path / "first.kproxy", tmp_path / "second.kproxy", tmp_path / "state"
    server = LabSettings(server="kube-apiserver", assets=assets)
    with start_lab(server) as lab:
        config = load_kubeconfig(lab.kubeconfig, {})
        settings = RecordSettings(
            output=first, upstream=config.upstream(None), state_home=state, etcd=lab_etcd(lab.info), lab=lab.info
        )
        run = record(settings, Client(kubeconfig=config, context=None), CLIENT, os.environ, lambda _: None)
        assert asyncio.run(run) == 0
        with open_recording(str(first)) as recording:
            assert check_complete(recording, etcdctl=assets / "etcdctl") >= 3
    audit_log = tmp_path / "audit.log"
    with start_lab(LabSettings(server="kube-apiserver", assets=assets, audit_log=audit_log)) as lab:
        upstream = load_kubeconfig(lab.kubeconfig, {}).upstream(None)
        target = Target(upstream=upstream, etcd=lab_etcd(lab.info), lab=lab.info)
        verdict = asyncio.run(
            replay_recording(str(first), target, ReplaySettings(output=second, state_home=state), Audience())
        )
        assert verdict.outcome is Outcome.IDENTICAL, (verdict.noise, verdict.reasons, verdict.differences)
        assert verdict.scope == "HTTP and etcd"
        with open_recording(str(second)) as recording:
            assert check_complete(recording, etcdctl=assets / "etcdctl") >= 3
    assert uids(first).isdisjoint(uids(second))
    events = [json.loads(line) for line in audit_log.read_text().splitlines()]
    writes = {row.audit_id: (row.verb, row.target) for row in rows(second) if row.changes}
    audited = {event["auditID"]: (event["verb"], event["requestURI"]) for event in events}
    assert [verb for verb, _ in writes.values()] == ["create", "delete"]
    assert writes.items() <= audited.items()
    assert {row.audit_id for row in rows(first)}.isdisjoint(audited)


def rows(recording: Path) -> list[LogRow]:
    return list(log_rows(str(recording), Filters()))


def uids(recording: Path) -> set[str]:
    """The pod's uid, and those of the server's own objects that it names in headers."""
    found: set[str] = set()
    for row in rows(recording):
        view = show_exchange(str(recording), row.seq)
        assert view.exchange.answer is not None
        found.add(header(view.exchange.answer.headers, "x-kubernetes-pf-flowschema-uid"))
        document = view.answer_body.document
        metadata = document.get("metadata") if isinstance(document, dict) else None
        if isinstance(metadata, dict) and "uid" in metadata:
            found.add(str(metadata["uid"]))
    assert len(found) == 2
    return found


def test_hello_kubectl_replays_from_its_text_form(real_env: dict[str, str]) -> None:
    command = [sys.executable, "-m", "kproxy", "replay", str(RECORDINGS / "hello-kubectl"), "--format", "json"]
    done = subprocess.run([*command, "--on", "fresh"], env=real_env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    said = json.loads(done.stdout)
    assert_same(said)
    assert said["exchanges"]["compared"] == 39
    assert said["etcd"]["compared"] == 4
    assert said["differences"] == []
