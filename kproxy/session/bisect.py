"""`kproxy bisect`: the smallest part of a session that still shows one difference, as a recording of its own.

What is right for a part a reference says, another fresh server: a part in which an object was never made shows nothing,
because the reference has not got it either. It is asked at once where the target answers otherwise than in the whole
session. Where it does as it did there, the search goes on, and the reference is asked of the part that is left (unless
that is all); if it says no, all is searched again with the reference at each step.
"""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from kproxy.diff.compare import compare
from kproxy.errors import UsageError
from kproxy.model.exchange import Exchange, Seq
from kproxy.model.verdict import Difference, Verdict
from kproxy.replay.causes import Causes, causes_of
from kproxy.replay.reduce import reduced
from kproxy.replay.result import ReplayResult
from kproxy.session.cutting import Cutting
from kproxy.session.opened import Opened, opened
from kproxy.session.replay import Audience, ReplaySettings, replay_recording
from kproxy.session.restore import Restoring
from kproxy.session.spares import Spares
from kproxy.session.target import Target
from kproxy.session.turns import run_in_turns
from kproxy.store.copying import copy

_INDEX = re.compile(r"\[\d+\]")

type Server = tuple[Target, Restoring | None]
"""A server, and how the session's start state gets there."""

type Fresh = Callable[[], AbstractContextManager[Server]]
"""A fresh server for the replay of the session, or of a part of it, for as long as the block lasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BisectSettings:
    """`output`: where the part goes; `seq` and `path` choose the difference (the first one); `most` attempts."""

    replay: ReplaySettings
    output: Path
    seq: Seq | None = None
    path: str = ""
    most: int = 200
    tell: Callable[[str], None] = field(default=lambda _: None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bisected:
    """`difference`: the one that was looked for, None where there is none; `verdict`: of the whole session."""

    verdict: Verdict
    difference: Difference | None = None
    exchanges: tuple[Exchange, ...] = ()
    attempts: int = 0
    whole: int = 0


def bisect(where: str, target: Fresh, reference: Fresh | None, settings: BisectSettings) -> Bisected:
    """Find it and write it. UsageError where the difference that was asked for is not among those that there are.

    Without a `reference`, a part is compared with the recording itself, and only what causally needs nothing of what is
    left out may be: it may then stay larger.
    """
    with (
        opened(where) as session,
        Spares(target) as targets,
        Spares(reference) if reference is not None else nullcontext() as references,
    ):
        work = _Work(session, targets, references, settings)
        verdict = work.whole(where)
        if not verdict.differences:
            return Bisected(verdict=verdict)
        wanted = _chosen(verdict, settings)
        kept = work.smallest(wanted)
        copy(work.part(kept), settings.output, force=settings.replay.force)
        exchanges = tuple(work.part(kept).exchanges())
        return Bisected(
            verdict=verdict, difference=wanted, exchanges=exchanges, attempts=work.attempts, whole=work.size
        )


def _chosen(verdict: Verdict, settings: BisectSettings) -> Difference:
    first = [finding.first for finding in verdict.findings] or list(verdict.differences)
    candidates = first if settings.seq is None and not settings.path else list(verdict.differences)
    for each in candidates:
        fits = settings.seq in {None, each.seq} and (not settings.path or each.path == settings.path)
        if each.seq is not None and fits:
            return each
    raise UsageError("there is no such difference: `kproxy replay FILE --on TARGET` lists those that there are")


@dataclass(slots=True)
class _Work:
    session: Opened
    targets: Spares[Server]
    references: Spares[Server] | None
    settings: BisectSettings
    attempts: int = 0
    size: int = 0
    hopeless: set[frozenset[Seq]] = field(default_factory=set)
    """Parts that do not show it."""

    def whole(self, where: str) -> Verdict:
        """What the target makes of the whole session."""
        verdict, _ = _replayed(where, self.targets, self.settings.replay, more=False)
        self.size = verdict.exchanges.compared
        return verdict

    def smallest(self, wanted: Difference) -> frozenset[Seq]:
        """The part; what was asked for later than the difference cannot have caused it."""
        for servers in (self.targets, self.references):
            if servers is not None:
                servers.prepare()
        seq = Seq(wanted.seq or 0)
        causes = causes_of(self.session.recording)
        end = next((each.ended for each in self.session.recording.exchanges() if each.seq == seq), None)
        whole = frozenset(
            each.seq
            for each in self.session.recording.exchanges()
            if end is None or each.started <= end or each.seq == seq
        )
        kept = self._reduced(whole, wanted, causes, sure=False)
        if self.references is None or kept == whole or self._shows(kept, wanted, sure=True):
            return kept
        return self._reduced(whole, wanted, causes, sure=True)

    def _reduced(self, whole: frozenset[Seq], wanted: Difference, causes: Causes, *, sure: bool) -> frozenset[Seq]:
        left = max(0, self.settings.most - self.attempts)
        return reduced(whole, Seq(wanted.seq or 0), causes, lambda part: self._shows(part, wanted, sure=sure), left)

    def part(self, seqs: frozenset[Seq]) -> Cutting:
        """These exchanges as a recording."""
        title = f"bisect kept {len(seqs)} of {self.size} exchanges"
        return Cutting(self.session.recording, self.session.ledger, seqs, title)

    def _shows(self, seqs: frozenset[Seq], wanted: Difference, *, sure: bool) -> bool:
        """Whether a part does; `sure`: the reference has the last word."""
        if seqs in self.hopeless:
            return False
        self.attempts += 1
        with TemporaryDirectory(dir=self.settings.replay.output.parent) as folder:
            file = Path(folder, "part.kproxy")
            copy(self.part(seqs), file)
            shown = self._shown(file, wanted, sure=sure)
        if not shown:
            self.hopeless.add(seqs)
        self.settings.tell(f"{len(seqs)} exchanges: {'it shows' if shown else 'it does not show'}")
        return shown

    def _shown(self, part: Path, wanted: Difference, *, sure: bool) -> bool:
        """Between the target and the recording, or the reference.

        Where the target answers the exchange as the recording has it, the reference is not asked: it is right as well.
        """
        seq, signature = Seq(wanted.seq or 0), _signature(wanted)
        target = replace(self.settings.replay, output=part.with_name("target.kproxy"))
        verdict, there = _replayed(str(part), self.targets, target)
        found = [each for each in verdict.differences if each.seq == seq]
        same = [each for each in found if _signature(each) == signature]
        if self.references is None or not found:
            return bool(same)
        if not sure and any(each.replayed == wanted.replayed for each in same):
            return True
        reference = replace(self.settings.replay, output=part.with_name("reference.kproxy"))
        _, here = _replayed(str(part), self.references, reference)
        pairs = [(here[each], there[each]) for each in here.keys() & there.keys()]
        verdict = _between(reference, target, pairs)
        return any(each.seq == here.get(seq) and _signature(each) == signature for each in verdict.differences)


def _between(reference: ReplaySettings, target: ReplaySettings, pairs: list[tuple[Seq, Seq]]) -> Verdict:
    """What two replays of one part make of each other."""
    with opened(str(reference.output)) as right, opened(str(target.output)) as other:
        return compare(
            right.recording,
            right.ledger,
            other.recording,
            other.ledger,
            pairs,
            strict=target.strict,
            rules=target.rules,
        )


def _signature(difference: Difference) -> tuple[str, str, str]:
    """What makes two differences the same one: where and of which kind; places in a list may have moved."""
    path = difference.path if difference.where != "etcd" else ""
    return difference.where, difference.kind, _INDEX.sub("[*]", path)


def _replayed(
    where: str, servers: Spares[Server], settings: ReplaySettings, *, more: bool = True
) -> tuple[Verdict, dict[Seq, Seq]]:
    """The verdict on a fresh server, and which exchange stands for which; `more`: another server will be needed."""
    found: list[ReplayResult] = []
    with servers.fresh(more=more) as (target, start):
        settings = replace(settings, force=True, restoring=start)
        verdict = run_in_turns(replay_recording(where, target, settings, Audience(done=found.append)))
    return verdict, {recorded: replayed for each in found for recorded, replayed in each.pairs}
