"""The comparison of two recordings: one verdict."""

import gc
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache

from kproxy.diff.align import align_exchanges
from kproxy.diff.alone import Alone
from kproxy.diff.beside import Beside, check_consequences, gone_here, own_keys
from kproxy.diff.causes import find_causes
from kproxy.diff.etcd import EtcdComparison
from kproxy.diff.exchanges import compare_exchange, compare_pages, is_stream, learn_exchange, learn_pages
from kproxy.diff.findings import Counting, Findings
from kproxy.diff.gaps import gap_text, gaps_of
from kproxy.diff.order import Order
from kproxy.diff.pages import Chains
from kproxy.diff.pairing import Pairing
from kproxy.diff.progress import Notify, Steps
from kproxy.diff.reading import pairs_of, side_by_side
from kproxy.diff.rules import RuleBook
from kproxy.diff.sides import Comparison, Pair, read_side
from kproxy.diff.sites import Sides
from kproxy.model.api import RequestInfo
from kproxy.model.attribution import Ledger
from kproxy.model.exchange import Exchange, Seq
from kproxy.model.recording import Recording
from kproxy.model.session import Server, SessionEnd
from kproxy.model.verdict import Difference, Outcome, Tally, Verdict
from kproxy.renaming.renaming import Renaming
from kproxy.renaming.startstate import learn_start, start_of


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Documents are trees: looking for cycles among them takes a fifth of the time, and finds none."""
    before = gc.get_threshold()
    gc.set_threshold(200_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@_seldom_collected()
def compare(  # noqa: PLR0913 - two recordings with their ledgers, and how they hang together
    baseline: Recording,
    baseline_ledger: Ledger,
    replayed: Recording,
    replayed_ledger: Ledger,
    pairs: Iterable[tuple[Seq, Seq]] | None = None,
    *,
    unsent: Mapping[Seq, str] | None = None,
    excused: Mapping[Seq, str] | None = None,
    apart: Collection[int] = (),
    stopped: str = "",
    strict: bool = False,
    require_etcd: bool = False,
    rules: RuleBook | None = None,
    renaming: Renaming | None = None,
    beside: Mapping[Seq, str] | None = None,
    passing: Collection[int] = (),
    early: Collection[int] = (),
    notify: Notify = lambda _done, _total: None,
) -> Verdict:
    """Compare what two servers did.

    `pairs`: which exchange stands for which (a replay knows; None: they are aligned by method and target). `unsent`:
    exchanges that the replay did not send, and why. `excused`: those that it sent and whose outcome
    says nothing of the server, and why. `apart`: exchanges of the replay that stand for none: its own
    repetitions. `stopped`: why and where the replay ended before its time; what it did not come to is not missed.
    `strict`: no noise rule hides anything. `require_etcd`: without etcd on both sides the verdict is inconclusive.
    `rules`: noise beside the built-in one. `renaming`: an empty one, which then has what was learned.
    `beside`: only people's requests were driven, while controllers acted (beside.py); of reads and watches whose state
    did not come, which; `passing`: reads of what was on its way out. `early`: watches that the replay's server ended
    long before their client left them, and that were left by it in the baseline. `notify` hears how far it is.
    """
    pairing = Pairing(align_exchanges(baseline.exchanges(), replayed.exchanges()) if pairs is None else pairs)
    if beside is not None:
        rules = Beside(
            (rules or RuleBook()).rules,
            missed=frozenset(beside),
            gone=gone_here(replayed, passing, pairing.image),
            own=own_keys(baseline, baseline_ledger, map(Seq, pairing.baseline)),
            prefix=baseline.session.etcd_prefix,
        )
    findings = Findings(strict=strict, rules=rules, info=_asked_of(baseline))
    of = Comparison(
        read_side(baseline),
        read_side(replayed),
        renaming or Renaming(),
        findings,
        replay=pairs is not None,
        early=frozenset(early),
    )
    order = Order(of)
    of.known_before = order.known_before
    blameless = excused or {}
    images = frozenset(pairing.image(seq) for seq in blameless)
    etcd = EtcdComparison(of, baseline_ledger, replayed_ledger, pairing, order.times.see, images)
    with_etcd = baseline.session.etcd_start is not None and replayed.session.etcd_start is not None
    of.step = Steps(2 * len(pairing), notify).step
    _learn(of, pairing, order, etcd if with_etcd else None)
    alone = Alone(of, unsent or {}, frozenset(apart), stopped, pairing)
    exchanges = _compare_exchanges(of, pairing, order, alone, blameless)
    keys = etcd.compare() if with_etcd else Tally()
    order.finish()
    for seq, state in (beside or {}).items():
        findings.differ(seq, "consequence", "state", "removed", state, None)
    if beside is not None and with_etcd:
        check_consequences(of)
    _completeness(of)
    if require_etcd and not with_etcd:
        findings.cannot_tell("etcd was not recorded on both sides, and --require-etcd asks for it")
    differences = tuple(sorted(findings.differences, key=lambda each: (each.seq is None, each.seq or 0)))
    counterparts = _counterparts(differences, pairing)
    return Verdict(
        outcome=_outcome(findings),
        scope="HTTP and etcd" if with_etcd else "HTTP only",
        exchanges=exchanges,
        etcd=keys,
        differences=differences,
        findings=find_causes(differences, Sides(baseline, replayed, baseline_ledger, counterparts)),
        noise=findings.noise_counts(),
        renamed=of.renaming.counts(),
        reasons=tuple(findings.reasons),
        same_server=same_server(baseline.session.server, replayed.session.server),
        notes=(*alone.faults(), *findings.notes()),
        counterparts=tuple(counterparts.items()),
        unlisted=findings.unlisted(),
    )


def _asked_of(recording: Recording) -> Callable[[Seq], RequestInfo | None]:
    @lru_cache(maxsize=256)  # an exchange's differences come one after the other
    def info(seq: Seq) -> RequestInfo | None:
        exchange = recording.exchange(seq)
        return exchange.info if exchange is not None else None

    return info


def _counterparts(differences: Iterable[Difference], pairing: Pairing) -> dict[Seq, Seq]:
    """Of the exchanges that differ, the replay's beside them."""
    numbers = dict.fromkeys(each.seq for each in differences if each.seq is not None)
    return {seq: image for seq in numbers if (image := pairing.image(seq)) is not None}


def same_server(first: Server, second: Server) -> bool:
    """Whether two recordings are of one server: the namespace kube-system's uid, or etcd's cluster id."""
    same_uid = bool(first.system_uid) and first.system_uid == second.system_uid
    return same_uid or (first.etcd_cluster is not None and first.etcd_cluster == second.etcd_cluster)


def _outcome(findings: Findings) -> Outcome:
    if findings.count:
        return Outcome.DIFFERENT
    if findings.reasons:
        return Outcome.INCONCLUSIVE
    return Outcome.EQUIVALENT if findings.noise.total() else Outcome.IDENTICAL


def _learn(of: Comparison, pairing: Pairing, order: Order, etcd: EtcdComparison | None) -> None:
    if of.baseline.recording.session.start_state and of.replayed.recording.session.start_state:
        learn_start(of.renaming, start_of(of.baseline.recording), start_of(of.replayed.recording))
    streams, lists, chains = array("q"), array("q"), Chains(of)
    for item in side_by_side(of, pairing):
        of.step()
        if not isinstance(item, Pair):
            of.baseline.clock.see(item)
            continue
        of.baseline.clock.see(item.baseline)
        of.replayed.clock.see(item.replayed)
        if is_stream(item.baseline):  # names that events have are told by answers
            streams.append(item.baseline.seq)
        elif item.baseline.info.verb == "list":  # and those that a list has: objects made at once are not mixed up
            lists.append(item.baseline.seq)
        else:
            order.learn(item, learn_exchange(of, item, chains))
    for pair in pairs_of(of, pairing, lists):
        order.learn(pair, learn_exchange(of, pair, chains))
    for pages in chains.rest():
        order.learn(pages.pair, learn_pages(of, pages))
    for pair in pairs_of(of, pairing, streams):
        learn_exchange(of, pair, chains)
    if etcd is not None:
        etcd.learn()
    of.renaming.settle()
    order.settle()


def _compare_exchanges(
    of: Comparison, pairing: Pairing, order: Order, alone: Alone, blameless: Mapping[Seq, str]
) -> Tally:
    counting = Counting(of.findings)
    rest: list[Exchange] = []
    chains = Chains(of)
    for item in side_by_side(of, pairing, rest):
        of.step()
        if isinstance(item, Pair):
            alone.see(item.baseline, item.replayed)
            if item.baseline.seq in blameless:
                of.findings.cannot_tell(f"exchange {item.baseline.seq}: {blameless[item.baseline.seq]}")
                continue
            with counting:
                compare_exchange(of, item, chains)
            order.check(item)
        else:
            alone.of_the_baseline(item)
    for pages in chains.rest():
        compare_pages(of, pages)
    for exchange in rest:
        alone.of_the_replay(exchange)
    alone.stopped_after(counting.compared)
    return counting.tally()


def _completeness(of: Comparison) -> None:
    for side, whose in ((of.baseline, "baseline"), (of.replayed, "replay")):
        for gap in gaps_of(side.recording):
            of.findings.cannot_tell(f"the {whose}'s recording has a gap: {gap_text(gap)}")
        if side.recording.session.end is not SessionEnd.COMPLETE:
            of.findings.cannot_tell(f"the {whose}'s recording ended as {side.recording.session.end.value}")
