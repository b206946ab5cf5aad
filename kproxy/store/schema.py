"""The tables of a recording, schema number `kproxy.model.session.SCHEMA`.

Names and types hold for SQLite and PostgreSQL alike; a session is a database (or a PostgreSQL schema) of its own, so no
table carries a session's id. Times are nanoseconds since the session's start, headers are JSON lists of [name, value].
Whoever changes a table gives it a new schema number: tests/store/test_schema.py keeps each number's fingerprint.
"""

from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, Table, Text

metadata = MetaData()

SINCE_2 = {"since": 2}
"""`info` of what schema 1 did not have; a reader of such a file takes the model's defaults for it."""
SINCE_3 = {"since": 3}

ORDINAL = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit key; in SQLite it must be called INTEGER to be the row's own number instead of an index beside it."""


def _body(prefix: str) -> list[Column[str] | Column[int] | Column[str | None]]:
    """A body's four columns; `digest` names a row of bodies."""
    return [
        Column(f"{prefix}_state", Text),
        Column(f"{prefix}_size", BigInteger),
        Column(f"{prefix}_digest", Text),
        Column(f"{prefix}_reason", Text),
    ]


session = Table(
    "session",
    metadata,
    Column("id", Text, primary_key=True),
    Column("schema", Integer, nullable=False),
    Column("kproxy_version", Text, nullable=False),
    Column("started_at", Text, nullable=False),
    Column("server_url", Text, nullable=False),
    Column("server_kind", Text, nullable=False),
    Column("server_version", Text, nullable=False),
    Column("server_system_uid", Text, nullable=False),
    Column("server_etcd_version", Text, nullable=False),
    Column("server_etcd_cluster", Text),
    Column("etcd_start", BigInteger),
    Column("etcd_end", BigInteger),
    Column("etcd_prefix", Text, nullable=False),
    Column("when_stuck", Text, nullable=False),
    Column("end", Text, nullable=False),
    Column("ended", BigInteger),
    Column("command", Text, nullable=False),
    Column("exit_code", Integer),
    Column("max_lag", BigInteger, nullable=False),
    Column("lane", Text, nullable=False, info=SINCE_2),
    Column("capture", Text, nullable=False, info=SINCE_2),
    Column("traced", Text, nullable=False, info=SINCE_3),
    Column("start_state", Text, nullable=False, info=SINCE_3),
)

exchanges = Table(
    "exchanges",
    metadata,
    Column("seq", ORDINAL, primary_key=True, autoincrement=False),
    Column("connection", BigInteger, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("answered", BigInteger),
    Column("ended", BigInteger),
    Column("method", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("request_version", Text, nullable=False),
    Column("request_headers", Text, nullable=False),
    Column("request_trailers", Text, nullable=False),
    *_body("request_body"),
    Column("verb", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("is_resource", Boolean, nullable=False),
    Column("api_group", Text, nullable=False),
    Column("api_version", Text, nullable=False),
    Column("resource", Text, nullable=False),
    Column("subresource", Text, nullable=False),
    Column("namespace", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("user_agent", Text, nullable=False),
    Column("audit_id", Text, nullable=False),
    Column("status", Integer),
    Column("reason", Text),
    Column("answer_version", Text),
    Column("answer_headers", Text),
    Column("answer_trailers", Text),
    Column("informational", Text),
    *_body("answer_body"),
    Column("end", Text, nullable=False),
    Column("end_detail", Text, nullable=False),
    Column("altered", Integer, nullable=False),
    Column("upgrade", Text, nullable=False),
    Column("caller", Text, nullable=False),
    Column("identity", Text, nullable=False, info=SINCE_2),
    Column("forwarded", Text, nullable=False, info=SINCE_2),
    Column("fault", Text, nullable=False, info=SINCE_2),
    Column("trace_id", Text, nullable=False, info=SINCE_3),
    Column("parent_id", Text, nullable=False, info=SINCE_3),
)

OF_EACH = frozenset(
    {
        *("seq", "connection", "started", "answered", "ended", "trace_id", "parent_id"),
        *("target", "request_headers", "request_body_size", "request_body_digest", "path", "namespace", "name"),
        *("answer_headers", "answer_body_size", "answer_body_digest"),
    }
)
"""Columns in which exchanges differ. What the others hold recurs."""

ASKED_ONLY = frozenset({"user_agent", "audit_id"})
"""Columns of exchanges for questions of the database alone: they are in the headers, too."""

frames = Table(
    "frames",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("direction", Text, nullable=False),
    Column("kind", Text, nullable=False),
    *_body("body"),
    Column("channel", Text, nullable=False, info=SINCE_2),
)

key_changes = Table(
    "key_changes",
    metadata,
    Column("cluster", Text, primary_key=True),
    Column("revision", BigInteger, primary_key=True, autoincrement=False),
    Column("key", LargeBinary, primary_key=True),
    Column("key_text", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    *_body("value"),
    *_body("previous"),
    Column("create_revision", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("lease", BigInteger, nullable=False),
)

bodies = Table(
    "bodies",
    metadata,
    Column("digest", Text, primary_key=True),  # SHA-256 of the redacted bytes, before compression
    Column("size", BigInteger, nullable=False),  # of those bytes
    Column("coding", Text, nullable=False),  # identity | zstd
    Column("data", LargeBinary, nullable=False),
)

gaps = Table(
    "gaps",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("first_seq", BigInteger),
    Column("last_seq", BigInteger),
    Column("first_revision", BigInteger),
    Column("last_revision", BigInteger),
    Column("cluster", Text, nullable=False, info=SINCE_3),
)

marks = Table(
    "marks",  # named points
    metadata,
    Column("number", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),  # of the next exchange
    Column("text", Text, nullable=False),
    info=SINCE_2,
)

etcds = Table(
    "etcds",  # the etcds that are followed, in the order in which they were named
    metadata,
    Column("cluster", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("endpoints", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("resources", Text, nullable=False),
    Column("start", BigInteger),
    Column("end", BigInteger),
    Column("history", BigInteger),
    Column("whole", BigInteger),
    Column("whole_at", BigInteger),
    info=SINCE_3,
)

etcd_calls = Table(
    "etcd_calls",  # what a relay read between the api-server and etcd
    metadata,
    Column("number", ORDINAL, primary_key=True, autoincrement=False),
    Column("cluster", Text, nullable=False),
    Column("connection", BigInteger, nullable=False),
    Column("stream", BigInteger, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("ended", BigInteger),
    Column("method", Text, nullable=False),
    Column("trace_id", Text, nullable=False),
    Column("parent_id", Text, nullable=False),
    Column("compares", Text, nullable=False),
    Column("operations", Text, nullable=False),
    Column("succeeded", Boolean),
    Column("revision", BigInteger, nullable=False),
    Column("status", Integer),
    Column("request_size", BigInteger, nullable=False),
    Column("answer_size", BigInteger, nullable=False),
    Column("lease", BigInteger, nullable=False),
    Column("partial", Text, nullable=False),
    info=SINCE_3,
)

spans = Table(
    "spans",  # the api-server's own, taken over OTLP
    metadata,
    Column("number", Integer, primary_key=True),
    Column("trace_id", Text, nullable=False),
    Column("span_id", Text, nullable=False),
    Column("parent_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("ended", BigInteger, nullable=False),
    Column("audit_id", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("attributes", Text, nullable=False),
    info=SINCE_3,
)

start_keys = Table(
    "start_keys",  # what etcd held when the session began
    metadata,
    Column("cluster", Text, primary_key=True),
    Column("key", LargeBinary, primary_key=True),
    Column("key_text", Text, nullable=False),
    *_body("value"),
    Column("create_revision", BigInteger, nullable=False),
    Column("mod_revision", BigInteger, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("lease", BigInteger, nullable=False),
    Column("ttl", BigInteger, nullable=False),
    info=SINCE_3,
)

start_objects = Table(
    "start_objects",  # the same as the API told it, where etcd could not be reached
    metadata,
    Column("api_group", Text, primary_key=True),
    Column("resource", Text, primary_key=True),
    Column("namespace", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("api_version", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),
    *_body("value"),
    Column("status", Boolean, nullable=False),
    info=SINCE_3,
)

ledger = Table(
    "ledger",  # computed from all the others, and so again from them: where each change of a key stands
    metadata,
    Column("cluster", Text, primary_key=True),
    Column("revision", BigInteger, primary_key=True, autoincrement=False),
    Column("key", LargeBinary, primary_key=True),
    Column("standing", Text, nullable=False),
    Column("seq", BigInteger),  # of the exchange that caused it
    Column("basis", Text),
    Column("evidence", Text),
    Column("background", Text, nullable=False),
    Column("consequence_seq", BigInteger),
    Column("consequence_evidence", Text),
    Column("contradictions", Text, nullable=False),
    Column("reason", Text, nullable=False),
    info=SINCE_3,
)

no_op_writes = Table(
    "no_op_writes",  # computed, as the ledger
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("key", LargeBinary, primary_key=True),
    Column("revision", BigInteger, nullable=False),
    info=SINCE_3,
)

progress = Table(
    "progress",  # how far a recorder came: `batch` of the hand-off, `etcd:CLUSTER` the last whole revision,
    # `relay:ID` and `heard:ID` writer.RelayProgress
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

KEPT_LEDGER = "ledger"
"""The row of `progress` that says which correlator's ledger the recording keeps."""

Index("key_changes_by_key", key_changes.c.key)
Index("ledger_by_seq", ledger.c.seq)


def columns(table: Table, number: int) -> list[Column[Any]]:  # of whatever types
    """Those that a recording of this schema number has."""
    return [column for column in table.columns if column.info.get("since", 1) <= number]


def tables(number: int) -> list[str]:
    """The names of those that a recording of this schema number has."""
    return [table.name for table in metadata.sorted_tables if table.info.get("since", 1) <= number]
