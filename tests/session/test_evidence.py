"""kproxy.session.evidence and kproxy.session.beside: both sides' documents where they differ, bounded."""

from kproxy.model.exchange import Seq
from kproxy.model.jsontypes import JSONObject
from kproxy.model.verdict import Verdict
from kproxy.report.evidence import MAX_CASES, Evidence
from kproxy.session.beside import MAX_BODY
from kproxy.session.evidence import MAX_EXCHANGES, evidence_of
from kproxy.session.opened import Opened
from tests.diff.conftest import PAIR, RealPair, in_memory
from tests.diff.sessions import PODS, FakeServer, verdict_of
from tests.support.memory import MemoryRecording
from tests.support.misbehaving import everywhere, misbehaving, no_dns_policy


def gathered(recorded: MemoryRecording, replayed: MemoryRecording, verdict: Verdict) -> Evidence:
    """The evidence for a verdict."""
    return evidence_of(Opened(recorded), Opened(replayed), verdict, ("a", "b"))


def real(change: MemoryRecording) -> tuple[Verdict, Evidence]:
    """The real pair's recording beside an edit of its replay."""
    recorded = in_memory(PAIR / "recorded")
    verdict = RealPair(recorded, change, Opened(recorded).ledger).verdict(change)
    return verdict, gathered(recorded, change, verdict)


def test_an_exchange_that_differs_has_both_documents_and_heads() -> None:
    _, evidence = real(everywhere(in_memory(PAIR / "replayed"), no_dns_policy))
    beside = evidence.exchanges[Seq(5)]
    assert beside.request == "create pods in default"
    answer = next(each for each in beside.documents if each.where == "body")
    assert isinstance(answer.baseline, dict)
    assert isinstance(answer.replayed, dict)
    assert (answer.baseline["kind"], answer.replayed["kind"]) == ("Pod", "Pod")
    stored = next(each for each in beside.documents if each.where == "etcd")
    assert stored.root == "/registry/pods/default/hello-demo[0]"
    assert beside.replayed is not None
    assert beside.replayed.answer == "201 Created"


def test_an_event_that_differs_stands_beside_that_of_the_same_moment_in_its_objects_life() -> None:
    _, evidence = real(everywhere(in_memory(PAIR / "replayed"), no_dns_policy))
    event = next(each for each in evidence.exchanges[Seq(9)].documents if each.where == "stream")
    assert isinstance(event.baseline, dict)
    assert isinstance(event.replayed, dict)
    assert event.baseline["type"] == event.replayed["type"]


def test_all_exchanges_and_keys_of_a_small_recording_are_named() -> None:
    _, evidence = real(misbehaving(in_memory(PAIR / "replayed")))
    assert len(evidence.names) == 39
    assert evidence.kinds["get pods"] == 9
    assert evidence.keys["/registry/pods/default/hello-demo"] == "pods"
    assert evidence.folders == {"pods": 1, "deployments.apps": 1, "configmaps": 1, "secrets": 1}
    assert evidence.baseline.server == "kube-apiserver v1.37.2"


def test_what_is_not_whole_names_only_what_differs() -> None:
    change = misbehaving(in_memory(PAIR / "replayed"))
    recorded = Opened(in_memory(PAIR / "recorded"))
    verdict = RealPair(in_memory(PAIR / "recorded"), change, recorded.ledger).verdict(change)
    evidence = evidence_of(recorded, Opened(change), verdict, ("a", "b"), whole=False)
    assert set(evidence.names) == {each.seq for each in verdict.differences}
    assert evidence.keys["/registry/deployments/default/hello-web"] == "deployments.apps"
    assert (evidence.kinds, evidence.folders) == ({}, {})


def reads(server: FakeServer, count: int, size: int, said: str) -> FakeServer:
    """Reads of one large pod, the first of which says something."""
    for number in range(count):
        pod: JSONObject = server.pod(1, spec={"said": said if not number else "", "x": "x" * size})
        server.exchange("GET", f"{PODS}/a", 200, pod)
    return server


def test_of_a_large_recording_only_what_differs_is_named_and_the_others_are_counted() -> None:
    first, second = reads(FakeServer("a", 1, 7), MAX_CASES + 1, 0, "x"), reads(FakeServer("b", 9, 8), 1, 0, "y")
    verdict = verdict_of(first, second)
    evidence = gathered(first.made, second.made, verdict)
    assert evidence.kinds == {"get pods": MAX_CASES + 1}
    listed = {each.seq for each in verdict.differences}
    assert set(evidence.names) == listed
    assert len(listed) < MAX_CASES
    assert len(evidence.exchanges) == MAX_EXCHANGES
    assert evidence.left_out == len(listed) - MAX_EXCHANGES


def test_a_large_body_is_not_shown_and_that_is_said() -> None:
    first, second = reads(FakeServer("a", 1, 7), 1, MAX_BODY, "x"), reads(FakeServer("b", 9, 8), 1, MAX_BODY, "y")
    evidence = gathered(first.made, second.made, verdict_of(first, second))
    (document,) = evidence.exchanges[Seq(1)].documents
    assert document.baseline is None
    assert "too large to be shown here" in document.note
