"""A soak in figures."""

from datetime import datetime
from pathlib import Path

from kproxy.store.reader import open_recording
from tests.controlplane.soak.complaints import complaints, unknown
from tests.controlplane.soak.join import join, read_audit_log


def figures(soak: Path) -> str:
    """What was recorded and how it compares, a figure a line."""
    file = soak / "recording.kproxy"
    with open_recording(str(file)) as recording:
        session = recording.session
        exchanges = list(recording.exchanges())
        gaps = list(recording.gaps())
        frames = sum(1 for exchange in exchanges for _ in recording.frames(exchange.seq))
    began = datetime.fromisoformat(session.started_at).timestamp()
    joined = join(exchanges, began, read_audit_log(soak / "audit.log"))
    through, without = complaints(soak), complaints(soak / "control")
    found = {
        "seconds": f"{(session.ended or 0) / 1e9:.0f}",
        "exchanges": len(exchanges),
        "connections": len({exchange.connection for exchange in exchanges}),
        "frames": frames,
        "revisions": (session.etcd_end or 0) - (session.etcd_start or 0),
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
    }
    return "\n".join(f"{name:<28}{value}" for name, value in found.items())
