"""A soak in figures."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from kproxy.correlate.ledger import correlate
from kproxy.model.attribution import LedgerEntry
from kproxy.model.recording import Recording
from kproxy.store.reader import open_recording
from tests.controlplane.soak.causes import causes
from tests.controlplane.soak.complaints import complaints, unknown
from tests.controlplane.soak.join import join, read_audit_log
from tests.controlplane.soak.meter import used


def figures(soak: Path) -> str:
    """What was recorded and how it compares, a figure a line."""
    file = soak / "recording.kproxy"
    with open_recording(str(file)) as recording:
        session = recording.session
        exchanges = list(recording.exchanges())
        gaps = list(recording.gaps())
        frames = sum(1 for exchange in exchanges for _ in recording.frames(exchange.seq))
        calls = sum(1 for _ in recording.etcd_calls())
        grounds = _grounds(recording)
    began = datetime.fromisoformat(session.started_at).timestamp()
    audit = list(read_audit_log(soak / "audit.log"))
    joined = join(exchanges, began, audit)
    through, without = complaints(soak), complaints(soak / "control")
    found: dict[str, object] = {
        "seconds": f"{(session.ended or 0) / 1e9:.0f}",
        "exchanges": len(exchanges),
        "connections": len({exchange.connection for exchange in exchanges}),
        "frames": frames,
        "revisions": (session.etcd_end or 0) - (session.etcd_start or 0),
        "calls to etcd": calls,
        **grounds,
        "users": len({audited.user for _, audited in joined.pairs}),
        "in both": len(joined.pairs),
        "missing": len(joined.missing),
        "extra": len(joined.extra),
        "unanswered": len(joined.unanswered),
        "gaps": len(gaps),
        "longest lag, ms": f"{session.max_lag / 1e6:.0f}",
        "recording, MB": f"{file.stat().st_size / 1e6:.0f}",
        "complaints through kproxy": f"{through.total()} of {len(through)} kinds",
        "complaints without": f"{without.total()} of {len(without)} kinds",
        "kinds only through kproxy": len(set(unknown(through)) - set(unknown(without))),
        **{f"{name}, CPU ms/request, most MB": value for name, value in _used(soak, len(audit))},
        **{f"  without, {name}": value for name, value in _used(soak / "control", _requests(soak / "control"))},
    }
    return "\n".join(f"{name:<52}{value}" for name, value in found.items())


def _grounds(recording: Recording) -> dict[str, object]:
    """How many changes have which ground, by whoever caused them."""
    entries: list[LedgerEntry] = list(correlate(recording).entries)
    caused = list(causes(recording, iter(entries)))
    theirs = [each for each in caused if each.is_of_clients]
    bases = Counter(each.entry.attribution.basis.value if each.entry.attribution else "none" for each in theirs)
    return {
        "changes of keys": len(entries),
        "caused by clients": len(theirs),
        **{f"  {name}": count for name, count in bases.most_common()},
        "the api-server's own": len(caused) - len(theirs),
        "background": len(entries) - len(caused),
        "contradicted": sum(1 for entry in entries if entry.contradictions),
    }


def _requests(folder: Path) -> int:
    return sum(1 for _ in read_audit_log(folder / "audit.log"))


def _used(folder: Path, requests: int) -> Iterator[tuple[str, str]]:
    """By the request of the audit log: a soak with a faster machine has more of them."""
    lines = [json.loads(line) for line in (folder / "used.jsonl").read_text().splitlines()]
    for name, (cpu, most) in sorted(used(lines).items()):
        yield name, f"{1000 * cpu / requests:.2f}, {most / 1e6:.0f}"
