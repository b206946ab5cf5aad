"""What reports show beside a verdict, read from the two recordings: where they differ, and what was compared."""

from collections import Counter
from collections.abc import Iterable

from kproxy.diff.chains import request_text
from kproxy.model.api import RequestInfo
from kproxy.model.attribution import LedgerEntry, Standing
from kproxy.model.etcd import EtcdKey, key_text
from kproxy.model.exchange import Exchange, Seq
from kproxy.model.recording import Recording
from kproxy.model.verdict import Difference, Verdict
from kproxy.report.evidence import MAX_CASES, Evidence, Named, Side
from kproxy.session.beside import Gathering
from kproxy.session.opened import Opened, opened
from kproxy.wire.storage import key_object

MAX_EXCHANGES = 100
"""Exchanges whose documents are shown."""


def gather_evidence(baseline: str, replayed: str, verdict: Verdict, *, whole: bool = True) -> Evidence:
    """Read it from two recordings. `whole`: what was the same is named and counted, too, which takes a look at all."""
    with opened(baseline) as left, opened(replayed) as right:
        return evidence_of(left, right, verdict, (baseline, replayed), whole=whole)


def evidence_of(
    baseline: Opened, replayed: Opened, verdict: Verdict, names: tuple[str, str], *, whole: bool = True
) -> Evidence:
    """The same, from recordings that are open."""
    differing = _by_exchange(verdict)
    gathering = Gathering(baseline.recording, replayed.recording, dict(verdict.counterparts))
    chosen = list(differing)[:MAX_EXCHANGES]
    exchanges = {seq: shown for seq in chosen if (shown := gathering.beside(seq, differing[seq])) is not None}
    differing_keys = {each.key for each in verdict.differences if each.where == "etcd"}
    if whole:
        listed, kinds = _named(baseline.recording, set(differing))
        keys, folders = _keys(baseline, differing_keys)
    else:
        listed, kinds = _named_few(baseline.recording, list(differing)[:MAX_CASES]), {}
        prefix = baseline.recording.session.etcd_prefix
        keys, folders = {each: _folder(each, prefix) for each in sorted(differing_keys)[:MAX_CASES]}, {}
    return Evidence(
        baseline=_side(baseline.recording, names[0]),
        replayed=_side(replayed.recording, names[1]),
        exchanges=exchanges,
        left_out=len(differing) - len(exchanges),
        names=listed,
        kinds=kinds,
        keys=keys,
        folders=folders,
    )


def _by_exchange(verdict: Verdict) -> dict[Seq, list[Difference]]:
    """The differences of each exchange: those with which a finding begins first, then by number."""
    found: dict[Seq, list[Difference]] = {}
    for finding in verdict.findings:
        if finding.first.seq is not None:
            found[finding.first.seq] = []
    for difference in verdict.differences:
        if difference.seq is not None:
            found.setdefault(difference.seq, []).append(difference)
    return found


def _side(recording: Recording, name: str) -> Side:
    session = recording.session
    server = f"{session.server.kind or 'api-server'} {session.server.version}".strip()
    return Side(name=name, started_at=session.started_at, server=server, etcd=session.server.etcd_version)


def _named_few(recording: Recording, seqs: Iterable[Seq]) -> dict[Seq, Named]:
    found = (recording.exchange(seq) for seq in seqs)
    return {each.seq: _name_of(each) for each in found if each is not None}


def _name_of(exchange: Exchange) -> Named:
    return Named(kind=kind_of(exchange.info, exchange.request.method), name=request_text(exchange))


def _named(recording: Recording, differing: set[Seq]) -> tuple[dict[Seq, Named], dict[str, int]]:
    """Exchanges by number and by kind."""
    listed: dict[Seq, Named] = {}
    kinds: Counter[str] = Counter()
    for exchange in recording.exchanges():
        kinds[kind_of(exchange.info, exchange.request.method)] += 1
        if len(listed) <= MAX_CASES or exchange.seq in differing:
            listed[exchange.seq] = _name_of(exchange)
    if kinds.total() > MAX_CASES:
        listed = {seq: each for seq, each in listed.items() if seq in differing}
        listed = dict(list(listed.items())[:MAX_CASES])
    return listed, dict(kinds)


def kind_of(info: RequestInfo, method: str) -> str:
    """`get pods`, `patch deployments.apps/scale`, `GET (no resource)`."""
    if not info.is_resource or not info.resource:
        return f"{method} (no resource)"
    resource = f"{info.resource}.{info.group}" if info.group else info.resource
    return f"{info.verb} {resource}" + (f"/{info.subresource}" if info.subresource else "")


def _keys(baseline: Opened, differing: set[str]) -> tuple[dict[str, str], dict[str, int]]:
    """Keys in scope with their resource, and how many each resource has."""
    prefix = baseline.recording.session.etcd_prefix
    listed: dict[str, str] = {}
    seen: set[bytes] = set()
    folders: Counter[str] = Counter()
    for entry in baseline.ledger.entries:
        if not _in_scope(entry) or entry.change.key in seen:
            continue
        seen.add(entry.change.key)
        name = key_text(entry.change.key)
        folder = _folder(name, prefix)
        folders[folder] += 1
        if len(listed) <= MAX_CASES or name in differing:
            listed[name] = folder
    for name in sorted(differing - listed.keys()):
        listed[name] = _folder(name, prefix)
    if len(seen) > MAX_CASES:
        listed = dict([pair for pair in listed.items() if pair[0] in differing][:MAX_CASES])
    return listed, dict(folders)


def _folder(name: str, prefix: str) -> str:
    """The resource of a key's object."""
    ref = key_object(EtcdKey(name.encode("utf-8", "surrogateescape")), prefix)
    return "other keys" if ref is None else f"{ref.resource}.{ref.group}" if ref.group else ref.resource


def _in_scope(entry: LedgerEntry) -> bool:
    return entry.standing not in {Standing.BACKGROUND, Standing.BEFORE} and not entry.background
