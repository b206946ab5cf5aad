"""Mutants made by hand: the goldens that they are replayed from, and what a comparison says of each."""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from kproxy.config.kubeconfig import load_kubeconfig
from kproxy.config.upstream import upstream_from_url
from kproxy.errors import KproxyError
from kproxy.etcd import EtcdSettings, connect
from kproxy.lab.emulated.__main__ import Config, real_chance
from kproxy.lab.emulated.etcd_store import EtcdStore
from kproxy.lab.emulated.server import Server, make_application
from kproxy.lab.settings import LabSettings
from kproxy.lab.start import Lab, start_lab
from kproxy.lab.users import User
from kproxy.model.verdict import Difference, Outcome, Verdict
from kproxy.replay.engine import Drive
from kproxy.replay.people import People
from kproxy.session.record import Client, record
from kproxy.session.recordsettings import RecordSettings
from kproxy.session.relays import lab_relays
from kproxy.session.replay import Audience, ReplaySettings, replay_recording
from kproxy.session.server_facts import lab_etcd
from kproxy.session.slices import SliceWish
from kproxy.session.target import Target
from kproxy.store.reader import open_recording
from tests.mutants.catalogue import MUTANTS
from tests.mutants.lies import Lie
from tests.mutants.mutant import Golden, Mutant
from tests.mutants.server import listening, mutating_server

RECORDED: frozenset[Golden] = frozenset({"dense", "people"})
"""Goldens that are recorded when a run begins."""

RECORDINGS = Path(__file__).parents[2] / "recordings"
UNTRIED = "error"
"""What is said of one whose server, recorder or replay did not run to its end."""

PATIENCE = 1.5
"""Seconds that a replay waits for a watch's event: a mutant may never send it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caught:
    """What became of a mutant."""

    name: str
    caught: bool
    said: str  # the verdict
    first: str  # where the first finding stands
    why: str = ""  # it counts as one that survived
    findings: int = 0
    differences: int = 0
    seconds: float = 0.0


def record_session(folder: Path, golden: Golden, server: str, assets: Path | None) -> Path:
    """The dense session, or that of people, on an honest server of this kind."""
    made = folder / f"{golden}-{server}.kproxy"
    with start_lab(_lab(server, assets, golden)) as lab:
        config = load_kubeconfig(lab.kubeconfig, {})
        settings = RecordSettings(
            output=made,
            upstream=config.upstream(None),
            state_home=folder / "state",
            etcd=lab_etcd(lab.info),
            relays=lab_relays(lab.info),
            lab=lab.info,
            program="mutants",
        )
        part = ["--people"] if golden == "people" else ["--full"] if server == "kube-apiserver" else []
        command = [sys.executable, "-m", "tests.mutants.session", *part]
        run = record(settings, Client(kubeconfig=config, context=None), command, os.environ, lambda _: None)
        if asyncio.run(run):
            raise RuntimeError(f"the session {golden} did not go as it should on {server}")
    return made


def replay_honestly(golden: Path, made: Path, server: str, assets: Path | None) -> Path:
    """A replay of a golden on a server that has nothing of a mutant."""
    with start_lab(_lab(server, assets)) as lab:
        honest = load_kubeconfig(lab.kubeconfig, {}).upstream(None)
        target = Target(upstream=honest, etcd=lab_etcd(lab.info), lab=lab.info)
        settings = ReplaySettings(output=made, state_home=made.parent / "state")
        asyncio.run(replay_recording(str(golden), target, settings, Audience()))
    return made


def golden_of(mutant: Mutant, folder: Path) -> Path:
    """The recording that a mutant is replayed from."""
    made = folder / f"{mutant.golden}-{mutant.server}.kproxy"
    return made if mutant.golden in RECORDED else RECORDINGS / mutant.golden


def try_mutant(name: str, folder: Path, assets: Path | None) -> Caught:
    """Replay its golden on it, and compare."""
    mutant = MUTANTS[name]
    golden = golden_of(mutant, folder)
    began = time.monotonic()
    lie = mutant.lie() if mutant.lie is not None else Lie()
    try:
        with (
            tempfile.TemporaryDirectory(prefix="kproxy-mutant-") as kept,
            start_lab(replace(_lab(mutant.server, assets, mutant.golden), server_flags=mutant.flags)) as lab,
        ):
            verdict = asyncio.run(_replayed(mutant, lie, golden, lab, Path(kept)))
    except KproxyError as error:
        return Caught(name=name, caught=False, said=UNTRIED, first="", why=str(error))
    seconds = time.monotonic() - began
    if lie.told == 0 and mutant.lie is not None:
        return Caught(name=name, caught=False, said=verdict.outcome, first="", why="it never lied", seconds=seconds)
    return replace(judged(mutant, verdict, golden), seconds=seconds)


def judged(mutant: Mutant, verdict: Verdict, golden: Path) -> Caught:
    """Whether the first finding stands where it must."""
    first = _first(verdict)
    place, right = "", first is None and mutant.first is None
    if first is not None:
        with open_recording(str(golden)) as recording:
            exchange = recording.exchange(first.seq) if first.seq is not None else None
        at = f"{exchange.request.method} {exchange.request.target}: " if exchange is not None else ""
        place = f"{at}{first.where} {first.path} {first.kind}"
        right = mutant.first is not None and mutant.first.matches(first, exchange)
    wanted = {Outcome.DIFFERENT} if mutant.first is not None else {Outcome.IDENTICAL, Outcome.EQUIVALENT}
    why = "" if right else "its first finding stands elsewhere"
    if verdict.outcome not in wanted:
        why = f"the verdict is {verdict.outcome}: {'; '.join(verdict.reasons[:3])}"
    return Caught(
        name=mutant.name,
        caught=not why,
        said=verdict.outcome,
        first=place,
        why=why,
        findings=len(verdict.findings),
        differences=len(verdict.differences),
    )


def _first(verdict: Verdict) -> Difference | None:
    if verdict.findings:
        return verdict.findings[0].first
    return verdict.differences[0] if verdict.differences else None


def _lab(server: str, assets: Path | None, golden: Golden = "dense") -> LabSettings:
    if server == "emulated":
        return LabSettings(assets=assets)
    return LabSettings(server="kube-apiserver", assets=assets, controllers="now" if golden == "people" else "none")


async def _replayed(mutant: Mutant, lie: Lie, golden: Path, lab: Lab, kept: Path) -> Verdict:
    async with _served(mutant, lie, lab) as target:
        people = People() if mutant.golden == "people" else None
        drive = Drive(patience=PATIENCE, beside=people is not None)
        output, wish = kept / "replayed.kproxy", SliceWish(people=people)
        settings = ReplaySettings(output=output, state_home=kept / "state", drive=drive, slice=wish)
        return await replay_recording(str(golden), target, settings, Audience())


def _emulated_config(lab: Lab) -> Config:
    config: Config = json.loads(Path(lab.info.folder, "emulated.json").read_bytes())
    return config


@asynccontextmanager
async def _served(mutant: Mutant, lie: Lie, lab: Lab) -> AsyncIterator[Target]:
    """The mutant, as a target."""
    honest = load_kubeconfig(lab.kubeconfig, {}).upstream(None)
    target = Target(upstream=honest, etcd=lab_etcd(lab.info), lab=lab.info)
    async with AsyncExitStack() as stack:
        if mutant.store is not None:
            config = _emulated_config(lab)
            etcd = await stack.enter_async_context(await connect(EtcdSettings(endpoints=(config["etcd"],))))
            users = tuple(
                User(name=user["name"], token=user["token"], groups=tuple(user["groups"])) for user in config["users"]
            )
            server = Server(mutant.store(EtcdStore(etcd)), real_chance(), users, None, "127.0.0.1")
            url = await stack.enter_async_context(listening(make_application(server)))
            upstream = replace(upstream_from_url(url), token=honest.token, user=honest.user)
            yield replace(target, upstream=upstream, lab=replace(lab.info, url=url))
        elif mutant.lie is not None:
            etcd = await stack.enter_async_context(await connect(lab_etcd(lab.info)))
            url = await stack.enter_async_context(mutating_server(honest, lie, etcd))
            yield replace(target, upstream=upstream_from_url(url), lab=replace(lab.info, url=url))
        else:
            yield target
