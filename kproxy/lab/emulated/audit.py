"""The audit log: a line for each answered request, as audit.k8s.io/v1 has it at level Metadata."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TextIO

from kproxy.lab.emulated.auth import Identity
from kproxy.model.api import RequestInfo
from kproxy.model.jsontypes import JSONObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One request and its end."""

    audit_id: str
    target: str
    info: RequestInfo
    user: Identity | None
    on_behalf_of: Identity | None
    source: str
    user_agent: str
    status: int
    received: datetime
    answered: datetime


class AuditLog:
    """Writes entries to a file, each in one piece."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, entry: Entry) -> None:
        """Appends a line and flushes it."""
        self._file.write(json.dumps(_event(entry), separators=(",", ":")) + "\n")
        self._file.flush()


def _event(entry: Entry) -> JSONObject:
    event: JSONObject = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "auditID": entry.audit_id,
        "stage": "ResponseComplete",
        "requestURI": entry.target,
        "verb": entry.info.verb,
        "user": _user(entry.user) if entry.user else {},
        "sourceIPs": [entry.source],
        "userAgent": entry.user_agent,
        "responseStatus": {"metadata": {}, "code": entry.status},
        "requestReceivedTimestamp": entry.received.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "stageTimestamp": entry.answered.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    if entry.on_behalf_of is not None:
        event["impersonatedUser"] = _user(entry.on_behalf_of)
    info = entry.info
    if info.is_resource:
        reference: JSONObject = {"resource": info.resource, "namespace": info.namespace, "name": info.name}
        reference |= {"apiGroup": info.group, "apiVersion": info.version, "subresource": info.subresource}
        event["objectRef"] = {key: value for key, value in reference.items() if value}
    return event


def _user(identity: Identity) -> JSONObject:
    return {"username": identity.name, "groups": list(identity.groups)}
