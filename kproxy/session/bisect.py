"""`kproxy bisect`: the smallest part of a session that still shows one difference, as a recording of its own.

Each part is tried on two fresh servers: the reference answers as it does, and that is what the target is compared with.
So a part in which an object was never made shows nothing, because the reference has not got it either.
"""

import asyncio
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from kproxy.diff.compare import compare
from kproxy.errors import UsageError
from kproxy.model.exchange import Exchange, Seq
from kproxy.model.verdict import Difference, Verdict
from kproxy.replay.engine import plan_of
from kproxy.replay.reduce import needs_of, reduced
from kproxy.replay.result import ReplayResult
from kproxy.replay.written import Written
from kproxy.session.cutting import Cutting
from kproxy.session.opened import Opened, opened
from kproxy.session.replay import Audience, ReplaySettings, replay_recording
from kproxy.session.restore import Restoring
from kproxy.session.target import Target
from kproxy.store.copying import copy

_INDEX = re.compile(r"\[\d+\]")

type Fresh = Callable[[str], AbstractContextManager[tuple[Target, Restoring | None]]]
"""A fresh server for the replay of a recording, and how its start state gets there; as long as the block lasts."""


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
    with opened(where) as session:
        work = _Work(session, target, reference, settings)
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
    target: Fresh
    reference: Fresh | None
    settings: BisectSettings
    attempts: int = 0
    size: int = 0

    def whole(self, where: str) -> Verdict:
        """What the target makes of the whole session."""
        verdict, _ = _replayed(where, self.target, self.settings.replay)
        self.size = verdict.exchanges.compared
        return verdict

    def smallest(self, wanted: Difference) -> frozenset[Seq]:
        """The part; what was asked for later than the difference cannot have caused it."""
        seq = Seq(wanted.seq or 0)
        cluster = self.session.recording.session.server.etcd_cluster
        needs = needs_of(plan_of(self.session.recording, Written(self.session.ledger, cluster)).steps)
        end = next((each.ended for each in self.session.recording.exchanges() if each.seq == seq), None)
        before = (
            each.seq
            for each in self.session.recording.exchanges()
            if end is None or each.started <= end or each.seq == seq
        )
        return reduced(before, seq, needs, lambda part: self._shows(part, wanted), self.settings.most)

    def part(self, seqs: frozenset[Seq]) -> Cutting:
        """These exchanges as a recording."""
        title = f"bisect kept {len(seqs)} of {self.size} exchanges"
        return Cutting(self.session.recording, self.session.ledger, seqs, title)

    def _shows(self, seqs: frozenset[Seq], wanted: Difference) -> bool:
        self.attempts += 1
        with TemporaryDirectory(dir=self.settings.replay.output.parent) as folder:
            file = Path(folder, "part.kproxy")
            copy(self.part(seqs), file)
            found = self._differences(file, Seq(wanted.seq or 0))
        shown = _signature(wanted) in map(_signature, found)
        self.settings.tell(f"{len(seqs)} exchanges: {'it shows' if shown else 'it does not show'}")
        return shown

    def _differences(self, part: Path, seq: Seq) -> list[Difference]:
        """Those of one exchange between the target and the reference, or the recording itself."""
        output = replace(self.settings.replay, output=part.with_name("target.kproxy"))
        verdict, there = _replayed(str(part), self.target, output)
        if self.reference is not None:
            told = replace(self.settings.replay, output=part.with_name("reference.kproxy"))
            _, here = _replayed(str(part), self.reference, told)
            pairs = [(here[each], there[each]) for each in here.keys() & there.keys()]
            with opened(str(told.output)) as right, opened(str(output.output)) as other:
                verdict = compare(
                    right.recording,
                    right.ledger,
                    other.recording,
                    other.ledger,
                    pairs,
                    strict=told.strict,
                    rules=told.rules,
                )
            seq = here.get(seq, Seq(0))
        return [each for each in verdict.differences if each.seq == seq]


def _signature(difference: Difference) -> tuple[str, str, str]:
    """What makes two differences the same one: where and of which kind; places in a list may have moved."""
    path = difference.path if difference.where != "etcd" else ""
    return difference.where, difference.kind, _INDEX.sub("[*]", path)


def _replayed(where: str, fresh: Fresh, settings: ReplaySettings) -> tuple[Verdict, dict[Seq, Seq]]:
    """The verdict on a fresh server, and which exchange stands for which."""
    found: list[ReplayResult] = []
    with fresh(where) as (target, start):
        settings = replace(settings, force=True, restoring=start)
        verdict = asyncio.run(replay_recording(where, target, settings, Audience(done=found.append)))
    return verdict, {recorded: replayed for each in found for recorded, replayed in each.pairs}
