"""The session itself as rows of the tables, and back: its header, gaps and marks."""

from kproxy.model.etcd import ClusterId
from kproxy.model.exchange import Nanos, Seq
from kproxy.model.session import Gap, Mark, Server, Session, SessionEnd
from kproxy.store.cells import Columns, Row, dump, texts_of


def session_row(session: Session) -> Row:
    """In the order of schema.session's columns."""
    server = session.server
    return (
        session.id,
        session.schema,
        session.kproxy_version,
        session.started_at,
        server.url,
        server.kind,
        server.version,
        server.system_uid,
        server.etcd_version,
        server.etcd_cluster,
        session.etcd_start,
        session.etcd_end,
        session.etcd_prefix,
        session.when_stuck,
        session.end.value,
        session.ended,
        dump(session.command),
        session.exit_code,
        session.max_lag,
        session.lane,
        session.capture,
        session.traced,
        session.start_state,
    )


def session_of(row: Columns) -> Session:
    """What session_row made."""
    return Session(
        id=row["id"],
        schema=row["schema"],
        kproxy_version=row["kproxy_version"],
        started_at=row["started_at"],
        server=Server(
            url=row["server_url"],
            kind=row["server_kind"],
            version=row["server_version"],
            system_uid=row["server_system_uid"],
            etcd_version=row["server_etcd_version"],
            etcd_cluster=row["server_etcd_cluster"],
        ),
        etcd_start=row["etcd_start"],
        etcd_end=row["etcd_end"],
        etcd_prefix=row["etcd_prefix"],
        when_stuck=row["when_stuck"],
        end=SessionEnd(row["end"]),
        ended=row["ended"],
        command=texts_of(row["command"]),
        exit_code=row["exit_code"],
        max_lag=Nanos(row["max_lag"]),
        lane=row.get("lane", "tap"),
        capture=row.get("capture", ""),
        traced=row.get("traced", ""),
        start_state=row.get("start_state", ""),
    )


def gap_row(gap: Gap) -> Row:
    """In the order of schema.gaps's columns, but its number."""
    return (
        gap.kind,
        gap.reason,
        gap.at,
        gap.count,
        gap.first_seq,
        gap.last_seq,
        gap.first_revision,
        gap.last_revision,
        gap.cluster,
    )


def gap_of(row: Columns) -> Gap:
    """What gap_row made."""
    return Gap(
        kind=row["kind"],
        reason=row["reason"],
        at=Nanos(row["at"]),
        count=row["count"],
        first_seq=row["first_seq"],
        last_seq=row["last_seq"],
        first_revision=row["first_revision"],
        last_revision=row["last_revision"],
        cluster=ClusterId(row.get("cluster", "")),
    )


def mark_row(mark: Mark) -> Row:
    """In the order of schema.marks's columns, but its number."""
    return (mark.at, mark.seq, mark.text)


def mark_of(row: Columns) -> Mark:
    """What mark_row made."""
    return Mark(at=Nanos(row["at"]), seq=Seq(row["seq"]), text=row["text"])
