"""What reports show beside a verdict, read from the two recordings: where they differ, and what was compared."""

from collections import Counter

from kproxy.diff.chains import request_text
from kproxy.model.api import RequestInfo
from kproxy.model.attribution import LedgerEntry, Standing
from kproxy.model.etcd import key_text
from kproxy.model.exchange import Seq
from kproxy.model.recording import Recording
from kproxy.model.verdict import Difference, Verdict
from kproxy.report.evidence import MAX_CASES, Evidence, Named, Side
from kproxy.session.beside import Gathering
from kproxy.session.opened import Opened, opened
from kproxy.wire.storage import key_object

MAX_EXCHANGES = 100
"""Exchanges whose documents are shown."""


def gather_evidence(baseline: str, replayed: str, verdict: Verdict) -> Evidence:
    """Read it from two recordings."""
    with opened(baseline) as left, opened(replayed) as right:
        return evidence_of(left, right, verdict, (baseline, replayed))


def evidence_of(baseline: Opened, replayed: Opened, verdict: Verdict, names: tuple[str, str]) -> Evidence:
    """The same, from recordings that are open."""
    differing = _by_exchange(verdict)
    gathering = Gathering(baseline.recording, replayed.recording, dict(verdict.counterparts))
    chosen = list(differing)[:MAX_EXCHANGES]
    exchanges = {seq: shown for seq in chosen if (shown := gathering.beside(seq, differing[seq])) is not None}
    listed, kinds = _named(baseline.recording, set(differing))
    keys, folders = _keys(baseline, {each.key for each in verdict.differences if each.where == "etcd"})
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


def _named(recording: Recording, differing: set[Seq]) -> tuple[dict[Seq, Named], dict[str, int]]:
    """Exchanges by number and by kind."""
    listed: dict[Seq, Named] = {}
    kinds: Counter[str] = Counter()
    for exchange in recording.exchanges():
        kind = kind_of(exchange.info, exchange.request.method)
        kinds[kind] += 1
        if len(listed) <= MAX_CASES or exchange.seq in differing:
            listed[exchange.seq] = Named(kind=kind, name=request_text(exchange))
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
        ref = key_object(entry.change.key, prefix)
        folder = "other keys" if ref is None else f"{ref.resource}.{ref.group}" if ref.group else ref.resource
        folders[folder] += 1
        name = key_text(entry.change.key)
        if len(listed) <= MAX_CASES or name in differing:
            listed[name] = folder
    for name in sorted(differing - listed.keys()):
        listed[name] = "other keys"
    if len(seen) > MAX_CASES:
        listed = dict([pair for pair in listed.items() if pair[0] in differing][:MAX_CASES])
    return listed, dict(folders)


def _in_scope(entry: LedgerEntry) -> bool:
    return entry.standing not in {Standing.BACKGROUND, Standing.BEFORE} and not entry.background
