"""A session as OpenTelemetry's traces."""

from collections.abc import Callable
from pathlib import Path

from kproxy import __version__
from kproxy.convert.spans import spans_of
from kproxy.otlp.giving import send, write
from kproxy.otlp.writing import Source, Value, requests
from kproxy.session.opened import Opened, opened, started_at


def export_traces(where: str, target: str, tell: Callable[[str], None]) -> None:
    """Write a recording's traces to a new file, or send them to a collector's URL. OtlpError, UsageError."""
    with opened(where) as session:
        made = requests(spans_of(session.recording, session.ledger), _source(session))
        count = send(target, made) if "://" in target else write(Path(target), made)
    tell(f"{count} spans in {target}")


def _source(session: Opened) -> Source:
    header = session.recording.session
    said: dict[str, Value] = {
        "service.name": "kube-apiserver",
        "service.version": header.server.version,
        "service.instance.id": header.server.url,
        "k8s.cluster.uid": header.server.system_uid,  # the conventions' own choice: kube-system's uid
        "kproxy.session": header.id,
    }
    beginning = started_at(session.recording)
    whole = int(beginning.timestamp())
    fraction = header.started_at.partition(".")[2].rstrip("Z").ljust(9, "0")[:9]
    return Source(
        attributes=tuple((name, value) for name, value in said.items() if value),
        version=__version__,
        beginning=whole * 1_000_000_000 + (int(fraction) if fraction.isdecimal() else 0),
    )
