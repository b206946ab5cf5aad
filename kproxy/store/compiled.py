"""What reading asks a recording, as SQLite is asked it. Written by `make questions`: see questions.py.

A parameter is `:name`, one that stands for several values `(:name)` after IN; `:limit` is how many rows at most.
"""

TABLES: dict[int, tuple[str, ...]] = {
    1: (
        "bodies",
        "exchanges",
        "frames",
        "gaps",
        "key_changes",
        "progress",
        "session",
    ),
    2: (
        "bodies",
        "exchanges",
        "frames",
        "gaps",
        "key_changes",
        "marks",
        "progress",
        "session",
    ),
    3: (
        "bodies",
        "etcd_calls",
        "etcds",
        "exchanges",
        "frames",
        "gaps",
        "key_changes",
        "ledger",
        "marks",
        "no_op_writes",
        "progress",
        "session",
        "spans",
        "start_keys",
        "start_objects",
    ),
}
"""The tables that a recording of each schema number has."""

KEPT_LEDGER = "ledger"

QUESTIONS: dict[str, str] = {
    "exchanges": """
SELECT exchanges.seq, exchanges.connection, exchanges.started, exchanges.answered, exchanges.ended,
exchanges.target, exchanges.request_headers, exchanges.request_body_size, exchanges.request_body_digest,
exchanges.path, exchanges.namespace, exchanges.name, exchanges.answer_headers, exchanges.answer_body_size,
exchanges.answer_body_digest, exchanges.trace_id, exchanges.parent_id, json_array(exchanges.method,
exchanges.request_version, exchanges.request_trailers, exchanges.request_body_state,
exchanges.request_body_reason, exchanges.verb, exchanges.is_resource, exchanges.api_group,
exchanges.api_version, exchanges.resource, exchanges.subresource, exchanges.status, exchanges.reason,
exchanges.answer_version, exchanges.answer_trailers, exchanges.informational, exchanges.answer_body_state,
exchanges.answer_body_reason, exchanges."end", exchanges.end_detail, exchanges.altered, exchanges.upgrade,
exchanges.caller, exchanges.identity, exchanges.forwarded, exchanges.fault) AS recurring FROM exchanges WHERE
exchanges.seq > :after ORDER BY exchanges.seq LIMIT :limit
""",
    "exchanges of verbs": """
SELECT exchanges.seq, exchanges.connection, exchanges.started, exchanges.answered, exchanges.ended,
exchanges.target, exchanges.request_headers, exchanges.request_body_size, exchanges.request_body_digest,
exchanges.path, exchanges.namespace, exchanges.name, exchanges.answer_headers, exchanges.answer_body_size,
exchanges.answer_body_digest, exchanges.trace_id, exchanges.parent_id, json_array(exchanges.method,
exchanges.request_version, exchanges.request_trailers, exchanges.request_body_state,
exchanges.request_body_reason, exchanges.verb, exchanges.is_resource, exchanges.api_group,
exchanges.api_version, exchanges.resource, exchanges.subresource, exchanges.status, exchanges.reason,
exchanges.answer_version, exchanges.answer_trailers, exchanges.informational, exchanges.answer_body_state,
exchanges.answer_body_reason, exchanges."end", exchanges.end_detail, exchanges.altered, exchanges.upgrade,
exchanges.caller, exchanges.identity, exchanges.forwarded, exchanges.fault) AS recurring FROM exchanges WHERE
exchanges.seq > :after AND exchanges.verb IN (:verbs) ORDER BY exchanges.seq LIMIT :limit
""",
    "exchange": """
SELECT exchanges.seq, exchanges.connection, exchanges.started, exchanges.answered, exchanges.ended,
exchanges.target, exchanges.request_headers, exchanges.request_body_size, exchanges.request_body_digest,
exchanges.path, exchanges.namespace, exchanges.name, exchanges.answer_headers, exchanges.answer_body_size,
exchanges.answer_body_digest, exchanges.trace_id, exchanges.parent_id, json_array(exchanges.method,
exchanges.request_version, exchanges.request_trailers, exchanges.request_body_state,
exchanges.request_body_reason, exchanges.verb, exchanges.is_resource, exchanges.api_group,
exchanges.api_version, exchanges.resource, exchanges.subresource, exchanges.status, exchanges.reason,
exchanges.answer_version, exchanges.answer_trailers, exchanges.informational, exchanges.answer_body_state,
exchanges.answer_body_reason, exchanges."end", exchanges.end_detail, exchanges.altered, exchanges.upgrade,
exchanges.caller, exchanges.identity, exchanges.forwarded, exchanges.fault) AS recurring FROM exchanges WHERE
exchanges.seq = :seq
""",
    "traces": """
SELECT exchanges.seq, exchanges.trace_id, exchanges.parent_id FROM exchanges WHERE exchanges.trace_id != ''
AND exchanges.seq > :after ORDER BY exchanges.seq LIMIT :limit
""",
    "count of verbs": """SELECT count(*) AS count FROM exchanges WHERE exchanges.verb IN (:verbs)""",
    "frames": """
SELECT frames.seq, frames.number, frames.at, frames.direction, frames.kind, frames.body_state,
frames.body_size, frames.body_digest, frames.body_reason, frames.channel FROM frames WHERE frames.seq = :seq
AND frames.number > :after ORDER BY frames.number LIMIT :limit
""",
    "changes": """
SELECT key_changes.cluster, key_changes.revision, key_changes."key", key_changes.key_text, key_changes.type,
key_changes.at, key_changes.value_state, key_changes.value_size, key_changes.value_digest,
key_changes.value_reason, key_changes.previous_state, key_changes.previous_size, key_changes.previous_digest,
key_changes.previous_reason, key_changes.create_revision, key_changes.version, key_changes.lease FROM
key_changes ORDER BY key_changes.cluster, key_changes.revision, key_changes."key" LIMIT :limit
""",
    "changes after": """
SELECT key_changes.cluster, key_changes.revision, key_changes."key", key_changes.key_text, key_changes.type,
key_changes.at, key_changes.value_state, key_changes.value_size, key_changes.value_digest,
key_changes.value_reason, key_changes.previous_state, key_changes.previous_size, key_changes.previous_digest,
key_changes.previous_reason, key_changes.create_revision, key_changes.version, key_changes.lease FROM
key_changes WHERE (key_changes.cluster, key_changes.revision, key_changes."key") > (:cluster, :revision, :key)
ORDER BY key_changes.cluster, key_changes.revision, key_changes."key" LIMIT :limit
""",
    "changes of key": """
SELECT key_changes.cluster, key_changes.revision, key_changes."key", key_changes.key_text, key_changes.type,
key_changes.at, key_changes.value_state, key_changes.value_size, key_changes.value_digest,
key_changes.value_reason, key_changes.previous_state, key_changes.previous_size, key_changes.previous_digest,
key_changes.previous_reason, key_changes.create_revision, key_changes.version, key_changes.lease FROM
key_changes WHERE key_changes."key" = :key ORDER BY key_changes.cluster, key_changes.revision
""",
    "etcds": """
SELECT etcds.cluster, etcds.number, etcds.endpoints, etcds.version, etcds.resources, etcds.start, etcds."end",
etcds.history, etcds.whole, etcds.whole_at FROM etcds ORDER BY etcds.number
""",
    "calls": """
SELECT etcd_calls.number, etcd_calls.cluster, etcd_calls.connection, etcd_calls.stream, etcd_calls.started,
etcd_calls.ended, etcd_calls.method, etcd_calls.trace_id, etcd_calls.parent_id, etcd_calls.compares,
etcd_calls.operations, etcd_calls.succeeded, etcd_calls.revision, etcd_calls.status, etcd_calls.request_size,
etcd_calls.answer_size, etcd_calls.lease, etcd_calls.partial FROM etcd_calls WHERE etcd_calls.number > :after
ORDER BY etcd_calls.number LIMIT :limit
""",
    "calls of methods": """
SELECT etcd_calls.number, etcd_calls.cluster, etcd_calls.connection, etcd_calls.stream, etcd_calls.started,
etcd_calls.ended, etcd_calls.method, etcd_calls.trace_id, etcd_calls.parent_id, etcd_calls.compares,
etcd_calls.operations, etcd_calls.succeeded, etcd_calls.revision, etcd_calls.status, etcd_calls.request_size,
etcd_calls.answer_size, etcd_calls.lease, etcd_calls.partial FROM etcd_calls WHERE etcd_calls.number > :after
AND etcd_calls.method IN (:methods) ORDER BY etcd_calls.number LIMIT :limit
""",
    "calls of trace": """
SELECT etcd_calls.number, etcd_calls.cluster, etcd_calls.connection, etcd_calls.stream, etcd_calls.started,
etcd_calls.ended, etcd_calls.method, etcd_calls.trace_id, etcd_calls.parent_id, etcd_calls.compares,
etcd_calls.operations, etcd_calls.succeeded, etcd_calls.revision, etcd_calls.status, etcd_calls.request_size,
etcd_calls.answer_size, etcd_calls.lease, etcd_calls.partial FROM etcd_calls WHERE etcd_calls.trace_id =
:trace_id AND etcd_calls.parent_id = :parent_id ORDER BY etcd_calls.number
""",
    "spans": """
SELECT spans.number, spans.trace_id, spans.span_id, spans.parent_id, spans.name, spans.started, spans.ended,
spans.audit_id, spans."key", spans.attributes FROM spans WHERE spans.number > :after ORDER BY spans.number
LIMIT :limit
""",
    "start keys": """
SELECT start_keys.cluster, start_keys."key", start_keys.key_text, start_keys.value_state,
start_keys.value_size, start_keys.value_digest, start_keys.value_reason, start_keys.create_revision,
start_keys.mod_revision, start_keys.version, start_keys.lease, start_keys.ttl FROM start_keys ORDER BY
start_keys.cluster, start_keys."key" LIMIT :limit
""",
    "start keys after": """
SELECT start_keys.cluster, start_keys."key", start_keys.key_text, start_keys.value_state,
start_keys.value_size, start_keys.value_digest, start_keys.value_reason, start_keys.create_revision,
start_keys.mod_revision, start_keys.version, start_keys.lease, start_keys.ttl FROM start_keys WHERE
(start_keys.cluster, start_keys."key") > (:cluster, :key) ORDER BY start_keys.cluster, start_keys."key" LIMIT
:limit
""",
    "start objects": """
SELECT start_objects.api_group, start_objects.resource, start_objects.namespace, start_objects.name,
start_objects.api_version, start_objects.kind, start_objects.revision, start_objects.value_state,
start_objects.value_size, start_objects.value_digest, start_objects.value_reason, start_objects.status FROM
start_objects ORDER BY start_objects.api_group, start_objects.resource, start_objects.namespace,
start_objects.name LIMIT :limit
""",
    "start objects after": """
SELECT start_objects.api_group, start_objects.resource, start_objects.namespace, start_objects.name,
start_objects.api_version, start_objects.kind, start_objects.revision, start_objects.value_state,
start_objects.value_size, start_objects.value_digest, start_objects.value_reason, start_objects.status FROM
start_objects WHERE (start_objects.api_group, start_objects.resource, start_objects.namespace,
start_objects.name) > (:api_group, :resource, :namespace, :name) ORDER BY start_objects.api_group,
start_objects.resource, start_objects.namespace, start_objects.name LIMIT :limit
""",
    "ledger": """
SELECT ledger.cluster, ledger.revision, ledger."key", ledger.standing, ledger.seq, ledger.basis,
ledger.evidence, ledger.background, ledger.consequence_seq, ledger.consequence_evidence,
ledger.contradictions, ledger.reason FROM ledger ORDER BY ledger.cluster, ledger.revision, ledger."key" LIMIT
:limit
""",
    "ledger after": """
SELECT ledger.cluster, ledger.revision, ledger."key", ledger.standing, ledger.seq, ledger.basis,
ledger.evidence, ledger.background, ledger.consequence_seq, ledger.consequence_evidence,
ledger.contradictions, ledger.reason FROM ledger WHERE (ledger.cluster, ledger.revision, ledger."key") >
(:cluster, :revision, :key) ORDER BY ledger.cluster, ledger.revision, ledger."key" LIMIT :limit
""",
    "entry of change": """
SELECT ledger.cluster, ledger.revision, ledger."key", ledger.standing, ledger.seq, ledger.basis,
ledger.evidence, ledger.background, ledger.consequence_seq, ledger.consequence_evidence,
ledger.contradictions, ledger.reason FROM ledger WHERE ledger.revision = :revision AND ledger."key" = :key AND
ledger.cluster = :cluster
""",
    "entries of key": """
SELECT key_changes.cluster, key_changes.revision, key_changes."key", key_changes.key_text, key_changes.type,
key_changes.at, key_changes.value_state, key_changes.value_size, key_changes.value_digest,
key_changes.value_reason, key_changes.previous_state, key_changes.previous_size, key_changes.previous_digest,
key_changes.previous_reason, key_changes.create_revision, key_changes.version, key_changes.lease,
ledger.standing, ledger.seq, ledger.basis, ledger.evidence, ledger.background, ledger.consequence_seq,
ledger.consequence_evidence, ledger.contradictions, ledger.reason FROM key_changes JOIN ledger ON
key_changes.cluster = ledger.cluster AND key_changes.revision = ledger.revision AND key_changes."key" =
ledger."key" WHERE key_changes."key" = :key ORDER BY key_changes.cluster, key_changes.revision,
key_changes."key"
""",
    "entries of exchange": """
SELECT key_changes.cluster, key_changes.revision, key_changes."key", key_changes.key_text, key_changes.type,
key_changes.at, key_changes.value_state, key_changes.value_size, key_changes.value_digest,
key_changes.value_reason, key_changes.previous_state, key_changes.previous_size, key_changes.previous_digest,
key_changes.previous_reason, key_changes.create_revision, key_changes.version, key_changes.lease,
ledger.standing, ledger.seq, ledger.basis, ledger.evidence, ledger.background, ledger.consequence_seq,
ledger.consequence_evidence, ledger.contradictions, ledger.reason FROM key_changes JOIN ledger ON
key_changes.cluster = ledger.cluster AND key_changes.revision = ledger.revision AND key_changes."key" =
ledger."key" WHERE ledger.seq = :seq ORDER BY key_changes.cluster, key_changes.revision, key_changes."key"
""",
    "entries after exchange": """
SELECT key_changes.cluster, key_changes.revision, key_changes."key", key_changes.key_text, key_changes.type,
key_changes.at, key_changes.value_state, key_changes.value_size, key_changes.value_digest,
key_changes.value_reason, key_changes.previous_state, key_changes.previous_size, key_changes.previous_digest,
key_changes.previous_reason, key_changes.create_revision, key_changes.version, key_changes.lease,
ledger.standing, ledger.seq, ledger.basis, ledger.evidence, ledger.background, ledger.consequence_seq,
ledger.consequence_evidence, ledger.contradictions, ledger.reason FROM key_changes JOIN ledger ON
key_changes.cluster = ledger.cluster AND key_changes.revision = ledger.revision AND key_changes."key" =
ledger."key" WHERE ledger.consequence_seq = :seq ORDER BY key_changes.cluster, key_changes.revision,
key_changes."key"
""",
    "attributions of exchange": """
SELECT ledger.cluster, ledger.revision, ledger."key", ledger.standing, ledger.seq, ledger.basis,
ledger.evidence, ledger.background, ledger.consequence_seq, ledger.consequence_evidence,
ledger.contradictions, ledger.reason, key_changes.type FROM ledger JOIN key_changes ON key_changes.cluster =
ledger.cluster AND key_changes.revision = ledger.revision AND key_changes."key" = ledger."key" WHERE
ledger.seq IS NOT NULL AND ledger.seq = :seq ORDER BY ledger.seq, ledger.cluster, ledger.revision,
ledger."key"
""",
    "attributions": """
SELECT ledger.cluster, ledger.revision, ledger."key", ledger.standing, ledger.seq, ledger.basis,
ledger.evidence, ledger.background, ledger.consequence_seq, ledger.consequence_evidence,
ledger.contradictions, ledger.reason, key_changes.type FROM ledger JOIN key_changes ON key_changes.cluster =
ledger.cluster AND key_changes.revision = ledger.revision AND key_changes."key" = ledger."key" WHERE
ledger.seq IS NOT NULL AND ledger.seq > :after ORDER BY ledger.seq, ledger.cluster, ledger.revision,
ledger."key" LIMIT :limit
""",
    "causing": """SELECT DISTINCT ledger.seq FROM ledger WHERE ledger.seq IS NOT NULL ORDER BY ledger.seq""",
    "no-ops": """
SELECT no_op_writes.seq, no_op_writes."key", no_op_writes.revision FROM no_op_writes ORDER BY no_op_writes.seq
""",
    "session": """
SELECT session.id, session.schema, session.kproxy_version, session.started_at, session.server_url,
session.server_kind, session.server_version, session.server_system_uid, session.server_etcd_version,
session.server_etcd_cluster, session.etcd_start, session.etcd_end, session.etcd_prefix, session.when_stuck,
session."end", session.ended, session.command, session.exit_code, session.max_lag, session.lane,
session.capture, session.traced, session.start_state FROM session
""",
    "gaps": """
SELECT gaps.number, gaps.kind, gaps.reason, gaps.at, gaps.count, gaps.first_seq, gaps.last_seq,
gaps.first_revision, gaps.last_revision, gaps.cluster FROM gaps ORDER BY gaps.number
""",
    "marks": """SELECT marks.number, marks.at, marks.seq, marks.text FROM marks ORDER BY marks.number""",
    "progress": """SELECT progress.value FROM progress WHERE progress.name = :name""",
    "body": """SELECT bodies.size, bodies.coding, bodies.data FROM bodies WHERE bodies.digest = :digest""",
    "bodies": """
SELECT bodies.digest, bodies.size, bodies.coding, bodies.data FROM bodies WHERE bodies.digest IN (:digests)
""",
    "count of key_changes": """SELECT count(*) AS count FROM key_changes""",
    "count of ledger": """SELECT count(*) AS count FROM ledger""",
    "count of no_op_writes": """SELECT count(*) AS count FROM no_op_writes""",
}

OLDER: dict[int, dict[str, str]] = {
    1: {
        "exchanges": """
SELECT exchanges.seq, exchanges.connection, exchanges.started, exchanges.answered, exchanges.ended,
exchanges.target, exchanges.request_headers, exchanges.request_body_size, exchanges.request_body_digest,
exchanges.path, exchanges.namespace, exchanges.name, exchanges.answer_headers, exchanges.answer_body_size,
exchanges.answer_body_digest, json_array(exchanges.method, exchanges.request_version,
exchanges.request_trailers, exchanges.request_body_state, exchanges.request_body_reason, exchanges.verb,
exchanges.is_resource, exchanges.api_group, exchanges.api_version, exchanges.resource, exchanges.subresource,
exchanges.status, exchanges.reason, exchanges.answer_version, exchanges.answer_trailers,
exchanges.informational, exchanges.answer_body_state, exchanges.answer_body_reason, exchanges."end",
exchanges.end_detail, exchanges.altered, exchanges.upgrade, exchanges.caller) AS recurring FROM exchanges
WHERE exchanges.seq > :after ORDER BY exchanges.seq LIMIT :limit
""",
        "exchanges of verbs": """
SELECT exchanges.seq, exchanges.connection, exchanges.started, exchanges.answered, exchanges.ended,
exchanges.target, exchanges.request_headers, exchanges.request_body_size, exchanges.request_body_digest,
exchanges.path, exchanges.namespace, exchanges.name, exchanges.answer_headers, exchanges.answer_body_size,
exchanges.answer_body_digest, json_array(exchanges.method, exchanges.request_version,
exchanges.request_trailers, exchanges.request_body_state, exchanges.request_body_reason, exchanges.verb,
exchanges.is_resource, exchanges.api_group, exchanges.api_version, exchanges.resource, exchanges.subresource,
exchanges.status, exchanges.reason, exchanges.answer_version, exchanges.answer_trailers,
exchanges.informational, exchanges.answer_body_state, exchanges.answer_body_reason, exchanges."end",
exchanges.end_detail, exchanges.altered, exchanges.upgrade, exchanges.caller) AS recurring FROM exchanges
WHERE exchanges.seq > :after AND exchanges.verb IN (:verbs) ORDER BY exchanges.seq LIMIT :limit
""",
        "exchange": """
SELECT exchanges.seq, exchanges.connection, exchanges.started, exchanges.answered, exchanges.ended,
exchanges.target, exchanges.request_headers, exchanges.request_body_size, exchanges.request_body_digest,
exchanges.path, exchanges.namespace, exchanges.name, exchanges.answer_headers, exchanges.answer_body_size,
exchanges.answer_body_digest, json_array(exchanges.method, exchanges.request_version,
exchanges.request_trailers, exchanges.request_body_state, exchanges.request_body_reason, exchanges.verb,
exchanges.is_resource, exchanges.api_group, exchanges.api_version, exchanges.resource, exchanges.subresource,
exchanges.status, exchanges.reason, exchanges.answer_version, exchanges.answer_trailers,
exchanges.informational, exchanges.answer_body_state, exchanges.answer_body_reason, exchanges."end",
exchanges.end_detail, exchanges.altered, exchanges.upgrade, exchanges.caller) AS recurring FROM exchanges
WHERE exchanges.seq = :seq
""",
        "frames": """
SELECT frames.seq, frames.number, frames.at, frames.direction, frames.kind, frames.body_state,
frames.body_size, frames.body_digest, frames.body_reason FROM frames WHERE frames.seq = :seq AND frames.number
> :after ORDER BY frames.number LIMIT :limit
""",
        "session": """
SELECT session.id, session.schema, session.kproxy_version, session.started_at, session.server_url,
session.server_kind, session.server_version, session.server_system_uid, session.server_etcd_version,
session.server_etcd_cluster, session.etcd_start, session.etcd_end, session.etcd_prefix, session.when_stuck,
session."end", session.ended, session.command, session.exit_code, session.max_lag FROM session
""",
        "gaps": """
SELECT gaps.number, gaps.kind, gaps.reason, gaps.at, gaps.count, gaps.first_seq, gaps.last_seq,
gaps.first_revision, gaps.last_revision FROM gaps ORDER BY gaps.number
""",
    },
    2: {
        "exchanges": """
SELECT exchanges.seq, exchanges.connection, exchanges.started, exchanges.answered, exchanges.ended,
exchanges.target, exchanges.request_headers, exchanges.request_body_size, exchanges.request_body_digest,
exchanges.path, exchanges.namespace, exchanges.name, exchanges.answer_headers, exchanges.answer_body_size,
exchanges.answer_body_digest, json_array(exchanges.method, exchanges.request_version,
exchanges.request_trailers, exchanges.request_body_state, exchanges.request_body_reason, exchanges.verb,
exchanges.is_resource, exchanges.api_group, exchanges.api_version, exchanges.resource, exchanges.subresource,
exchanges.status, exchanges.reason, exchanges.answer_version, exchanges.answer_trailers,
exchanges.informational, exchanges.answer_body_state, exchanges.answer_body_reason, exchanges."end",
exchanges.end_detail, exchanges.altered, exchanges.upgrade, exchanges.caller, exchanges.identity,
exchanges.forwarded, exchanges.fault) AS recurring FROM exchanges WHERE exchanges.seq > :after ORDER BY
exchanges.seq LIMIT :limit
""",
        "exchanges of verbs": """
SELECT exchanges.seq, exchanges.connection, exchanges.started, exchanges.answered, exchanges.ended,
exchanges.target, exchanges.request_headers, exchanges.request_body_size, exchanges.request_body_digest,
exchanges.path, exchanges.namespace, exchanges.name, exchanges.answer_headers, exchanges.answer_body_size,
exchanges.answer_body_digest, json_array(exchanges.method, exchanges.request_version,
exchanges.request_trailers, exchanges.request_body_state, exchanges.request_body_reason, exchanges.verb,
exchanges.is_resource, exchanges.api_group, exchanges.api_version, exchanges.resource, exchanges.subresource,
exchanges.status, exchanges.reason, exchanges.answer_version, exchanges.answer_trailers,
exchanges.informational, exchanges.answer_body_state, exchanges.answer_body_reason, exchanges."end",
exchanges.end_detail, exchanges.altered, exchanges.upgrade, exchanges.caller, exchanges.identity,
exchanges.forwarded, exchanges.fault) AS recurring FROM exchanges WHERE exchanges.seq > :after AND
exchanges.verb IN (:verbs) ORDER BY exchanges.seq LIMIT :limit
""",
        "exchange": """
SELECT exchanges.seq, exchanges.connection, exchanges.started, exchanges.answered, exchanges.ended,
exchanges.target, exchanges.request_headers, exchanges.request_body_size, exchanges.request_body_digest,
exchanges.path, exchanges.namespace, exchanges.name, exchanges.answer_headers, exchanges.answer_body_size,
exchanges.answer_body_digest, json_array(exchanges.method, exchanges.request_version,
exchanges.request_trailers, exchanges.request_body_state, exchanges.request_body_reason, exchanges.verb,
exchanges.is_resource, exchanges.api_group, exchanges.api_version, exchanges.resource, exchanges.subresource,
exchanges.status, exchanges.reason, exchanges.answer_version, exchanges.answer_trailers,
exchanges.informational, exchanges.answer_body_state, exchanges.answer_body_reason, exchanges."end",
exchanges.end_detail, exchanges.altered, exchanges.upgrade, exchanges.caller, exchanges.identity,
exchanges.forwarded, exchanges.fault) AS recurring FROM exchanges WHERE exchanges.seq = :seq
""",
        "session": """
SELECT session.id, session.schema, session.kproxy_version, session.started_at, session.server_url,
session.server_kind, session.server_version, session.server_system_uid, session.server_etcd_version,
session.server_etcd_cluster, session.etcd_start, session.etcd_end, session.etcd_prefix, session.when_stuck,
session."end", session.ended, session.command, session.exit_code, session.max_lag, session.lane,
session.capture FROM session
""",
        "gaps": """
SELECT gaps.number, gaps.kind, gaps.reason, gaps.at, gaps.count, gaps.first_seq, gaps.last_seq,
gaps.first_revision, gaps.last_revision FROM gaps ORDER BY gaps.number
""",
    },
}
"""What recordings of older schema numbers are asked instead: they have fewer columns."""

ORDER: dict[str, tuple[str, ...]] = {
    "changes": ("cluster", "revision", "key"),
    "ledger": ("cluster", "revision", "key"),
    "start keys": ("cluster", "key"),
    "start objects": ("api_group", "resource", "namespace", "name"),
}
"""The columns in whose order these are read, and which tell their rows apart."""
