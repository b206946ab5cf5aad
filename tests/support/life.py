"""One object's life as a recording: requests as an api-server answers them, and what they write into etcd."""

import json
from dataclasses import dataclass, field, replace

from kproxy.model.api import metadata_of
from kproxy.model.etcd import ChangeType, ClusterId, EtcdKey, KeyChange, Revision
from kproxy.model.exchange import Answer, Nanos
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.wire.requestinfo import request_info
from tests.support.made import an_exchange
from tests.support.memory import HEADER, MemoryRecording

CLUSTER = ClusterId("00000000000000aa")
PATH = "/apis/example.org/v1/namespaces/default/widgets"
KEY = EtcdKey(b"/registry/example.org/widgets/default/app")
OBJECT = "widgets.example.org/default/app"
SECOND = 10**9


def widget(uid: str = "u1", metadata: JSONObject | None = None, /, **fields: JSON) -> JSONObject:
    """A custom resource, as it lies in etcd."""
    about: JSONObject = {"name": "app", "namespace": "default", "uid": uid, **(metadata or {})}
    return {"apiVersion": "example.org/v1", "kind": "Widget", "metadata": about, **fields}


def managed(name: str, fields: JSONObject, time: str = "", **said: str) -> JSONObject:
    """An entry of managedFields."""
    entry: JSONObject = {"manager": name, "operation": "Update", "apiVersion": "example.org/v1", **said}
    return {**entry, "time": time or "2026-11-23T07:00:00Z", "fieldsV1": fields}


@dataclass(frozen=True)
class Ask:
    """A request."""

    method: str
    target: str
    value: JSONObject | None = None
    agent: str = "alice/1"
    content: str = "json"


@dataclass
class Life:
    """Writes one after another; each takes a revision, from 11 on. `etcd=False`: recorded without etcd."""

    etcd: bool = True
    recording: MemoryRecording = field(default_factory=MemoryRecording)
    revision: int = 10
    value: JSONObject | None = None
    _created: int = 0
    _version: int = 0

    def __post_init__(self) -> None:
        self.recording.session = replace(HEADER, etcd_start=Revision(10) if self.etcd else None)

    def write(self, value: JSONObject, *, query: str = "", agent: str = "alice/1", content: str = "json") -> "Life":
        """A create, or an update of what is there; with a patch's media type a patch."""
        method = "POST" if self.value is None else "PUT" if content == "json" else "PATCH"
        target = PATH if self.value is None else f"{PATH}/app"
        self.revision += 1
        self._exchange(Ask(method, target + query, value, agent, content), self._shown(value))
        return self.store(value)

    def store(self, value: JSONObject) -> "Life":
        """What the last revision left in etcd; without `write` before it a change that nobody asked for."""
        if self._revisions and self.revision == self._revisions[-1]:
            self.revision += 1
        if self.value is None:
            self._created, self._version = self.revision, 0
        self._version += 1
        self._change(ChangeType.PUT, value)
        self.value = value
        return self

    def delete(self) -> "Life":
        """A DELETE that is answered with a Status."""
        self.revision += 1
        uid = metadata_of(self.value).get("uid", "")
        status: JSONObject = {"kind": "Status", "status": "Success", "details": {"uid": uid}}
        self._exchange(Ask("DELETE", f"{PATH}/app"), status)
        self._change(ChangeType.DELETE, None)
        self.value = None
        return self

    def read(self) -> "Life":
        """A GET of what is there."""
        if self.value is None:
            missing: JSONObject = {"kind": "Status", "status": "Failure", "code": 404}
            self._exchange(Ask("GET", f"{PATH}/app", agent="bob/1"), missing, 404)
        else:
            self._exchange(Ask("GET", f"{PATH}/app", agent="bob/1"), self._shown(self.value))
        return self

    @property
    def _revisions(self) -> list[Revision]:
        return [change.revision for change in self.recording.change_list]

    def _shown(self, value: JSONObject) -> JSONObject:
        about = value["metadata"]
        assert isinstance(about, dict)
        return {**value, "metadata": {**about, "resourceVersion": str(self.revision)}}

    def _exchange(self, ask: Ask, answer: JSONObject, status: int = 200) -> None:
        seq = len(self.recording.exchange_list) + 1
        made = an_exchange(seq, ask.target, self.recording.keep(json.dumps(answer).encode()))
        assert isinstance(made.answer, Answer)
        request = replace(
            made.request,
            method=ask.method,
            headers=(("User-Agent", ask.agent), ("Content-Type", f"application/{ask.content}")),
            body=self.recording.keep(b"" if ask.value is None else json.dumps(ask.value).encode()),
        )
        self.recording.exchange_list.append(
            replace(
                made,
                request=request,
                info=request_info(ask.method, ask.target),
                answer=replace(made.answer, status=status, headers=(("Content-Type", "application/json"),)),
                started=Nanos(seq * SECOND),
                ended=Nanos(seq * SECOND + 5),
                caller=ask.agent.partition("/")[0],
            )
        )

    def _change(self, kind: ChangeType, value: JSONObject | None) -> None:
        if not self.etcd:
            return
        before = self.recording.change_list[-1] if self.recording.change_list else None
        gone = kind is ChangeType.DELETE
        self.recording.change_list.append(
            KeyChange(
                cluster=CLUSTER,
                revision=Revision(self.revision),
                key=KEY,
                type=kind,
                at=Nanos(len(self.recording.exchange_list) * SECOND + 2),
                value=None if value is None else self.recording.keep(json.dumps(value).encode()),
                previous=before.value if before is not None and (gone or self.value is not None) else None,
                create_revision=Revision(0 if gone else self._created),
                version=0 if gone else self._version,
            )
        )
