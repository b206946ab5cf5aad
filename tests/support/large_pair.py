"""A recording of any number of exchanges, and its replay on another server, made quickly: for what compares the two.

    python -m tests.support.large_pair FOLDER EXCHANGES [--etcd]

Pods with generated names and configmaps are created, read, updated, patched, listed, watched and deleted, and asked for
when they are not there. The replay's server chose other uids, names, revisions, times and audit ids, and answers the
same otherwise. With --etcd the changes are there, too, with the ledger that ties them to their requests.
"""

import argparse
import json
import random
import sqlite3
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from functools import cache
from hashlib import sha256
from pathlib import Path

from kproxy.correlate.number import CORRELATOR
from kproxy.model.attribution import Attribution, Basis, LedgerEntry, Standing
from kproxy.model.etcd import ChangeType, ClusterId, EtcdKey, EtcdStore, KeyChange, Revision
from kproxy.model.exchange import EMPTY_BODY, Answer, Body, BodyState, Digest, End, Exchange, Frame, Nanos, Request, Seq
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.session import Server, Session, SessionEnd
from kproxy.store import etcdrows, exchangerows, ledgerrows, schema, sessionrows
from kproxy.store.bodies import pack
from kproxy.store.cells import Row
from kproxy.store.writer import (
    INSERT_BODY,
    UPSERT_CHANGE,
    UPSERT_ENTRY,
    UPSERT_EXCHANGE,
    UPSERT_FRAME,
    UPSERT_PROGRESS,
    UPSERT_SESSION,
    UPSERT_STORE,
    Writer,
)
from kproxy.wire.content import encode
from kproxy.wire.mediatype import PROTOBUF
from kproxy.wire.requestinfo import request_info

STEP = 1_000_000
"""Nanoseconds from one request to the next."""

LIVING = 24
"""Objects of a kind that are there at the same time, at most."""

EVENTS = 12
"""Events of a watch."""

CLUSTERS = (ClusterId("aaaaaaaaaaaaaaaa"), ClusterId("bbbbbbbbbbbbbbbb"))
_CHUNK = 20_000
_START = 1_795_000_000  # 2026-11-18, seconds since 1970
_OLD = 1_767_225_600
"""2026-01-01T00:00:00Z: the time in templates, which makes room for any other."""


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """A resource of the recording."""

    resource: str
    kind: str
    body: JSONObject
    generated: bool = False

    @property
    def path(self) -> str:
        """Of the collection."""
        return f"/api/v1/namespaces/default/{self.resource}"


_CONTAINER: JSONObject = {
    "name": "main",
    "image": "registry.example.org/team/main:VVVVVVVV",
    "ports": [{"containerPort": 8080, "protocol": "TCP", "name": "http"}],
    "env": [{"name": "LEVEL", "value": "info"}, {"name": "REGION", "value": "north"}],
    "resources": {"limits": {"memory": "128Mi"}, "requests": {"cpu": "100m", "memory": "64Mi"}},
    "readinessProbe": {"httpGet": {"path": "/ready", "port": "http", "scheme": "HTTP"}, "periodSeconds": 10},
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
    "imagePullPolicy": "IfNotPresent",
    "volumeMounts": [{"name": "config", "mountPath": "/etc/config", "readOnly": True}],
}
PODS = Kind(
    "pods",
    "Pod",
    {
        "spec": {
            "containers": [_CONTAINER],
            "volumes": [{"name": "config", "configMap": {"name": "settings", "defaultMode": 420}}],
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst",
            "serviceAccountName": "default",
            "securityContext": {},
            "schedulerName": "default-scheduler",
            "nodeName": "node-1",
        },
        "status": {
            "phase": "Running",
            "conditions": [
                {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"},
                {"type": "PodScheduled", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"},
            ],
            "hostIP": "10.0.0.1",
            "qosClass": "Burstable",
        },
    },
    generated=True,
)
CONFIGMAPS = Kind("configmaps", "ConfigMap", {"data": {"level": "info", "value": "VVVVVVVV", "text": "a\nb\nc\n" * 20}})
KINDS = (PODS, CONFIGMAPS)


@dataclass(frozen=True, slots=True)
class Thing:
    """One version of an object: its number, version, the count of writes when it was written, when it was made."""

    kind: Kind
    number: int
    version: int
    write: int
    made: int


@dataclass(frozen=True, slots=True)
class Act:
    """An exchange. `shown`: the object, or those that a list shows; `events` of a watch; `write` counts writes."""

    verb: str
    kind: Kind
    write: int
    shown: tuple[Thing, ...] = ()
    before: Thing | None = None
    events: tuple[tuple[str, Thing], ...] = ()
    since: int = 0


@dataclass
class _State:
    living: deque[Thing] = field(default_factory=deque)
    events: deque[tuple[str, Thing]] = field(default_factory=lambda: deque(maxlen=EVENTS))


def acts(exchanges: int) -> Iterator[Act]:
    """What happens, the same on both servers: of ten requests six or seven read one object or list, two write."""
    drawn = random.Random(exchanges)
    states = {kind.resource: _State() for kind in KINDS}
    writes = numbers = 0
    for index in range(exchanges):
        kind = drawn.choice(KINDS)
        state, chance = states[kind.resource], drawn.random()
        if not state.living or (chance < 0.05 and len(state.living) < LIVING):
            writes, numbers = writes + 1, numbers + 1
            made = Thing(kind, numbers, 1, writes, index * STEP // 10**9)
            state.living.append(made)
            state.events.append(("ADDED", made))
            yield Act("create", kind, writes, (made,))
        elif chance < 0.20:
            writes += 1
            at = drawn.randrange(len(state.living))
            old = state.living[at]
            new = Thing(kind, old.number, old.version + 1, writes, old.made)
            state.living[at] = new
            state.events.append(("MODIFIED", new))
            yield Act("update" if chance < 0.14 else "patch", kind, writes, (new,), before=old)
        elif chance < 0.24 and len(state.living) > 1:
            writes += 1
            old = state.living.popleft()
            gone = Thing(kind, old.number, old.version, writes, old.made)
            state.events.append(("DELETED", gone))
            yield Act("delete", kind, writes, (gone,), before=old)
        elif chance < 0.80:
            yield Act("get", kind, writes, (drawn.choice(state.living),))
        elif chance < 0.88:
            yield Act("missing", kind, writes)
        elif chance < 0.98 or not state.events:
            yield Act("list", kind, writes, tuple(sorted(state.living, key=lambda each: each.number))[:10])
        else:
            events = tuple(state.events)
            yield Act("watch", kind, writes, events=events, since=events[0][1].write - 1)


@dataclass(frozen=True, slots=True)
class Chooser:
    """What one server chooses: `which` is 0 for the recorded one and 1 for the replay's."""

    which: int

    def revision(self, write: int) -> int:
        """Of a write; other writers had some in between."""
        return (1_000_000_000, 3_000_000_000)[self.which] + write * (2 + self.which)

    def name(self, thing: Thing) -> str:
        """Of an object; a pod's is generated."""
        letters = "".join("bcdfghjklmnpqrst"[thing.number >> shift & 15] for shift in (20, 16, 12, 8, 4, 0))
        return f"web-{'xz'[self.which]}{letters}" if thing.kind.generated else f"map-{thing.number:08}"

    def uid(self, number: int, block: int = 0) -> str:
        """Of an object, or (in another block) of something else."""
        return f"{'ac'[self.which] * 8}-{block:04}-4000-8000-{number:012}"

    def time(self, second: int) -> int:
        """Seconds since 1970."""
        return _START + second + 7200 * self.which


class _Side:
    """One recording on its way."""

    def __init__(self, file: Path, chooser: Chooser, *, etcd: bool) -> None:
        self._chosen = chooser
        self._etcd = etcd
        self.file = file
        self._exchanges: list[Row] = []
        self._frames: list[Row] = []
        self._changes: list[Row] = []
        self._entries: list[Row] = []
        self._bodies: dict[Digest, bytes] = {}
        self._stored: dict[int, Body] = {}
        self._created: dict[int, int] = {}
        self._session = Session(
            id="ab"[chooser.which] * 32,
            started_at=_iso(chooser.time(0)),
            server=Server(kind="kube-apiserver", version="v1.37.2", etcd_cluster=CLUSTERS[chooser.which]),
            etcd_start=Revision(chooser.revision(0)) if etcd else None,
            end=SessionEnd.COMPLETE,
        )
        Writer.create(file, self._session, force=True).close(self._session)
        self._connection = sqlite3.connect(file, isolation_level=None)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-200000", "locking_mode=EXCLUSIVE"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute("BEGIN")

    def add(self, seq: Seq, act: Act) -> None:
        """One exchange."""
        at = seq * STEP
        request, answer = self._messages(seq, act)
        exchange = Exchange(
            seq=seq,
            connection=1,
            started=Nanos(at),
            answered=Nanos(at + STEP // 2),
            ended=Nanos(at + STEP // 2 + 1),
            request=request,
            info=request_info(request.method, request.target),
            answer=answer,
            end=End.CLIENT_GONE if act.verb == "watch" else End.COMPLETE,
            caller="client",
        )
        self._exchanges.append(exchangerows.exchange_row(exchange))
        for index, (kind, thing) in enumerate(act.events):
            data = b'{"type":"%s","object":%s}' % (kind.encode(), self._shown(thing))
            frame = Frame(seq=seq, index=index, at=Nanos(at + index), body=self._keep(data))
            self._frames.append(exchangerows.frame_row(frame))
        if self._etcd and act.verb in {"create", "update", "patch", "delete"}:
            self._change(seq, act)
        if len(self._exchanges) >= _CHUNK:
            self.flush()

    def _messages(self, seq: Seq, act: Act) -> tuple[Request, Answer]:
        method, status = _METHODS[act.verb]
        target, sent = self._target(act), EMPTY_BODY
        if act.verb in {"create", "update"}:
            sent = self._keep(self._asked(act))
        elif act.verb == "patch":
            sent = self._keep(b'{"spec":{"note":"%08d"}}' % act.shown[0].version)
        body = Body(state=BodyState.FRAMES, size=EVENTS) if act.events else self._keep(self._said(act))
        drawn = self._chosen
        headers = [
            ("Audit-Id", drawn.uid(seq, 1)),
            ("Cache-Control", "no-cache, private"),
            ("Content-Type", "application/json"),
            ("X-Kubernetes-Pf-Flowschema-Uid", drawn.uid(1, 2)),
            ("X-Kubernetes-Pf-Prioritylevel-Uid", drawn.uid(2, 2)),
            ("Date", formatdate(drawn.time(seq * STEP // 10**9), usegmt=True)),
        ]
        if not act.events:
            headers.append(("Content-Length", str(body.size)))
        agent = (
            ("User-Agent", "kubectl/v1.37.2"),
            ("Accept", "application/json"),
            ("Content-Type", "application/json"),
        )
        return (
            Request(method=method, target=target, http_version="HTTP/1.1", headers=agent, body=sent),
            Answer(status=status, reason="", http_version="HTTP/1.1", headers=tuple(headers), body=body),
        )

    def _target(self, act: Act) -> str:
        path = act.kind.path
        if act.verb in {"create", "list"}:
            return path
        if act.verb == "watch":
            return f"{path}?watch=true&resourceVersion={self._chosen.revision(act.since)}"
        return f"{path}/{self._chosen.name(act.shown[0]) if act.shown else 'nobody'}"

    def _said(self, act: Act) -> bytes:
        if act.verb == "missing":
            return b'{"kind":"Status","apiVersion":"v1","status":"Failure","message":"not found","code":404}'
        if act.verb != "list":
            return self._shown(act.shown[0])
        head = b'{"kind":"%sList","apiVersion":"v1","metadata":{"resourceVersion":"%d"},"items":['
        items = sorted(act.shown, key=self._chosen.name)
        revision = self._chosen.revision(act.write)
        return head % (act.kind.kind.encode(), revision) + b",".join(map(self._shown, items)) + b"]}"

    def _asked(self, act: Act) -> bytes:
        thing = act.shown[0]
        if act.verb == "update":
            return self._shown(act.before or thing)
        name: JSONObject = {"generateName": "web-"} if act.kind.generated else {"name": self._chosen.name(thing)}
        asked: JSONObject = {"kind": act.kind.kind, "apiVersion": "v1", "metadata": name, **act.kind.body}
        return json.dumps(asked).encode()

    def _shown(self, thing: Thing) -> bytes:
        made = _iso(self._chosen.time(thing.made)).encode()
        data = _template(thing.kind).replace(b"2026-01-01T00:00:00Z", made)
        return self._filled(data, thing).replace(b"1RRRRRRRRR", b"%d" % self._chosen.revision(thing.write))

    def _filled(self, data: bytes, thing: Thing) -> bytes:
        name = self._chosen.name(thing).encode()
        data = data.replace(b"name-NNNNNNN" if len(name) == 12 else b"web-NNNNNNN", name)
        data = data.replace(b"00000000-0000-4000-8000-UUUUUUUUUUUU", self._chosen.uid(thing.number).encode())
        return data.replace(b"VVVVVVVV", b"%08d" % thing.version)

    def _change(self, seq: Seq, act: Act) -> None:
        thing = act.shown[0]
        value = None
        if act.verb != "delete":
            time = _varint(self._chosen.time(thing.made))
            value = self._keep(self._filled(_stored_template(thing.kind).replace(_varint(_OLD), time), thing))
        previous = self._stored.pop(thing.number, None)
        if value is not None:
            self._stored[thing.number] = value
        revision = Revision(self._chosen.revision(thing.write))
        created = self._created.setdefault(thing.number, revision)
        change = KeyChange(
            cluster=CLUSTERS[self._chosen.which],
            revision=revision,
            key=EtcdKey(f"/registry/{thing.kind.resource}/default/{self._chosen.name(thing)}".encode()),
            type=ChangeType.PUT if value is not None else ChangeType.DELETE,
            at=Nanos(seq * STEP + STEP // 4),
            value=value,
            previous=previous,
            create_revision=Revision(created if value is not None else 0),
            version=thing.version if value is not None else 0,
        )
        ground = Attribution(
            cluster=change.cluster,
            revision=revision,
            key=change.key,
            type=change.type,
            seq=seq,
            basis=Basis.REVISION,
            evidence="its answer shows this revision",
        )
        self._changes.append(etcdrows.change_row(change))
        entry = LedgerEntry(change=change, standing=Standing.ATTRIBUTED, attribution=ground)
        self._entries.append(ledgerrows.entry_row(entry))

    def _keep(self, data: bytes) -> Body:
        digest = Digest(sha256(data).hexdigest())
        self._bodies[digest] = data
        return Body(state=BodyState.KEPT, size=len(data), digest=digest)

    def flush(self) -> None:
        """Write what was gathered, bodies in the order of their names: they lie in the index in that order."""
        write = self._connection.executemany
        write(INSERT_BODY, [(name, len(data), *pack(data)) for name, data in sorted(self._bodies.items())])
        gathered = (
            (UPSERT_EXCHANGE, self._exchanges),
            (UPSERT_FRAME, self._frames),
            (UPSERT_CHANGE, self._changes),
            (UPSERT_ENTRY, self._entries),
        )
        for statement, found in gathered:
            write(statement, found)
            found.clear()
        self._bodies.clear()

    def close(self) -> None:
        """All was added."""
        self.flush()
        self._connection.execute(UPSERT_SESSION, sessionrows.session_row(self._session))
        if self._etcd:
            store = EtcdStore(cluster=CLUSTERS[self._chosen.which], start=self._session.etcd_start)
            self._connection.execute(UPSERT_STORE, etcdrows.store_row(store, 0))
            self._connection.execute(UPSERT_PROGRESS, (schema.KEPT_LEDGER, CORRELATOR))
        self._connection.execute("COMMIT")
        self._connection.close()


_METHODS = {
    "create": ("POST", 201),
    "update": ("PUT", 200),
    "patch": ("PATCH", 200),
    "delete": ("DELETE", 200),
    "missing": ("GET", 404),
    "get": ("GET", 200),
    "list": ("GET", 200),
    "watch": ("GET", 200),
}


def _iso(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes((*found, number))


def _object(kind: Kind) -> JSONObject:
    name = "web-NNNNNNN" if kind.generated else "name-NNNNNNN"
    metadata: JSONObject = {
        "name": name,
        "namespace": "default",
        "uid": "00000000-0000-4000-8000-UUUUUUUUUUUU",
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "labels": {"app": "web", "tier": "front"},
        "annotations": {"example.org/version": "VVVVVVVV"},
        "managedFields": [_managed(kind, manager) for manager in ("kubectl", "kubelet")],
    }
    if kind.generated:
        metadata["generateName"] = "web-"
    return {"kind": kind.kind, "apiVersion": "v1", "metadata": metadata, **kind.body}


@cache
def _template(kind: Kind) -> bytes:
    shown = _object(kind)
    metadata = shown["metadata"]
    if not isinstance(metadata, dict):
        raise TypeError
    shown["metadata"] = {**metadata, "resourceVersion": "1RRRRRRRRR"}
    return json.dumps(shown, separators=(",", ":")).encode()


@cache
def _stored_template(kind: Kind) -> bytes:
    return encode(PROTOBUF, _object(kind))


def _managed(kind: Kind, manager: str) -> JSONObject:
    fields: dict[str, JSON] = {f"f:{name}": _fields(value) for name, value in kind.body.items()}
    return {
        "manager": manager,
        "operation": "Update",
        "apiVersion": "v1",
        "time": "2026-01-01T00:00:00Z",
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:metadata": {"f:labels": {".": {}, "f:app": {}, "f:tier": {}}}, **fields},
    }


def _fields(value: JSON) -> JSON:
    return {f"f:{name}": _fields(each) for name, each in value.items()} if isinstance(value, dict) else {}


def make_pair(folder: Path, exchanges: int, *, etcd: bool = False) -> tuple[Path, Path]:
    """Write recorded.kproxy and replayed.kproxy; exchange n stands beside exchange n."""
    names = ("recorded.kproxy", "replayed.kproxy")
    sides = [_Side(folder / name, Chooser(which), etcd=etcd) for which, name in enumerate(names)]
    for seq, act in enumerate(acts(exchanges), start=1):
        for side in sides:
            side.add(Seq(seq), act)
    for side in sides:
        side.close()
    return sides[0].file, sides[1].file


def main() -> None:
    """Make one from the command line."""
    parser = argparse.ArgumentParser(description="Make a large recording and its replay.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("exchanges", type=int)
    parser.add_argument("--etcd", action="store_true")
    options = parser.parse_args()
    for file in make_pair(options.folder, options.exchanges, etcd=options.etcd):
        sys.stdout.write(f"{file}: {options.exchanges} exchanges, {file.stat().st_size >> 20} MiB\n")


if __name__ == "__main__":
    main()
