"""`kproxy demo`: the walkthrough, end to end: a fresh server, a client through the proxy, the keys, replay, verdict."""

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kproxy.config.kubeconfig import load_kubeconfig
from kproxy.errors import ReplayError
from kproxy.lab.settings import LabSettings
from kproxy.lab.start import start_lab
from kproxy.model.verdict import Verdict
from kproxy.session.log import Filters, LogRow, log_rows
from kproxy.session.record import Client, record
from kproxy.session.recording import Tell
from kproxy.session.recordsettings import RecordSettings
from kproxy.session.relays import lab_relays
from kproxy.session.replay import Audience, ReplaySettings, replay_recording
from kproxy.session.server_facts import lab_etcd
from kproxy.session.target import TargetWish, reached
from kproxy.session.turns import run_in_turns

CLIENT = (sys.executable, "-m", "kproxy.session.walkthrough")


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSettings:
    """Which servers, and where the recording goes (an existing one is replaced)."""

    lab: LabSettings
    output: Path
    state_home: Path


def demo(settings: DemoSettings, show: Callable[[LogRow], None], tell: Tell) -> Verdict:
    """Record the walkthrough on one fresh server, show it, replay it on a second one. The verdict."""
    _record(settings, tell)
    for row in log_rows(str(settings.output), Filters()):
        show(row)
    tell("replaying it on a second fresh server")
    with (
        tempfile.TemporaryDirectory(prefix="kproxy-demo-") as folder,
        reached(TargetWish(lab=settings.lab), None, os.environ) as target,
    ):
        replayed = ReplaySettings(output=Path(folder, "replayed.kproxy"), state_home=Path(folder))
        run = replay_recording(str(settings.output), target, replayed, Audience(tell=tell))
        return run_in_turns(run)


def _record(settings: DemoSettings, tell: Tell) -> None:
    with start_lab(settings.lab) as lab:
        tell(f"a fresh {lab.info.kind} {lab.info.server_version} on etcd {lab.info.etcd_version} is up")
        config = load_kubeconfig(lab.kubeconfig, {})
        recorded = RecordSettings(
            output=settings.output,
            upstream=config.upstream(None),
            state_home=settings.state_home,
            force=True,
            etcd=lab_etcd(lab.info),
            relays=lab_relays(lab.info),
            lab=lab.info,
            program="walkthrough",
        )
        code = asyncio.run(record(recorded, Client(kubeconfig=config, context=None), CLIENT, os.environ, tell))
        if code:
            raise ReplayError(f"the walkthrough did not go as it should (its client ended with {code})")
