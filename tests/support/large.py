"""A recording of any number of key changes, made quickly: for what must be quick in a recording of a million.

    python -m tests.support.large FILE CHANGES [--traced]

Objects of five resources (protobuf built-ins and JSON custom resources) are created, updated, patched and, some of
them, deleted and made again, as `schedule` says; each change has the exchange that caused it, with reads in between.
Values differ from version to version in what a client would have set, and have uids, generations and managedFields.
Bodies are spliced from templates with places of fixed width, and rows are written past the recorder, so that a million
changes take a minute or two.
"""

import argparse
import json
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from kproxy.model.api import RequestInfo
from kproxy.model.etcd import (
    ClusterId,
    Compared,
    EtcdCall,
    EtcdKey,
    EtcdStore,
    KeyOperation,
    KeyRange,
    Operation,
    Revision,
)
from kproxy.model.exchange import Answer, End, Exchange, Nanos, Request, Seq
from kproxy.model.jsontypes import JSONObject
from kproxy.model.session import Server, Session, SessionEnd
from kproxy.store import etcdrows, exchangerows, schema, sessionrows
from kproxy.store.bodies import pack
from kproxy.store.cells import Row
from kproxy.store.writer import (
    INSERT_BODY,
    UPSERT_CALL,
    UPSERT_CHANGE,
    UPSERT_EXCHANGE,
    UPSERT_SESSION,
    UPSERT_STORE,
    Writer,
)
from kproxy.wire.content import encode
from kproxy.wire.mediatype import PROTOBUF
from kproxy.wire.requestinfo import request_info

CLUSTER = ClusterId("cdf818194e3a8c32")
START = Revision(1_000_000_000)
"""The session's etcd_start: the first change is at the next revision, and each revision has one; always ten digits."""

VERSIONS = 20
"""Changes of one object's life, about: the number of objects is that of changes by this."""

STEP = 1_000_000
"""Nanoseconds from one request to the next."""

_CHUNK = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """A resource of the recording."""

    path: str  # of the collection in the namespace default
    key: str  # the folder in etcd
    api_version: str
    kind: str
    body: JSONObject
    protobuf: bool = True
    agent: str = "kubectl"  # who writes it
    owned: bool = False  # by a deployment
    answers_deletion: bool = False  # with the object; others answer a Status


KINDS = (
    Kind("/api/v1/namespaces/default/configmaps", "configmaps", "v1", "ConfigMap", {"data": {"value": "VVVVVVVV"}}),
    Kind(
        "/apis/example.org/v1/namespaces/default/widgets",
        "example.org/widgets",
        "example.org/v1",
        "Widget",
        {"spec": {"value": "VVVVVVVV", "sizes": [1, 2, 3], "parts": [{"name": "a", "weight": 2.5}, {"name": "b"}]}},
        protobuf=False,
    ),
    Kind(
        "/api/v1/namespaces/default/pods",
        "pods",
        "v1",
        "Pod",
        {
            "spec": {
                "containers": [{"name": "main", "image": "example.org/main:VVVVVVVV"}],
                "nodeName": "node-1",
                "restartPolicy": "Always",
            },
            "status": {"phase": "Running", "podIP": "10.0.0.1"},
        },
        agent="kube-controller-manager",
        owned=True,
        answers_deletion=True,
    ),
    Kind(
        "/apis/apps/v1/namespaces/default/deployments",
        "deployments",
        "apps/v1",
        "Deployment",
        {
            "spec": {
                "replicas": 2,
                "selector": {"matchLabels": {"app": "web"}},
                "template": {
                    "metadata": {"labels": {"app": "web"}, "annotations": {"version": "VVVVVVVV"}},
                    "spec": {"containers": [{"name": "main", "image": "example.org/main:1"}]},
                },
            },
        },
    ),
    Kind(
        "/api/v1/namespaces/default/serviceaccounts",
        "serviceaccounts",
        "v1",
        "ServiceAccount",
        {"secrets": [{"name": "VVVVVVVV"}]},
    ),
)


@dataclass(frozen=True, slots=True)
class Step:
    """The `number`-th change (from 0): what it does to which object; `life` counts the object's incarnations."""

    number: int
    kind: Kind
    name: str
    life: int
    version: int  # of the key in this life, 0: it is deleted
    verb: str  # create | update | patch | delete

    @property
    def revision(self) -> Revision:
        """In etcd."""
        return Revision(START + 1 + self.number)

    @property
    def seq(self) -> Seq:
        """The exchange that causes it: behind each second one comes a read."""
        return Seq(self.number + self.number // 2 + 1)

    @property
    def key(self) -> str:
        """In etcd."""
        return f"/registry/{self.kind.key}/default/{self.name}"


def schedule(changes: int) -> Iterator[Step]:
    """The changes, in order: all objects in turn, each fifth of them deleted and made again after some versions."""
    objects = max(len(KINDS), changes // VERSIONS)
    for number in range(changes):
        turn, index = divmod(number, objects)
        kind, name = KINDS[index % len(KINDS)], f"object-{index:08}"
        life, version = divmod(turn, 6) if index // len(KINDS) % 5 == 0 else (0, turn)
        if index // len(KINDS) % 5 == 0 and version == 5:
            yield Step(number, kind, name, life, 0, "delete")
        elif version == 0:
            yield Step(number, kind, name, life, 1, "create")
        else:
            yield Step(number, kind, name, life, version + 1, "patch" if (number // objects) % 3 == 0 else "update")


def make_large(file: Path, changes: int, *, traced: bool = False) -> None:
    """Write it. `traced`: with the calls to etcd that the exchanges made, as a relay reads them."""
    session = Session(
        id=sha256(str(changes).encode()).hexdigest()[:32],
        started_at="2026-11-25T12:00:00.000000000Z",
        server=Server(kind="kube-apiserver", version="v1.37.2", etcd_cluster=CLUSTER),
        etcd_start=START,
        etcd_end=Revision(START + changes),
        end=SessionEnd.COMPLETE,
        ended=Nanos(2 * STEP * (changes + 1)),
        traced="relay" if traced else "",
    )
    Writer.create(file, session, force=True).close(session)
    connection = sqlite3.connect(file, isolation_level=None)
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-400000", "locking_mode=EXCLUSIVE"):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("BEGIN")
    connection.execute(UPSERT_SESSION, sessionrows.session_row(session))
    store = EtcdStore(cluster=CLUSTER, endpoints=("http://127.0.0.1:2379",), start=START, end=session.etcd_end)
    connection.execute(UPSERT_STORE, etcdrows.store_row(store, 0))
    made = _Rows(traced=traced)
    for step in schedule(changes):
        made.add(step)
        if len(made.changes) >= _CHUNK:
            made.flush(connection)
    made.flush(connection)
    connection.execute("COMMIT")
    connection.close()


class _Rows:
    """Rows that are still to be written."""

    def __init__(self, *, traced: bool) -> None:
        self._traced = traced
        self._values: dict[str, str] = {}  # by key, the digest of what it holds
        self._created: dict[str, int] = {}
        self.changes: list[Row] = []
        self._exchanges: list[Row] = []
        self._calls: list[Row] = []
        self._bodies: dict[str, bytes] = {}

    def add(self, step: Step) -> None:
        """A change, its exchange, and sometimes a read behind it."""
        shown = self._keep(_answer(step))
        value = "" if step.verb == "delete" else self._keep(_object(step, None))
        self.changes.append(self._change(step, value))
        self._exchanges.append(_exchange(step, shown, asked=value, traced=self._traced))
        if step.number % 2:
            self._exchanges.append(_read(step, shown))
        if self._traced:
            self._calls.append(_call(step))

    def flush(self, connection: sqlite3.Connection) -> None:
        """Bodies in the order of their names: they lie in the index in that order."""
        connection.executemany(
            INSERT_BODY, [(name, len(data), *pack(data)) for name, data in sorted(self._bodies.items())]
        )
        connection.executemany(UPSERT_CHANGE, self.changes)
        connection.executemany(UPSERT_EXCHANGE, self._exchanges)
        connection.executemany(UPSERT_CALL, self._calls)
        self._bodies.clear()
        for gathered in (self.changes, self._exchanges, self._calls):
            gathered.clear()

    def _keep(self, data: bytes) -> str:
        digest = sha256(data).hexdigest()
        self._bodies[digest] = data
        return digest

    def _change(self, step: Step, value: str) -> Row:
        previous = self._values.get(step.key, "")
        self._values[step.key] = value
        if step.verb == "create":
            self._created[step.key] = step.revision
        now: Row = ("kept", 900, value, "") if value else (None,) * 4
        before: Row = ("kept", 900, previous, "") if previous else (None,) * 4
        kind = "PUT" if value else "DELETE"
        created = self._created[step.key] if value else 0
        at = _at(step) + STEP // 2
        return (
            CLUSTER,
            step.revision,
            step.key.encode(),
            step.key,
            kind,
            at,
            *now,
            *before,
            created,
            step.version,
            0,
        )


def _at(step: Step) -> int:
    return step.seq * STEP


def _answer(step: Step) -> bytes:
    if step.verb != "delete" or step.kind.answers_deletion:
        return _object(step, step.revision)
    details: JSONObject = {"name": step.name, "kind": step.kind.key, "uid": uid_of(step.name, step.life)}
    status: JSONObject = {"kind": "Status", "apiVersion": "v1", "status": "Success", "details": details}
    return json.dumps(status, separators=(",", ":")).encode()


def _object(step: Step, revision: int | None) -> bytes:
    """The object as etcd has it, or as an answer shows it; of one that is deleted the last version."""
    template = _template(step.kind, answer=revision is not None)
    version = step.version or 5
    data = template.replace(b"object-NNNNNNNN", step.name.encode())
    data = data.replace(b"00000000-0000-4000-8000-UUUUUUUUUUUU", uid_of(step.name, step.life).encode())
    data = data.replace(b"VVVVVVVV", b"%08d" % version)
    if step.kind.owned:
        owner = owner_of(step.name)
        data = data.replace(b"object-OOOOOOOO", owner.encode())
        data = data.replace(b"00000000-0000-4000-8000-OOOOOOOOOOOO", uid_of(owner, 0).encode())
    return data if revision is None else data.replace(b"1RRRRRRRRR", b"%d" % revision)


def owner_of(name: str) -> str:
    """The deployment that a pod belongs to: one made before it, but of the first pod."""
    index = int(name[-8:])
    return f"object-{index - 4 if index > 4 else index + 1:08}"


def uid_of(name: str, life: int) -> str:
    """Of an object's incarnation."""
    return f"00000000-0000-4000-8000-{life:04}{name[-8:]}"


@cache
def _template(kind: Kind, *, answer: bool) -> bytes:
    metadata: JSONObject = {
        "name": "object-NNNNNNNN",
        "namespace": "default",
        "uid": "00000000-0000-4000-8000-UUUUUUUUUUUU",
        "generation": 1,
        "creationTimestamp": "2026-11-25T12:00:00Z",
        "labels": {"app": "web", "tier": "front"},
        "annotations": {"example.org/version": "VVVVVVVV"},
        "managedFields": [_managed(kind)],
    }
    if kind.owned:
        metadata["ownerReferences"] = [
            {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "name": "object-OOOOOOOO",
                "uid": "00000000-0000-4000-8000-OOOOOOOOOOOO",
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ]
    if answer:
        metadata["resourceVersion"] = "1RRRRRRRRR"
    document: JSONObject = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **kind.body}
    if kind.protobuf:
        return encode(PROTOBUF, document)
    return json.dumps(document, separators=(",", ":")).encode()


def _managed(kind: Kind) -> JSONObject:
    top: JSONObject = {f"f:{name}": {} for name in kind.body}
    metadata: JSONObject = {"f:annotations": {"f:example.org/version": {}}, "f:labels": {}}
    if kind.owned:
        metadata["f:ownerReferences"] = {}
    fields: JSONObject = {"f:metadata": metadata, **top}
    return {
        "manager": kind.agent,
        "operation": "Update",
        "apiVersion": kind.api_version,
        "time": "2026-11-25T12:00:00Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }


_METHODS = {"create": ("POST", 201), "update": ("PUT", 200), "patch": ("PATCH", 200), "delete": ("DELETE", 200)}


@cache
def _columns() -> dict[str, int]:
    return {column.name: index for index, column in enumerate(schema.exchanges.columns)}


@cache
def _exchange_row(kind: Kind, verb: str) -> tuple[int | str | bytes | None, ...]:
    """An exchange's row whose numbers, target, name and bodies are still to be set."""
    method, status = _METHODS.get(verb, ("GET", 200))
    target = kind.path if verb == "create" else f"{kind.path}/NAME"
    info: RequestInfo = request_info(method, target)
    media_type = PROTOBUF if kind.protobuf and (verb != "delete" or kind.answers_deletion) else "application/json"
    exchange = Exchange(
        seq=Seq(1),
        connection=1,
        started=Nanos(0),
        answered=Nanos(0),
        ended=Nanos(0),
        request=Request(
            method=method,
            target=target,
            http_version="HTTP/1.1",
            headers=(("User-Agent", f"{kind.agent}/v1.37.2"), ("Content-Type", media_type)),
        ),
        info=info,
        answer=Answer(
            status=status,
            reason="OK",
            http_version="HTTP/1.1",
            headers=(("Content-Type", media_type), ("Audit-Id", "00000000-0000-4000-8000-000000000000")),
        ),
        end=End.COMPLETE,
        caller="client",
    )
    return exchangerows.exchange_row(exchange)


def _exchange(step: Step, shown: str, *, asked: str, traced: bool) -> Row:
    row = list(_exchange_row(step.kind, step.verb))
    at = _columns()
    _place(row, step, step.seq, shown)
    if step.verb in {"create", "update"}:
        row[at["request_body_state"]], row[at["request_body_size"]], row[at["request_body_digest"]] = "kept", 900, asked
    if traced:
        row[at["trace_id"]], row[at["parent_id"]] = _trace(step)
    return tuple(row)


def _read(step: Step, shown: str) -> Row:
    row = list(_exchange_row(step.kind, "get"))
    _place(row, step, step.seq + 1, shown)
    return tuple(row)


def _place(row: list[int | str | bytes | None], step: Step, seq: int, shown: str) -> None:
    at = _columns()
    started = seq * STEP
    row[at["seq"]], row[at["started"]] = seq, started
    row[at["answered"]], row[at["ended"]] = started + STEP - 2, started + STEP - 1
    if row[at["name"]]:
        row[at["name"]] = step.name
        row[at["target"]] = row[at["path"]] = f"{step.kind.path}/{step.name}"
    row[at["answer_body_state"]], row[at["answer_body_size"]], row[at["answer_body_digest"]] = "kept", 900, shown


def _trace(step: Step) -> tuple[str, str]:
    return f"{step.seq:032x}", f"{step.seq:016x}"


def _call(step: Step) -> Row:
    key = EtcdKey(step.key.encode())
    operation = Operation.DELETE if step.verb == "delete" else Operation.PUT
    trace_id, parent_id = _trace(step)
    call = EtcdCall(
        number=step.number + 1,
        cluster=CLUSTER,
        connection=1,
        stream=2 * step.number + 1,
        started=Nanos(_at(step) + STEP // 4),
        ended=Nanos(_at(step) + STEP // 3),
        method="KV/Txn",
        trace_id=trace_id,
        parent_id=parent_id,
        compares=(Compared(key=key, target="mod", relation="=", expected=0),),
        operations=(KeyOperation(operation=operation, keys=KeyRange(key=key), count=int(not step.version), size=900),),
        succeeded=True,
        revision=step.revision,
        status=0,
        request_size=1000,
        answer_size=60,
    )
    return etcdrows.call_row(call)


def main() -> None:
    """Make one from the command line."""
    parser = argparse.ArgumentParser(description="Make a large recording.")
    parser.add_argument("file", type=Path)
    parser.add_argument("changes", type=int)
    parser.add_argument("--traced", action="store_true")
    options = parser.parse_args()
    make_large(options.file, options.changes, traced=options.traced)
    sys.stdout.write(f"{options.file}: {options.changes} changes, {options.file.stat().st_size >> 20} MiB\n")


if __name__ == "__main__":
    main()
