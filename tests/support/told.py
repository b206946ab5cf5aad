"""Sessions told line by line, for the tests of what follows from a recording."""

import json
from dataclasses import dataclass, field, replace

from kproxy.model.attribution import Attribution, Basis, Ledger, LedgerEntry, NoOpWrite, Standing
from kproxy.model.etcd import (
    ChangeType,
    ClusterId,
    Compared,
    EtcdCall,
    EtcdKey,
    KeyChange,
    KeyOperation,
    KeyRange,
    Operation,
    Revision,
)
from kproxy.model.exchange import (
    EMPTY_BODY,
    Answer,
    Body,
    BodyState,
    End,
    Exchange,
    Frame,
    Headers,
    IdentityMode,
    Nanos,
    Request,
    Seq,
)
from kproxy.model.jsontypes import JSONObject
from kproxy.wire.requestinfo import request_info
from tests.support.memory import MemoryRecording

CLUSTER = ClusterId("00000000000000aa")
SECOND = 1_000_000_000
JSON_HEADER = ("Content-Type", "application/json")


@dataclass
class Told:
    """A recording that grows by `ask`, and the ledger that a test gives it. Times are in seconds."""

    recording: MemoryRecording = field(default_factory=MemoryRecording)
    entries: list[LedgerEntry] = field(default_factory=list)
    no_ops: list[NoOpWrite] = field(default_factory=list)

    @property
    def ledger(self) -> Ledger:
        by_seq: dict[Seq, tuple[Attribution, ...]] = {}
        for entry in self.entries:
            if entry.attribution is not None:
                by_seq[entry.attribution.seq] = (*by_seq.get(entry.attribution.seq, ()), entry.attribution)
        return Ledger(entries=tuple(self.entries), no_op_writes=tuple(self.no_ops), by_seq=by_seq)

    def ask(  # noqa: PLR0913 - a request's parts, all named
        self,
        method: str,
        target: str,
        status: int | None = 200,
        *,
        at: float = 0.0,
        took: float | None = 0.01,
        agent: str = "test/v1 (linux)",
        caller: str = "ada",
        identity: IdentityMode = IdentityMode.ONE,
        headers: Headers = (),
        answer_headers: Headers = (),
        body: object = None,  # what JSON can say
        answer: object = None,
        size: int | None = None,
        forwarded: str = "",
        end: End = End.COMPLETE,
        upgrade: str = "",
    ) -> Seq:
        """One exchange more; `took` None: it has no end; `size`: what is said of the answer's bytes."""
        seq = Seq(len(self.recording.exchange_list) + 1)
        started = Nanos(int(at * SECOND))
        ended = None if took is None else Nanos(started + int(took * SECOND))
        given = None
        if status is not None:
            content = self._keep(answer)
            if size is not None:
                content = Body(state=BodyState.KEPT, size=size, digest=content.digest)
            given = Answer(
                status=status,
                reason="",
                http_version="HTTP/1.1",
                headers=(JSON_HEADER, *answer_headers),
                body=content,
            )
        self.recording.exchange_list.append(
            Exchange(
                seq=seq,
                connection=1,
                started=started,
                answered=Nanos(started + SECOND // 1000) if given else None,
                ended=ended,
                request=Request(
                    method=method,
                    target=target,
                    http_version="HTTP/1.1",
                    headers=(("User-Agent", agent), JSON_HEADER, *headers),
                    body=self._keep(body),
                ),
                info=request_info(method, target),
                answer=given,
                end=end,
                caller=caller,
                identity=identity,
                forwarded=forwarded,
                upgrade=upgrade,
                trace_id=f"{seq:032x}",
                parent_id=f"{seq:016x}",
            )
        )
        return seq

    def put(self, key: str, seq: Seq | None = None, value: JSONObject | None = None, *, raw: bytes = b"") -> KeyChange:
        """A change of a key by an exchange, or by nobody; `raw`: its value's bytes."""
        encoded = raw or (json.dumps(value).encode() if value is not None else b"")
        before = [entry.change for entry in self.entries if entry.change.key == key.encode()]
        change = KeyChange(
            cluster=CLUSTER,
            revision=Revision(101 + len(self.entries)),
            key=EtcdKey(key.encode()),
            type=ChangeType.PUT,
            at=Nanos(0),
            value=self.recording.keep(encoded) if encoded else None,
            previous=before[-1].value if before else None,
        )
        claim = None
        if seq is not None:
            claim = Attribution(
                cluster=CLUSTER,
                revision=change.revision,
                key=change.key,
                type=change.type,
                seq=seq,
                basis=Basis.REVISION,
                evidence="",
            )
        standing = Standing.ATTRIBUTED if claim else Standing.UNATTRIBUTED
        self.recording.change_list.append(change)
        self.entries.append(LedgerEntry(change=change, standing=standing, attribution=claim))
        return change

    def no_op(self, seq: Seq, key: str = "/registry/pods/default/web") -> None:
        """A write that wrote nothing."""
        self.no_ops.append(NoOpWrite(seq=seq, key=EtcdKey(key.encode()), revision=Revision(1)))

    def call(self, seq: Seq | None, made: EtcdCall) -> None:
        """A call to etcd by an exchange, or by nobody."""
        self.recording.call_list.append(numbered(made, len(self.recording.call_list) + 1, seq))

    def events(self, seq: Seq, *events: object) -> None:
        """Events of a watch."""
        for index, event in enumerate(events):
            self.recording.frame_list.append(Frame(seq=seq, index=index, at=Nanos(0), body=self._keep(event)))

    def _keep(self, document: object) -> Body:
        return EMPTY_BODY if document is None else self.recording.keep(json.dumps(document).encode())


def numbered(call: EtcdCall, number: int, seq: Seq | None) -> EtcdCall:
    """A call as the relay numbers it, with the trace context of an exchange."""
    ids = {"trace_id": f"{seq:032x}", "parent_id": f"{seq:016x}"} if seq is not None else {}
    return replace(call, number=number, **ids)  # type: ignore[arg-type] # ids are texts


def reading(key: str, *, end: bytes = b"", at: float = 0.0, limit: int = 0, count: int = 1) -> EtcdCall:
    """A Range."""
    keys = KeyRange(key=EtcdKey(key.encode()), end=end)
    operation = KeyOperation(operation=Operation.RANGE, keys=keys, limit=limit, count=count)
    return _call("KV/Range", at, operations=(operation,), answer_size=100 * count, request_size=20)


def writing(key: str, *, succeeded: bool = True, at: float = 0.0, expected: int = 7, revision: int = 0) -> EtcdCall:
    """A Txn that puts a key, as GuaranteedUpdate sends it; a failed one reads the key instead."""
    keys = KeyRange(key=EtcdKey(key.encode()))
    operation = KeyOperation(operation=Operation.PUT if succeeded else Operation.RANGE, keys=keys)
    compared = Compared(key=EtcdKey(key.encode()), target="mod", relation="=", expected=expected)
    more = {"succeeded": succeeded, "request_size": 200, "revision": Revision(revision)}
    return _call("KV/Txn", at, operations=(operation,), compares=(compared,), **more)


def _call(method: str, at: float, **more: object) -> EtcdCall:
    started = Nanos(int(at * SECOND))
    known = {"connection": 1, "stream": 1, "started": started, "ended": Nanos(started + 1000), "status": 0}
    return EtcdCall(number=0, cluster=CLUSTER, method=method, **known | more)  # type: ignore[arg-type] # the caller names fields of EtcdCall
