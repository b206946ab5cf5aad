"""The audit log."""

import io
import json
from datetime import UTC, datetime

from kproxy.lab.emulated.audit import AuditLog, Entry
from kproxy.lab.emulated.auth import Identity
from kproxy.wire.requestinfo import request_info

AT = datetime(2026, 11, 23, 7, 0, 1, 5, tzinfo=UTC)


def test_a_request_is_one_line_that_names_who_what_and_the_end() -> None:
    file = io.StringIO()
    target = "/api/v1/namespaces/default/pods/x"
    AuditLog(file).write(
        Entry(
            audit_id="id",
            target=target,
            info=request_info("DELETE", target),
            user=Identity("kproxy-lab", ("system:masters",)),
            on_behalf_of=Identity("someone", ()),
            source="127.0.0.1",
            user_agent="test/1",
            status=200,
            received=AT,
            answered=AT,
        )
    )
    (line,) = file.getvalue().splitlines()
    event = json.loads(line)
    assert event["auditID"] == "id"
    assert event["verb"] == "delete"
    assert event["user"]["username"] == "kproxy-lab"
    assert event["impersonatedUser"]["username"] == "someone"
    assert event["objectRef"] == {"resource": "pods", "namespace": "default", "name": "x", "apiVersion": "v1"}
    assert event["responseStatus"]["code"] == 200
    assert event["requestReceivedTimestamp"] == "2026-11-23T07:00:01.000005Z"
