"""The ledger's grounds, on small sessions made by hand."""

import json
from dataclasses import dataclass, field

from kproxy.correlate.coverage import coverage
from kproxy.correlate.ledger import correlate
from kproxy.model.attribution import Basis, Ledger, Standing
from kproxy.model.etcd import ChangeType, ClusterId, EtcdKey, KeyChange, Revision
from kproxy.model.exchange import Answer, Body, End, Exchange, Nanos, Request, Seq
from kproxy.model.jsontypes import JSONObject
from kproxy.model.session import Session
from kproxy.wire.requestinfo import request_info
from tests.support.memory import MemoryRecording

POD = "/registry/pods/default/web"
PODS = "/api/v1/namespaces/default/pods"


def pod(uid: str = "u1", revision: int | None = None, *, deleting: bool = False, **more: object) -> JSONObject:
    metadata: JSONObject = {"name": "web", "namespace": "default", "uid": uid}
    if revision is not None:
        metadata["resourceVersion"] = str(revision)
    if deleting:
        metadata["deletionTimestamp"] = "2026-11-23T12:00:00Z"
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata | more}  # type: ignore[dict-item]


@dataclass
class Story:
    """A session told line by line; `etcd_start` is revision 100."""

    recording: MemoryRecording = field(
        default_factory=lambda: MemoryRecording(
            session=Session(id="0" * 32, started_at="2026-11-23T12:00:00Z", etcd_start=Revision(100))
        )
    )

    def ask(self, method: str, target: str, status: int, document: JSONObject | None) -> Seq:
        seq = Seq(len(self.recording.exchange_list) + 1)
        body = self._keep(document)
        self.recording.exchange_list.append(
            Exchange(
                seq=seq,
                connection=1,
                started=Nanos(seq * 1000),
                ended=Nanos(seq * 1000 + 500),
                request=Request(method=method, target=target, http_version="HTTP/1.1", headers=()),
                info=request_info(method, target),
                answer=Answer(
                    status=status,
                    reason="",
                    http_version="HTTP/1.1",
                    headers=(("Content-Type", "application/json"),),
                    body=body or Body(state="empty", size=0),  # type: ignore[arg-type]
                ),
                end=End.COMPLETE,
            )
        )
        return seq

    def put(self, revision: int, key: str, value: JSONObject, before: JSONObject | None = None) -> None:
        self._change(revision, key, ChangeType.PUT, value, before)

    def delete(self, revision: int, key: str, before: JSONObject) -> None:
        self._change(revision, key, ChangeType.DELETE, None, before)

    def _change(
        self, revision: int, key: str, kind: ChangeType, value: JSONObject | None, before: JSONObject | None
    ) -> None:
        self.recording.change_list.append(
            KeyChange(
                cluster=ClusterId("c"),
                revision=Revision(revision),
                key=EtcdKey(key.encode()),
                type=kind,
                at=Nanos(revision),
                value=self._keep(value),
                previous=self._keep(before),
            )
        )

    def _keep(self, document: JSONObject | None) -> Body | None:
        return self.recording.keep(json.dumps(document).encode()) if document is not None else None

    def told(self) -> Ledger:
        return correlate(self.recording)

    def grounds(self) -> list[tuple[int, Seq | None, Basis | None]]:
        return [
            (
                entry.change.revision,
                *(((found := entry.attribution).seq, found.basis) if entry.attribution else (None, None)),
            )
            for entry in self.told().entries
        ]


def test_a_create_has_its_key_by_the_revision_that_it_answered() -> None:
    story = Story()
    seq = story.ask("POST", PODS, 201, pod(revision=101))
    story.put(101, POD, pod())
    assert story.grounds() == [(101, seq, Basis.REVISION)]


def test_a_revision_on_another_objects_key_is_not_the_writes() -> None:
    story = Story()
    story.ask("POST", PODS, 201, pod(revision=101))
    story.put(101, "/registry/pods/default/other", pod())
    assert story.grounds() == [(101, None, None)]


def test_a_uid_that_contradicts_the_revision_is_not_passed_over() -> None:
    story = Story()
    story.ask("POST", PODS, 201, pod("u1", revision=101))
    story.put(101, POD, pod("another"))
    assert story.grounds() == [(101, None, None)]


def test_a_graceful_delete_has_the_put_that_began_it_and_the_delete() -> None:
    story = Story()
    story.put(101, POD, pod(deleting=True), before=pod())
    story.delete(102, POD, before=pod(deleting=True))
    seq = story.ask("DELETE", f"{PODS}/web", 200, pod(revision=102, deleting=True))
    assert story.grounds() == [(101, seq, Basis.OBJECT), (102, seq, Basis.REVISION)]


def test_a_delete_that_answers_the_put_has_the_delete_by_its_uid() -> None:
    story = Story()
    story.put(101, POD, pod(deleting=True), before=pod())
    story.delete(102, POD, before=pod(deleting=True))
    seq = story.ask("DELETE", f"{PODS}/web", 200, pod(revision=101, deleting=True))
    assert story.grounds() == [(101, seq, Basis.REVISION), (102, seq, Basis.OBJECT)]


def test_a_delete_that_answers_a_status_is_found_by_the_uid_in_its_details() -> None:
    story = Story()
    story.delete(101, "/registry/configmaps/default/web", before=pod("u7"))
    status: JSONObject = {
        "kind": "Status",
        "status": "Success",
        "metadata": {},
        "details": {"name": "web", "uid": "u7"},
    }
    seq = story.ask("DELETE", "/api/v1/namespaces/default/configmaps/web", 200, status)
    assert story.grounds() == [(101, seq, Basis.OBJECT)]


def test_the_object_of_the_same_name_that_came_after_is_another_one() -> None:
    story = Story()
    story.ask("DELETE", f"{PODS}/web", 200, {"kind": "Status", "details": {"name": "web", "uid": "gone before"}})
    story.delete(105, POD, before=pod("the next one"))
    assert story.grounds() == [(105, None, None)]


def test_each_object_of_a_deleted_collection_is_the_collections() -> None:
    story = Story()
    story.delete(101, POD, before=pod("u1"))
    items: list[object] = [pod("u1", revision=100)]
    seq = story.ask("DELETE", PODS, 200, {"kind": "PodList", "metadata": {}, "items": items})  # type: ignore[dict-item]
    assert story.grounds() == [(101, seq, Basis.OBJECT)]


def test_a_write_that_answers_an_earlier_revision_wrote_nothing() -> None:
    story = Story()
    first = story.ask("PUT", f"{PODS}/web", 200, pod(revision=101))
    story.put(101, POD, pod())
    second = story.ask("PATCH", f"{PODS}/web", 200, pod(revision=101))
    ledger = story.told()
    assert [(each.seq, each.revision) for each in ledger.no_op_writes] == [(second, 101)]
    assert [entry.attribution.seq for entry in ledger.entries if entry.attribution] == [first]


def test_a_write_that_answers_a_revision_from_before_the_session_wrote_nothing() -> None:
    story = Story()
    story.put(101, "/registry/configmaps/default/else", pod())
    seq = story.ask("PATCH", f"{PODS}/web", 200, pod(revision=42))
    assert [(each.seq, each.key) for each in story.told().no_op_writes] == [(seq, POD.encode())]


def test_a_dry_run_a_failure_and_a_read_write_nothing() -> None:
    story = Story()
    story.put(101, POD, pod())
    story.ask("POST", f"{PODS}?dryRun=All", 201, pod(revision=101))
    story.ask("POST", PODS, 409, pod(revision=101))
    story.ask("GET", f"{PODS}/web", 200, pod(revision=101))
    assert story.grounds() == [(101, None, None)]
    assert story.told().no_op_writes == ()


def test_a_services_address_belongs_to_the_request_that_made_the_service() -> None:
    story = Story()
    parent: JSONObject = {"group": "", "resource": "services", "namespace": "default", "name": "web"}
    address: JSONObject = {"kind": "IPAddress", "metadata": {"name": "10.0.0.7"}, "spec": {"parentRef": parent}}
    story.put(101, "/registry/ipaddresses/10.0.0.7", address)
    story.put(102, "/registry/services/specs/default/web", pod())
    seq = story.ask("POST", "/api/v1/namespaces/default/services", 201, pod(revision=102))
    assert story.grounds() == [(101, seq, Basis.OBJECT), (102, seq, Basis.REVISION)]


def test_a_scale_writes_its_deployment() -> None:
    story = Story()
    story.put(101, "/registry/deployments/default/web", pod())
    seq = story.ask("PATCH", "/apis/apps/v1/namespaces/default/deployments/web/scale", 200, pod(revision=101))
    assert story.grounds() == [(101, seq, Basis.REVISION)]


def test_background_is_said_by_its_rule_and_the_rest_is_unattributed() -> None:
    story = Story()
    story.put(101, "/registry/masterleases/10.0.0.1", {})
    story.put(102, "compact_rev_key", {})
    story.put(103, "/registry/configmaps/default/who-knows", {})
    ledger = story.told()
    assert [(entry.standing, entry.background) for entry in ledger.entries] == [
        (Standing.BACKGROUND, "masterleases"),
        (Standing.BACKGROUND, "compaction"),
        (Standing.UNATTRIBUTED, ""),
    ]
    figures = coverage(ledger)
    assert (figures.revisions, figures.background, figures.unattributed) == (3, 2, 1)
    assert set(figures.attributed) == {basis.value for basis in Basis}
