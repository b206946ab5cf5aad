"""The comparison of two recordings: one verdict."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet

from kproxy.diff.align import align_exchanges
from kproxy.diff.etcd import EtcdComparison, changes_by_object
from kproxy.diff.exchanges import compare_exchange, is_stream, learn_exchange
from kproxy.diff.findings import Counting, Findings
from kproxy.diff.order import check_order
from kproxy.diff.rules import RuleBook
from kproxy.diff.sides import Comparison, Pair, Side, read_side
from kproxy.model.api import RequestInfo
from kproxy.model.attribution import Ledger
from kproxy.model.exchange import End, Exchange, Seq
from kproxy.model.recording import Recording
from kproxy.model.session import Gap, Server, SessionEnd
from kproxy.model.verdict import Outcome, Tally, Verdict
from kproxy.renaming.renaming import Renaming

_EVIDENCE = frozenset({"calls", "spans", "start"})
"""Gaps in what helps to find causes, or to begin alike: none of it is compared."""
_NOT_THE_SERVERS = frozenset({End.REFUSED, End.UNREACHABLE})


def compare(  # noqa: PLR0913 - two recordings with their ledgers, and how they hang together
    baseline: Recording,
    baseline_ledger: Ledger,
    replayed: Recording,
    replayed_ledger: Ledger,
    pairs: Iterable[tuple[Seq, Seq]] | None = None,
    *,
    unsent: Mapping[Seq, str] | None = None,
    apart: Collection[int] = (),
    stopped: str = "",
    strict: bool = False,
    require_etcd: bool = False,
    rules: RuleBook | None = None,
) -> Verdict:
    """Compare what two servers did.

    `pairs`: which exchange stands for which (a replay knows; None: they are aligned by method and target). `unsent`:
    exchanges that the replay did not send, and why. `apart`: exchanges of the replay that stand for none: its own
    repetitions. `stopped`: why and where the replay ended before its time; what it did not come to is not missed.
    `strict`: no noise rule hides anything. `require_etcd`: without etcd on both sides the verdict is inconclusive.
    `rules`: noise beside the built-in one.
    """
    findings = Findings(strict=strict, rules=rules, info=_asked_of(baseline))
    of = Comparison(read_side(baseline), read_side(replayed), Renaming(), findings, replay=pairs is not None)
    of.replayed.changes = changes_by_object(of.replayed)
    found = _pairs(of, pairs)
    etcd = EtcdComparison(of, baseline_ledger, replayed_ledger, {p.baseline.seq: p.replayed.seq for p in found})
    with_etcd = baseline.session.etcd_start is not None and replayed.session.etcd_start is not None
    _learn(of, found, etcd if with_etcd else None)
    exchanges = _compare_exchanges(of, found, unsent or {}, frozenset(apart), stopped)
    keys = etcd.compare() if with_etcd else Tally()
    check_order(of, found, etcd.times)
    _completeness(of)
    if require_etcd and not with_etcd:
        findings.cannot_tell("etcd was not recorded on both sides, and --require-etcd asks for it")
    return Verdict(
        outcome=_outcome(findings),
        scope="HTTP and etcd" if with_etcd else "HTTP only",
        exchanges=exchanges,
        etcd=keys,
        differences=tuple(sorted(findings.differences, key=lambda each: (each.seq is None, each.seq or 0))),
        noise=findings.noise_counts(),
        renamed=of.renaming.counts(),
        reasons=tuple(findings.reasons),
        same_server=same_server(baseline.session.server, replayed.session.server),
        notes=(*_faults(of), *findings.notes()),
    )


def _asked_of(recording: Recording) -> Callable[[Seq], RequestInfo | None]:
    def info(seq: Seq) -> RequestInfo | None:
        exchange = recording.exchange(seq)
        return exchange.info if exchange is not None else None

    return info


def same_server(first: Server, second: Server) -> bool:
    """Whether two recordings are of one server: the namespace kube-system's uid, or etcd's cluster id."""
    same_uid = bool(first.system_uid) and first.system_uid == second.system_uid
    return same_uid or (first.etcd_cluster is not None and first.etcd_cluster == second.etcd_cluster)


def _outcome(findings: Findings) -> Outcome:
    if findings.differences:
        return Outcome.DIFFERENT
    if findings.reasons:
        return Outcome.INCONCLUSIVE
    return Outcome.EQUIVALENT if findings.noise.total() else Outcome.IDENTICAL


def _pairs(of: Comparison, pairs: Iterable[tuple[Seq, Seq]] | None) -> list[Pair]:
    """The pairs of exchanges in the baseline's order; those that are not in the recordings are left out."""
    first, second = of.baseline.exchanges, of.replayed.exchanges
    known = align_exchanges(first.values(), second.values()) if pairs is None else pairs
    return [Pair(first[a], second[b]) for a, b in sorted(known) if a in first and b in second]


def _learn(of: Comparison, pairs: list[Pair], etcd: EtcdComparison | None) -> None:
    for pair in sorted(pairs, key=lambda each: is_stream(each.baseline)):  # names that events have are told by answers
        learn_exchange(of, pair)
    if etcd is not None:
        etcd.learn()
    of.renaming.settle()


def _compare_exchanges(
    of: Comparison, pairs: list[Pair], unsent: Mapping[Seq, str], apart: AbstractSet[int], stopped: str
) -> Tally:
    counting = Counting(of.findings)
    for pair in pairs:
        with counting:
            compare_exchange(of, pair)
    if stopped:
        of.findings.cannot_tell(f"{stopped}; {len(pairs)} of {len(of.baseline.exchanges)} exchanges compared")
    _unpaired(of, pairs, unsent, apart, stopped=bool(stopped))
    return counting.tally()


def _unpaired(
    of: Comparison, pairs: list[Pair], unsent: Mapping[Seq, str], apart: AbstractSet[int], *, stopped: bool
) -> None:
    first, second = {pair.baseline.seq for pair in pairs}, {pair.replayed.seq for pair in pairs}
    for exchange in of.baseline.exchanges.values():
        if exchange.seq in first or exchange.end is End.REFUSED:
            continue
        if exchange.seq in unsent:
            of.findings.cannot_tell(f"exchange {exchange.seq} was not replayed: {unsent[exchange.seq]}")
        elif stopped:
            continue  # the replay did not come to it
        elif exchange.end is End.UNREACHABLE:
            of.findings.cannot_tell(f"exchange {exchange.seq} never reached the recorded server")
        elif _lost(of.replayed, exchange):
            of.findings.cannot_tell(f"exchange {exchange.seq} falls into a gap of the replay's recording")
        else:
            of.findings.differ(exchange.seq, "missing", "exchange", "removed", _request(exchange), None)
    for exchange in of.replayed.exchanges.values():
        if exchange.seq in apart:
            continue
        if exchange.seq not in second and exchange.end is not End.REFUSED and not _lost(of.baseline, exchange):
            of.findings.differ(None, "extra", f"exchange {exchange.seq}", "added", None, _request(exchange))


def _lost(side: Side, exchange: Exchange) -> bool:
    """Whether a counterpart can be among the exchanges that a recording says are missing."""
    return any(gap.kind == "exchanges" for gap in side.recording.gaps()) and exchange.answer is not None


def _request(exchange: Exchange) -> str:
    return f"{exchange.request.method} {exchange.request.target}"


def _completeness(of: Comparison) -> None:
    for side, whose in ((of.baseline, "baseline"), (of.replayed, "replay")):
        for gap in side.recording.gaps():
            if gap.kind not in _EVIDENCE and not _is_before(gap, side.recording):
                of.findings.cannot_tell(f"the {whose}'s recording has a gap: {_gap(gap)}")
        if side.recording.session.end is not SessionEnd.COMPLETE:
            of.findings.cannot_tell(f"the {whose}'s recording ended as {side.recording.session.end.value}")


def _is_before(gap: Gap, recording: Recording) -> bool:
    """Whether all that is missing is history from before the session, of which nothing is compared."""
    if gap.kind != "etcd" or gap.last_revision is None:
        return False
    starts = [each.start for each in recording.etcds() if not gap.cluster or each.cluster == gap.cluster]
    return bool(starts) and all(start is not None and gap.last_revision <= start for start in starts)


def _faults(of: Comparison) -> Iterator[str]:
    """What went wrong on purpose: no server can be blamed for it."""
    for side, whose in ((of.baseline, "baseline"), (of.replayed, "replay")):
        rules = Counter(exchange.fault for exchange in side.exchanges.values() if exchange.fault)
        for rule, count in sorted(rules.items()):
            yield f"the {whose} was recorded with a fault on purpose: {rule!r} touched {count} of its exchanges"


def _gap(gap: Gap) -> str:
    place = ""
    if gap.first_seq is not None:
        place = f" at exchange {gap.first_seq}" + (f" to {gap.last_seq}" if gap.last_seq is not None else "")
    elif gap.first_revision is not None:
        place = f" at revision {gap.first_revision}"
    return f"{gap.kind}{place}: {gap.reason} ({gap.count or 'an unknown number'} missing)"
