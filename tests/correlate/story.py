"""Small sessions made by hand, line by line, for the tests of grounds."""

import base64
import json
from dataclasses import dataclass, field, replace

from kproxy.correlate.ledger import correlate
from kproxy.model.attribution import Basis, Ledger, LedgerEntry
from kproxy.model.etcd import (
    ChangeType,
    ClusterId,
    EtcdCall,
    EtcdKey,
    KeyChange,
    KeyOperation,
    KeyRange,
    Operation,
    Revision,
)
from kproxy.model.exchange import EMPTY_BODY, Answer, Body, End, Exchange, Nanos, Request, Seq
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.session import Session
from kproxy.wire.requestinfo import request_info
from tests.support.memory import MemoryRecording

POD = "/registry/pods/default/web"
PODS = "/api/v1/namespaces/default/pods"
SERVICE = "/registry/services/specs/default/web"
SERVICES = "/api/v1/namespaces/default/services"
PORTS = "/registry/ranges/servicenodeports"


def pod(uid: str = "u1", revision: int | None = None, *, deleting: bool = False, **more: JSON) -> JSONObject:
    metadata: JSONObject = {"name": "web", "namespace": "default", "uid": uid}
    if revision is not None:
        metadata["resourceVersion"] = str(revision)
    if deleting:
        metadata["deletionTimestamp"] = "2026-11-23T12:00:00Z"
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata | more}


def service(*addresses: str, nodes: tuple[int, ...] = (), revision: int | None = None) -> JSONObject:
    spec: JSONObject = {"clusterIPs": [*addresses], "ports": [{"nodePort": port} for port in nodes]}
    return pod(revision=revision) | {"kind": "Service", "spec": spec}


def ports(*taken: int) -> JSONObject:
    bits = sum(1 << (port - 30000) for port in taken)
    data = base64.b64encode(bits.to_bytes(8)).decode()
    return {"kind": "RangeAllocation", "range": "30000-32767", "data": data}


@dataclass
class Story:
    """A session told line by line; `etcd_start` is revision 100."""

    recording: MemoryRecording = field(
        default_factory=lambda: MemoryRecording(
            session=Session(id="0" * 32, started_at="2026-11-23T12:00:00Z", etcd_start=Revision(100))
        )
    )

    def ask(  # noqa: PLR0913 - a request has as many parts
        self,
        method: str,
        target: str,
        status: int,
        document: JSONObject | None,
        body: JSONObject | None = None,
        *,
        agent: str = "kubectl",
        audit_id: str = "",
        **more: object,
    ) -> Seq:
        """One request and its answer, a microsecond apart from the next; `more`: fields of Exchange, as they are."""
        seq = Seq(len(self.recording.exchange_list) + 1)
        answer, asked = self._keep(document), self._keep(body)
        json_type = ("Content-Type", "application/json")
        exchange = Exchange(
            seq=seq,
            connection=1,
            started=Nanos(seq * 1000),
            ended=Nanos(seq * 1000 + 500),
            request=Request(
                method=method,
                target=target,
                http_version="HTTP/1.1",
                headers=(json_type, ("User-Agent", f"{agent}/v1")),
                body=asked or EMPTY_BODY,
            ),
            info=request_info(method, target),
            answer=Answer(
                status=status,
                reason="",
                http_version="HTTP/1.1",
                headers=(json_type, ("Audit-Id", audit_id)) if audit_id else (json_type,),
                body=answer or EMPTY_BODY,
            ),
            end=End.COMPLETE,
        )
        self.recording.exchange_list.append(replace(exchange, **more))  # type: ignore[arg-type] # the caller's
        return seq

    def put(self, revision: int, key: str, value: JSONObject, before: JSONObject | None = None, **more: object) -> None:
        """A key is written; `more`: fields of KeyChange."""
        self._change(revision, key, value, before, ChangeType.PUT, more)

    def delete(self, revision: int, key: str, before: JSONObject, **more: object) -> None:
        """A key is taken away."""
        self._change(revision, key, None, before, ChangeType.DELETE, more)

    def call(self, revision: int, *operations: KeyOperation, **more: object) -> int:
        """A call of the api-server's that wrote, or read, at this revision; its number."""
        number = len(self.recording.call_list) + 1
        call = EtcdCall(
            number=number,
            cluster=ClusterId("c"),
            connection=1,
            stream=2 * number + 1,
            started=Nanos(number),
            ended=Nanos(number + 1),
            method="KV/Txn",
            operations=operations,
            succeeded=True,
            revision=Revision(revision),
            status=0,
        )
        self.recording.call_list.append(replace(call, **more))  # type: ignore[arg-type] # the caller's
        return number

    def _change(  # noqa: PLR0913, PLR0917 - a change has as many parts
        self,
        revision: int,
        key: str,
        value: JSONObject | None,
        before: JSONObject | None,
        kind: ChangeType,
        more: dict[str, object],
    ) -> None:
        change = KeyChange(
            cluster=ClusterId("c"),
            revision=Revision(revision),
            key=EtcdKey(key.encode()),
            type=kind,
            at=Nanos(1_000_000 + revision),
            value=self._keep(value),
            previous=self._keep(before),
            version=0 if before is not None else 1,
        )
        self.recording.change_list.append(replace(change, **more))  # type: ignore[arg-type] # the caller's

    def _keep(self, document: JSONObject | None) -> Body | None:
        return self.recording.keep(json.dumps(document).encode()) if document is not None else None

    def told(self) -> Ledger:
        """Correlate it."""
        return correlate(self.recording)

    def entry(self, revision: int) -> LedgerEntry:
        """The entry of a revision."""
        (found,) = [entry for entry in self.told().entries if entry.change.revision == revision]
        return found

    def grounds(self) -> list[tuple[int, Seq | None, Basis | None]]:
        """Each change's revision, exchange and ground."""
        return [
            (
                entry.change.revision,
                *(((found := entry.attribution).seq, found.basis) if entry.attribution else (None, None)),
            )
            for entry in self.told().entries
        ]


def puts(key: str) -> KeyOperation:
    """A put in a call."""
    return KeyOperation(operation=Operation.PUT, keys=KeyRange(key=EtcdKey(key.encode())))


def deletes(key: str, count: int = 1) -> KeyOperation:
    """A delete in a call."""
    return KeyOperation(operation=Operation.DELETE, keys=KeyRange(key=EtcdKey(key.encode())), count=count)


def owned(obj: JSONObject, kind: str, name: str, uid: str) -> JSONObject:
    """The object with an owner."""
    reference: JSONObject = {"kind": kind, "name": name, "uid": uid, "controller": True}
    metadata = obj["metadata"]
    assert isinstance(metadata, dict)
    return obj | {"metadata": metadata | {"ownerReferences": [reference]}}
