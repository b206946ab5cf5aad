"""Small recordings made by hand: a server's answers and its etcd, with uids, revisions and times of its own."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from kproxy.correlate.ledger import correlate
from kproxy.diff.compare import compare
from kproxy.model.etcd import ChangeType, ClusterId, EtcdKey, KeyChange, Revision
from kproxy.model.exchange import Answer, Body, BodyState, End, Exchange, Frame, Headers, Nanos, Request, Seq
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.session import Server, Session, SessionEnd
from kproxy.model.verdict import Verdict
from kproxy.wire.requestinfo import request_info
from tests.support.memory import MemoryRecording

PODS = "/api/v1/namespaces/default/pods"
SECOND = 1_000_000_000


@dataclass
class FakeServer:
    """What one server would choose: pods' uids by number, revisions from `base`, its clock at `hour`."""

    letter: str
    base: int
    hour: int
    etcd: bool = True
    made: MemoryRecording = field(init=False)

    def __post_init__(self) -> None:
        self.made = MemoryRecording(
            session=Session(
                id=self.letter * 32,
                started_at=f"2026-11-23T{self.hour:02}:00:00Z",
                end=SessionEnd.COMPLETE,
                etcd_start=Revision(self.base) if self.etcd else None,
                server=Server(system_uid=self.uid(0), etcd_cluster=ClusterId(self.letter * 16)),
            )
        )

    def uid(self, number: int) -> str:
        """A uid of this server."""
        return f"{self.letter * 8}-0000-4000-8000-{number:012}"

    def time(self, second: int) -> str:
        """A time of this server."""
        return f"2026-11-23T{self.hour:02}:00:{second:02}Z"

    def pod(self, revision: int, name: str = "a", **fields: JSON) -> JSONObject:
        """A pod at a revision after the base."""
        number = sum(name.encode())
        metadata: JSONObject = {
            "name": name,
            "namespace": "default",
            "uid": self.uid(number),
            "resourceVersion": str(self.base + revision),
            "creationTimestamp": self.time(1),
        }
        spec: JSONObject = {"containers": [{"name": "c", "image": "i"}, {"name": "d", "image": "j"}]}
        return {"kind": "Pod", "apiVersion": "v1", "metadata": metadata, "spec": spec, **fields}

    def listed(self, revision: int, *items: JSON) -> JSONObject:
        """A list at a revision after the base."""
        metadata: JSONObject = {"resourceVersion": str(self.base + revision)}
        return {"kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": list(items)}

    def exchange(  # noqa: PLR0913 - an exchange has as many parts
        self,
        method: str,
        target: str,
        status: int = 200,
        answer: JSON = None,
        *,
        headers: Headers = (),
        send: JSON = None,
    ) -> Seq:
        """One exchange, one a second, one after the other."""
        seq = Seq(len(self.made.exchange_list) + 1)
        body = self.made.keep(json.dumps(answer).encode() if answer is not None else b"")
        sent = self.made.keep(json.dumps(send).encode() if send is not None else b"")
        date = ("Date", f"Mon, 23 Nov 2026 {self.hour:02}:00:{seq:02} GMT")
        own = ("Audit-Id", self.uid(900 + seq))
        json_type = ("Content-Type", "application/json")
        length = ("Content-Length", str(body.size))
        self.made.exchange_list.append(
            Exchange(
                seq=seq,
                connection=1,
                started=Nanos(seq * SECOND),
                answered=Nanos(seq * SECOND + 10),
                ended=Nanos(seq * SECOND + 20),
                request=Request(method=method, target=target, http_version="HTTP/1.1", headers=(json_type,), body=sent),
                info=request_info(method, target),
                answer=Answer(
                    status=status,
                    reason="",
                    http_version="HTTP/1.1",
                    headers=(json_type, date, own, length, *headers),
                    body=body,
                ),
                end=End.COMPLETE,
            )
        )
        return seq

    def watch(self, target: str, *events: JSONObject, end: End = End.CLIENT_GONE) -> Seq:
        """A watch with its events, one a second."""
        seq = self.exchange("GET", target)
        for index, event in enumerate(events):
            self.made.frame_list.append(
                Frame(
                    seq=seq,
                    index=index,
                    at=Nanos((seq + index) * SECOND),
                    body=self.made.keep(json.dumps(event).encode()),
                )
            )
        body = Body(state=BodyState.FRAMES, size=1)
        self.edit(seq, lambda each: replace(each, end=end, answer=replace(_answer(each), body=body)))
        answer = _answer(self.made.exchange_list[-1])
        kept = tuple(pair for pair in answer.headers if pair[0] != "Content-Length")
        self.edit(seq, lambda each: replace(each, answer=replace(_answer(each), headers=kept)))
        return seq

    def put(self, revision: int, key: str, value: JSONObject, version: int = 1) -> None:
        """A PUT in etcd; the value as it is stored, without its own revision."""
        metadata = value["metadata"]
        assert isinstance(metadata, dict)
        stored = {**value, "metadata": {name: each for name, each in metadata.items() if name != "resourceVersion"}}
        self._change(revision, key, ChangeType.PUT, stored, version)

    def delete(self, revision: int, key: str) -> None:
        """A DELETE in etcd."""
        self._change(revision, key, ChangeType.DELETE, None, 0)

    def _change(self, revision: int, key: str, kind: ChangeType, value: JSON, version: int) -> None:
        self.made.change_list.append(
            KeyChange(
                cluster=ClusterId(self.letter * 16),
                revision=Revision(self.base + revision),
                key=EtcdKey(key.encode()),
                type=kind,
                at=Nanos(10**15 + revision),  # seen after all exchanges: nothing is told by time
                value=self.made.keep(json.dumps(value).encode()) if value is not None else None,
                create_revision=Revision(self.base + revision - version + 1) if version else Revision(0),
                version=version,
            )
        )

    def edit(self, seq: Seq, change: Callable[[Exchange], Exchange]) -> None:
        """Change an exchange."""
        self.made.exchange_list[seq - 1] = change(self.made.exchange_list[seq - 1])


def _answer(exchange: Exchange) -> Answer:
    assert exchange.answer
    return exchange.answer


def verdict_of(first: FakeServer, second: FakeServer, *, strict: bool = False, require_etcd: bool = False) -> Verdict:
    """The verdict over what two servers did, exchanges paired as they came."""
    count = max(len(first.made.exchange_list), len(second.made.exchange_list))
    return compare(
        first.made,
        correlate(first.made),
        second.made,
        correlate(second.made),
        [(Seq(seq), Seq(seq)) for seq in range(1, count + 1)],
        strict=strict,
        require_etcd=require_etcd,
    )


def changed_twice(letter: str, base: int, hour: int) -> FakeServer:
    """A server on which the pod a was made and changed twice, and then b was made."""
    made = FakeServer(letter, base, hour)
    for number in (1, 2, 3):
        pod = made.pod(number, status={"number": number})
        made.exchange("POST" if number == 1 else "PUT", PODS if number == 1 else f"{PODS}/a", 201, pod)
        made.put(number, "/registry/pods/default/a", pod, version=number)
    made.exchange("POST", PODS, 201, made.pod(4, "b"))
    made.put(4, "/registry/pods/default/b", made.pod(4, "b"))
    return made
