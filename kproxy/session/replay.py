"""`kproxy replay`: a recorded session against another server, recorded itself, and compared."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from kproxy.config.credentials import asked_once
from kproxy.config.upstream import Upstream
from kproxy.diff.beside import Seen
from kproxy.diff.compare import compare
from kproxy.diff.doubted import without_doubted
from kproxy.diff.progress import Notify
from kproxy.diff.rules import RuleBook
from kproxy.etcd.client import connect
from kproxy.etcd.settings import EtcdSettings
from kproxy.lab.settings import LabSettings
from kproxy.model.api import ObjectRef
from kproxy.model.etcd import ClusterId, EtcdKey
from kproxy.model.recording import Recording
from kproxy.model.verdict import Verdict
from kproxy.renaming.renaming import Renaming
from kproxy.replay.doubts import doubted
from kproxy.replay.engine import Drive, replay
from kproxy.replay.events import ReplayEvent
from kproxy.replay.guard import both_known, check_target, gather_facts, written_resources
from kproxy.replay.loops import Without
from kproxy.replay.pace import FAST
from kproxy.replay.passing import Passing
from kproxy.replay.plan import Plan, make_plan
from kproxy.replay.recorded import is_leaving
from kproxy.replay.restored import Restored
from kproxy.replay.result import ReplayResult
from kproxy.replay.settle import Stored, Versions
from kproxy.replay.slices import Part
from kproxy.replay.stopping import Stopper
from kproxy.replay.transport import Transport
from kproxy.replay.webhooks import Webhooks
from kproxy.replay.written import Written
from kproxy.session.acting import (
    Acting,
    check_callers,
    notes_on_callers,
    secrets_of,
    senders,
    senders_named,
    transport_to,
    upstreams,
)
from kproxy.session.confirmation import Confirmation
from kproxy.session.driving import collected_seldom, preempting_nobody, serves, stopped_by_signals
from kproxy.session.instead import requests_instead
from kproxy.session.opened import Opened, opened
from kproxy.session.partledger import changes_of
from kproxy.session.recording import Tell, recording
from kproxy.session.recordsettings import RecordSettings, StartChoice
from kproxy.session.relays import lab_relays
from kproxy.session.restore import (
    RestoreChoice,
    Restoring,
    count_of,
    doubts_of,
    objects_of,
    restore,
    restoring,
)
from kproxy.session.slices import ALL, SliceWish, slice_notes, sliced
from kproxy.session.target import KINDS, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaySettings:
    """How to replay.

    `output`: the replay's own recording; `state_home`: where the key of its pseudonyms goes; `drive`: how fast, and how
    much at a time; `acting`: who sends. `restoring`: what is done with the start state, decided already (None: by
    itself, as `--restore auto`). `fold`: polling loops are folded into their states.
    """

    output: Path
    state_home: Path
    force: bool = False
    allow_existing: bool = False
    strict: bool = False
    rules: RuleBook | None = None
    renaming: Renaming | None = None
    require_etcd: bool = False
    drive: Drive = field(default_factory=Drive)
    slice: SliceWish = ALL
    restoring: Restoring | None = None
    acting: Acting = field(default_factory=Acting)
    fold: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Who hears of a replay: `confirm` raises if the person says no, `notify` gets the engine's events.

    `stopped` is told which signal ended it, `done` what it did, `comparing` then how far the comparison is.
    """

    confirm: Callable[[Confirmation], None] = lambda _: None
    notify: Callable[[ReplayEvent], None] = lambda _: None
    tell: Tell = lambda _: None
    stopped: Callable[[int], None] | None = None
    done: Callable[[ReplayResult], None] = lambda _: None
    comparing: Notify = lambda _done, _total: None


async def replay_recording(where: str, target: Target, settings: ReplaySettings, audience: Audience) -> Verdict:
    """Guard, replay through a proxy and a recorder of its own, compare."""
    with opened(where) as whole:
        baseline = sliced(whole, settings.slice)
        begins_so = settings.restoring is None or settings.restoring.how != ""
        notes = tuple(slice_notes(baseline, settings.slice, restored=begins_so))
        for note in notes:
            audience.tell(note)
        target = target.for_users({exchange.caller for exchange in baseline.recording.exchanges()})
        target = replace(target, upstream=await asked_once(target.upstream))
        identified = await _guard(baseline, target, settings)
        written = Written(baseline.ledger, baseline.recording.session.server.etcd_cluster)
        plan = make_plan(baseline.recording, written, fold=settings.fold)
        passing = _passing(whole, baseline, settings)
        check_callers(settings.acting, target.upstream, baseline.recording, plan)
        unknown = notes_on_callers(settings.acting, baseline.recording, plan)
        for note in unknown:
            audience.tell(note)
        mapped = await upstreams(settings.acting, target.upstream)
        if target.lab is None:
            wanted = settings.restoring.how if settings.restoring is not None else baseline.recording.session.has_start
            user = target.upstream.user or "nobody (no credentials)"
            audience.confirm(
                Confirmation(
                    server=target.upstream.url,
                    user=user,
                    requests=plan.requests,
                    writes=plan.writes,
                    restored=count_of(baseline.recording) if wanted else 0,
                    senders=senders_named(settings.acting, user),
                    identified=identified,
                )
            )
        with _decided(baseline, target, settings) as decided:
            restored = await restore(baseline.recording, target, decided, audience.tell)
            result = await _drive(baseline, target, settings, audience, Begun(restored, decided, plan, mapped, passing))
        audience.done(result)
        if audience.stopped is not None and result.stopped is not None and result.stopped.signal:
            audience.stopped(result.stopped.signal)
        doubts = doubts_of(restored, decided.handling)
        with opened(str(settings.output)) as replayed:
            verdict = _compared(baseline, replayed, result, settings, passing, audience.comparing)
            told = (*notes, *unknown, *verdict.notes, *_notes(result), *restored.sentences(), *decided.handling.notes)
            verdict = replace(verdict, notes=told)
            return without_doubted(verdict, doubted(baseline.recording, doubts)) if doubts else verdict


@contextmanager
def _decided(baseline: Opened, target: Target, settings: ReplaySettings) -> Iterator[Restoring]:
    """What is done with the start state, where whoever reached the target did not decide it."""
    if settings.restoring is not None:
        yield settings.restoring
        return
    lab = LabSettings(server=KINDS[target.lab.kind]) if target.lab is not None else None
    with restoring(baseline.recording, lab, RestoreChoice.AUTO, Webhooks.DROP) as decided:
        yield decided


def _passing(whole: Opened, driven: Opened, settings: ReplaySettings) -> Passing:
    """Which states were seen in passing, where controllers act beside those who are driven."""
    if settings.slice.people is None or not isinstance(driven.recording, Part):
        return Passing()
    return Passing.of(whole.recording, whole.ledger.entries, driven.recording.seqs)


def _compared(  # noqa: PLR0913, PLR0917 - both recordings, and all that is known of how one became the other
    baseline: Opened,
    replayed: Opened,
    result: ReplayResult,
    settings: ReplaySettings,
    passing: Passing,
    notify: Notify,
) -> Verdict:
    ledgers = baseline.ledger, replayed.ledger
    if result.stopped is not None or settings.slice != ALL:
        sent, answered = zip(*result.pairs, strict=True) if result.pairs else ((), ())
        ledgers = changes_of(ledgers[0], frozenset(sent)), changes_of(ledgers[1], frozenset(answered))
    return compare(
        Part(baseline.recording, Without(result.folded)) if result.folded else baseline.recording,
        ledgers[0],
        replayed.recording,
        ledgers[1],
        result.pairs,
        unsent=result.unsent,
        excused=result.excused,
        apart=result.apart,
        early=result.early,
        stopped=str(result.stopped or ""),
        strict=settings.strict,
        rules=settings.rules,
        renaming=settings.renaming,
        require_etcd=settings.require_etcd,
        beside=_seen(baseline.recording, result, passing) if settings.slice.people is not None else None,
        notify=notify,
    )


def _seen(recording: Recording, result: ReplayResult, passing: Passing) -> Seen:
    """What became of the states that people had seen."""
    waited = {each.seq: "what its watch had shown by then" for each in result.waited_in_vain}
    passed = frozenset(result.passed)
    asked = ((seq, recording.exchange(seq)) for seq, _ in result.pairs)
    moving = frozenset(
        seq
        for seq, exchange in asked
        if exchange is not None
        and (is_leaving(recording, exchange) or (seq in passed and passing.comes_or_goes(recording, exchange)))
    )
    missed = waited | dict.fromkeys(result.missed, "the state that it showed")
    return Seen(missed=missed, passed=passed, moving=moving)


def _notes(result: ReplayResult) -> Iterator[str]:
    if result.folded:
        folded = len(result.folded)
        yield f"{folded} reads of polling loops repeat a state that another one showed, and were not sent"
    if result.passed:
        yield (
            f"{len(result.passed)} reads had shown a state that controllers went on from by themselves, and that did "
            "not come again: the state that came is compared"
        )
    if result.throttled:
        yield (
            f"the target throttled (429) {result.throttled} times, which was waited out: what was sent again is "
            "compared by its last answer"
        )


async def _guard(baseline: Opened, target: Target, settings: ReplaySettings) -> bool:
    """Never by accident: not the recorded server itself, and none that holds objects beyond the system's own.

    Whether both say which cluster they are of.
    """
    cluster: ClusterId | None = None
    if target.etcd is not None:
        async with await connect(target.etcd) as etcd:
            cluster = (await etcd.status()).cluster
    transport = Transport(target.upstream)
    try:
        resources = written_resources(baseline.recording)
        facts = await gather_facts(transport, resources, etcd_cluster=cluster)
    finally:
        transport.close()
    ours = target.lab is not None  # fresh by birth, and holds its users' rights
    allow = settings.allow_existing or ours
    restored = frozenset[ObjectRef]() if allow else objects_of(baseline.recording, resources)
    server = baseline.recording.session.server
    check_target(server, facts, allow_existing=allow, restored=restored, ours=ours)
    return both_known(server, facts)


@dataclass(frozen=True, slots=True)
class Begun:
    """What the target was given before the session, and what it is given then."""

    restored: Restored
    restoring: Restoring
    plan: Plan
    mapped: Mapping[str, Upstream]
    passing: Passing


async def _drive(
    baseline: Opened, target: Target, settings: ReplaySettings, audience: Audience, begun: Begun
) -> ReplayResult:
    instead = requests_instead(baseline.recording, begun.restoring.handling)
    record = RecordSettings(
        output=settings.output,
        upstream=target.upstream,
        state_home=settings.state_home,
        force=settings.force,
        when_stuck="block",  # a comparison has no use for a gap
        etcd=target.etcd,
        relays=lab_relays(target.lab) if target.lab is not None else (),
        stores=target.stores,
        lab=target.lab,
        program="kproxy replay",
        start_state=_start_of(target, begun.restored),
        exec_content=True,
        literals=secrets_of(begun.mapped),
    )
    async with recording(record, audience.tell, own=True) as live, _looking_into(target.etcd) as versions:
        if live.within is None:
            raise RuntimeError("the replay's recording is made without a proxy of its own")
        bare = target.upstream.without_credentials()
        await live.within.ready(bare)
        stopper = Stopper(partial(serves, target.upstream))
        waiting = preempting_nobody() if settings.drive.pace == FAST else nullcontext()  # a pace is a matter of moments
        with stopped_by_signals(stopper), collected_seldom(), waiting:
            result = await replay(
                baseline.recording,
                await senders(settings.acting, target.upstream, begun.mapped, live.within),
                bare=transport_to(live.within, bare),
                drive=settings.drive,
                notify=audience.notify,
                plan=begun.plan,
                versions=versions,
                tells_gone=_tells_gone(target, baseline.recording),
                stopper=stopper,
                renaming=begun.restored.renaming,
                instead=instead,
                passing=begun.passing,
            )
        live.exit_code = _exit_code(result)
    return result


def _start_of(target: Target, restored: Restored) -> StartChoice:
    """Where what was restored is read from again, so that the comparison knows what stands for what."""
    if not restored.how:
        return StartChoice.NONE
    return StartChoice.API if target.etcd is None else StartChoice.ETCD


def _exit_code(result: ReplayResult) -> int:
    """As the replay's recording has it: 0 where all was sent, 128 and the signal's number, 2 for a target that died."""
    if result.stopped is None:
        return 0
    return 128 + result.stopped.signal if result.stopped.signal else 2


def _tells_gone(target: Target, recording: Recording) -> bool:
    """Whether what the target's main etcd does not have under the recording's key is nowhere."""
    return not target.stores.overrides and target.stores.prefix == recording.session.etcd_prefix


@asynccontextmanager
async def _looking_into(settings: EtcdSettings | None) -> AsyncIterator[Versions | None]:
    """How to ask the target's etcd for a key; None where it is not to be had."""
    if settings is None:
        yield None
        return
    async with await connect(settings) as etcd:

        async def stored(key: EtcdKey) -> Stored:
            found = (await etcd.range(key, keys_only=True)).items
            return Stored(found[0].version, found[0].mod_revision) if found else Stored(0, 0)

        yield stored
