"""The comparison of two recordings: one verdict."""

import gc
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import lru_cache, partial

from kproxy.diff.align import align_exchanges
from kproxy.diff.alone import Alone
from kproxy.diff.atonce import AtOnce
from kproxy.diff.beside import Beside, Seen, check_consequences, gone_on_one_side, own_keys
from kproxy.diff.causes import find_causes
from kproxy.diff.etcd import EtcdComparison
from kproxy.diff.exchanges import compare_exchange, compare_pages, same_targets
from kproxy.diff.findings import Counting, Findings
from kproxy.diff.gaps import gap_text, gaps_of
from kproxy.diff.headers import same_dates
from kproxy.diff.learning import learn_pages
from kproxy.diff.locator import Locator, Sides
from kproxy.diff.noise import BOOKMARKS
from kproxy.diff.order import Order
from kproxy.diff.pages import Chains
from kproxy.diff.pairing import Images, Pairing
from kproxy.diff.progress import Notify, Steps
from kproxy.diff.reading import Item, item_of, once_more, pairs_of, side_by_side
from kproxy.diff.rules import RuleBook
from kproxy.diff.short import InShort, Spool
from kproxy.diff.sides import Comparison, Pair, read_side
from kproxy.diff.trees import SeenTime, same_words
from kproxy.diff.waiting import Turn, Waiting, turn_of
from kproxy.model.api import RequestInfo
from kproxy.model.attribution import Ledger
from kproxy.model.exchange import Seq
from kproxy.model.recording import Recording
from kproxy.model.session import Server, SessionEnd
from kproxy.model.verdict import Difference, Outcome, Tally, Verdict
from kproxy.renaming.renaming import Renaming
from kproxy.renaming.startstate import learn_start, start_of


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Documents are trees: looking for cycles among them takes a fifth of the time, and finds none."""
    before = gc.get_threshold()
    gc.set_threshold(600_000, 20, 100)
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
    beside: Seen | None = None,
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
    `beside`: only people's requests were driven, while controllers acted (beside.py): what became of the states that
    they had seen. `early`: watches that the replay's server ended long before their client left them, and that were
    left by it in the baseline. `notify` hears how far it is.
    """
    pairing = Pairing(align_exchanges(baseline.exchanges(), replayed.exchanges()) if pairs is None else pairs)
    if beside is not None:
        rules = Beside(
            (rules or RuleBook()).rules,
            seen=beside,
            gone=gone_on_one_side(baseline, replayed, beside.moving, pairing.image),
            own=own_keys(baseline, baseline_ledger, map(Seq, pairing.baseline)),
            prefix=baseline.session.etcd_prefix,
            locator=Locator(Sides(baseline, replayed, baseline_ledger, Images(pairing)), ()),
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
    order = Order(of, partial(_times_in, of, pairing))
    of.known_before = order.known_before
    blameless = excused or {}
    images = frozenset(pairing.image(seq) for seq in blameless)
    etcd = EtcdComparison(of, baseline_ledger, replayed_ledger, pairing, order.times.see, images)
    with_etcd = baseline.session.etcd_start is not None and replayed.session.etcd_start is not None
    of.step = Steps(2 * len(pairing), notify).step
    alone = Alone(of, unsent or {}, frozenset(apart), stopped, pairing)
    with closing(Spool()) as spool:
        rest = array("q")
        _learn(of, pairing, order, etcd if with_etcd else None, spool, rest)
        exchanges = _compare_exchanges(of, pairing, order, alone, blameless, spool, rest)
    keys = etcd.compare() if with_etcd else Tally()
    order.finish()
    for seq, state in (beside.missed if beside is not None else {}).items():
        findings.differ(seq, "consequence", "state", "removed", state, None)
    if beside is not None and with_etcd:
        check_consequences(of)
    _completeness(of)
    if require_etcd and not with_etcd:
        findings.cannot_tell("etcd was not recorded on both sides, and --require-etcd asks for it")
    differences = tuple(sorted(findings.differences, key=lambda each: (each.seq is None, each.seq or 0)))
    counterparts = _counterparts(differences, pairing)
    verdict = Verdict(
        outcome=_outcome(findings),
        scope="HTTP and etcd" if with_etcd else "HTTP only",
        exchanges=exchanges,
        etcd=keys,
        differences=differences,
        findings=find_causes(differences, Sides(baseline, replayed, baseline_ledger, counterparts, of.matched)),
        noise=findings.noise_counts(),
        renamed=of.renaming.counts(),
        reasons=tuple(findings.reasons),
        same_server=same_server(baseline.session.server, replayed.session.server),
        notes=(*alone.faults(), *findings.notes()),
        counterparts=tuple(counterparts.items()),
        unlisted=findings.unlisted(),
    )
    for each in (pairing, order):
        each.close()
    if renaming is None:  # nobody asks it for anything any more
        of.renaming.close()
    return verdict


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


def _learn(  # noqa: PLR0913, PLR0917 - both recordings, and all that learns from them
    of: Comparison, pairing: Pairing, order: Order, etcd: EtcdComparison | None, spool: Spool, rest: "array[int]"
) -> None:
    """Go through both recordings; the spool has what is to be compared then, `rest` what stands beside none."""
    if of.baseline.recording.session.has_start and of.replayed.recording.session.has_start:
        learn_start(of.renaming, start_of(of.baseline.recording), start_of(of.replayed.recording))
    chains = Chains(of)
    once = AtOnce(of, chains)
    waiting = _learn_first(of, pairing, order, once, spool, rest)
    for pair in pairs_of(of, pairing, waiting.taken(Turn.LIST), once.needs):
        revisions, kept = once.learn(pair)
        order.learn(pair, revisions)
        spool.tell(pair.baseline.seq, kept)
    for pages in chains.rest():
        order.learn(pages.pair, learn_pages(of, pages))
    for pair in pairs_of(of, pairing, waiting.taken(Turn.STREAM)):
        spool.tell(pair.baseline.seq, once.learn_stream(pair))
    once.settle()
    if etcd is not None:
        etcd.learn()
    if of.renaming.settle():
        spool.distrust()
        if etcd is not None:
            etcd.distrust()
    order.settle()


def _learn_first(  # noqa: PLR0913, PLR0917 - as above
    of: Comparison, pairing: Pairing, order: Order, once: AtOnce, spool: Spool, rest: "array[int]"
) -> Waiting:
    """Learn from all answers but those whose turn comes later."""
    waiting = Waiting()
    for item in side_by_side(of, pairing, rest, once.needs_now):
        of.step()
        if not isinstance(item, Pair):
            of.baseline.clock.see(item)
            spool.put(item.seq)
            continue
        of.baseline.clock.see_at(item.moments.baseline)
        of.replayed.clock.see_at(item.moments.replayed)
        for stream in waiting.over(item):
            if (told := once.learn_known_stream(stream)) is not None:
                spool.tell(stream.baseline.seq, told)
            else:
                waiting.until(Turn.STREAM, stream.baseline.seq)
        turn = turn_of(item.baseline)
        learned = once.learn(item) if turn is None else once.learn_list(item) if turn is Turn.LIST else None
        if learned is not None:
            revisions, kept = learned
            order.learn(item, revisions)
            spool.put(kept)
            continue
        spool.put_later(item.baseline.seq)
        if turn is Turn.STREAM:
            waiting.open(item)
        elif turn is not None:
            waiting.until(turn, item.baseline.seq)
    return waiting


def _compare_exchanges(  # noqa: PLR0913, PLR0917 - both recordings, and what was learned of them
    of: Comparison,
    pairing: Pairing,
    order: Order,
    alone: Alone,
    blameless: Mapping[Seq, str],
    spool: Spool,
    rest: Iterable[int],
) -> Tally:
    counting = Counting(of.findings)
    chains = Chains(of)
    for kept in once_more(of, pairing, spool):
        of.step()
        item: Item | InShort | None = kept
        if isinstance(item, InShort):
            if item.moments.seq not in blameless and _says_nothing(of, order, item):
                alone.see_equal()
                _count(of, counting, item)
                order.check_in_short(item)
                continue
            item = item_of(of, pairing, item.moments.seq)
        if isinstance(item, Pair):
            alone.see(item.baseline, item.replayed)
            if item.baseline.seq in blameless:
                of.findings.cannot_tell(f"exchange {item.baseline.seq}: {blameless[item.baseline.seq]}")
                continue
            with counting:
                _compare_pair(of, order, item, chains)
            order.check(item)
        elif item is not None:
            alone.of_the_baseline(item)
    for pages in chains.rest():
        compare_pages(of, pages)
    for seq in rest:
        if (exchange := of.replayed.recording.exchange(Seq(seq))) is not None:
            alone.of_the_replay(exchange)
    alone.stopped_after(counting.compared)
    return counting.tally()


def _compare_pair(of: Comparison, order: Order, pair: Pair, chains: Chains) -> None:
    """But what is known in short, if it is equal by what is known now."""
    if pair.in_part is not None and not _documents_say_nothing(of, order, pair.in_part.short):
        pair.in_part = None
    compare_exchange(of, pair, chains)


def _count(of: Comparison, counting: Counting, short: InShort) -> None:
    """One unit more, in which nothing differs but the number of bookmarks."""
    if short.bookmarks:
        with counting:
            of.findings.hide(BOOKMARKS)
    else:
        counting.nothing()


def _says_nothing(of: Comparison, order: Order, short: InShort) -> bool:
    """Whether what was left to be compared of a pair is equal."""
    return (
        not (short.bookmarks and of.findings.strict)
        and same_dates(of.baseline.clock, of.replayed.clock, short.moments)
        and (short.targets is None or same_targets(of, short.moments.verb, *short.targets))
        and _documents_say_nothing(of, order, short)
    )


def _documents_say_nothing(of: Comparison, order: Order, short: InShort) -> bool:
    """Whether what was left to be compared of documents is equal."""
    return all(same_words(of.renaming, *texts) for texts in short.texts) and not order.may_be_wrong(short)


def _times_in(of: Comparison, pairing: Pairing, seq: Seq) -> list[SeenTime]:
    """The times in a pair that was compared in short."""
    item = item_of(of, pairing, seq)
    if not isinstance(item, Pair):
        return []
    quiet = replace(of, findings=Findings(strict=of.findings.strict))
    compare_exchange(quiet, item, Chains(quiet))
    return item.times


def _completeness(of: Comparison) -> None:
    for side, whose in ((of.baseline, "baseline"), (of.replayed, "replay")):
        for gap in gaps_of(side.recording):
            of.findings.cannot_tell(f"the {whose}'s recording has a gap: {gap_text(gap)}")
        if side.recording.session.end is not SessionEnd.COMPLETE:
            of.findings.cannot_tell(f"the {whose}'s recording ended as {side.recording.session.end.value}")
