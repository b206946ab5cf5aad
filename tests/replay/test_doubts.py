"""What a replay cannot be blamed for."""

from dataclasses import replace

from kproxy.model.api import ObjectRef, RequestInfo
from kproxy.model.exchange import Exchange, Seq
from kproxy.model.verdict import Difference
from kproxy.replay.doubts import ANY, Doubts, doubted
from kproxy.replay.webhooks import Touched
from tests.support.made import an_exchange
from tests.support.memory import MemoryRecording


def ref(resource: str, namespace: str, name: str, group: str = "") -> ObjectRef:
    """An object."""
    return ObjectRef(group=group, resource=resource, namespace=namespace, name=name)


def asked(  # noqa: PLR0913, PLR0917 - a request info's parts, in its order
    seq: int, verb: str, resource: str, namespace: str = "", name: str = "", group: str = ""
) -> Exchange:
    """An exchange for a resource."""
    info = RequestInfo(
        verb=verb, path="/x", is_resource=True, group=group, version="v1", resource=resource,
        namespace=namespace, name=name,
    )  # fmt: skip
    return replace(an_exchange(seq), info=info)


def test_what_names_a_missing_object_or_lists_it_is_in_doubt_and_nothing_else() -> None:
    recording = MemoryRecording(
        exchange_list=[
            asked(1, "get", "secrets", "team", "s"),
            asked(2, "get", "secrets", "team", "other"),
            asked(3, "list", "secrets", "team"),
            asked(4, "watch", "secrets"),
            asked(5, "list", "secrets", "elsewhere"),
            asked(6, "list", "configmaps", "team"),
        ]
    )
    found = doubted(recording, Doubts(objects={ref("secrets", "team", "s"): "it was encrypted"}))
    assert dict(found.exchanges) == {Seq(seq): "it was encrypted" for seq in (1, 3, 4)}
    key = Difference(
        seq=None, where="etcd", path="/registry/secrets/team/s[0]", kind="added", baseline=None, replayed=None
    )
    assert found(key) == "it was encrypted"
    assert found(replace(key, path="/registry/secrets/team/t[0]")) is None


def test_in_a_missing_namespace_everything_is_in_doubt() -> None:
    recording = MemoryRecording(exchange_list=[asked(1, "list", "pods", "team"), asked(2, "list", "pods", "other")])
    assert set(doubted(recording, Doubts(namespaces={"team": "no"})).exchanges) == {1}


def test_a_namespace_that_a_webhook_touched_is_in_doubt_by_its_key_too() -> None:
    touched = Touched(
        frozenset({""}), frozenset({"v1"}), frozenset({"namespaces"}), frozenset({"UPDATE"}), None, "a webhook saw it"
    )
    recording = MemoryRecording(
        exchange_list=[
            asked(1, "update", "namespaces", "team", "team"),
            asked(2, "get", "namespaces", "team", "team"),
            asked(3, "get", "namespaces", "other", "other"),
        ]
    )
    found = doubted(recording, Doubts(touched=(touched,)))
    assert set(found.exchanges) == {1, 2}
    key = Difference(
        seq=None, where="etcd", path="/registry/namespaces/team[0]", kind="added", baseline=None, replayed=None
    )
    assert found(key) == "a webhook saw it"
    assert found(replace(key, path="/registry/namespaces/other[0]")) is None


def test_what_a_webhook_touched_is_in_doubt_wherever_it_is_seen_again() -> None:
    touched = Touched(
        frozenset({""}), frozenset({"v1"}), frozenset({"pods"}), frozenset({"CREATE"}), None, "a webhook saw it"
    )
    recording = MemoryRecording()
    body = recording.keep(b'{"kind":"Pod","metadata":{"name":"made"}}')
    created = asked(1, "create", "pods", "team")
    assert created.answer is not None
    answer = replace(created.answer, headers=(("Content-Type", "application/json"),), body=body)
    recording.exchange_list = [
        replace(created, answer=answer),
        asked(2, "get", "pods", "team", "made"),
        asked(3, "get", "pods", "team", "another"),
        asked(4, "list", "pods", "team"),
    ]
    assert set(doubted(recording, Doubts(touched=(touched,))).exchanges) == {1, 2, 4}


def test_requests_of_an_aggregated_api_and_discovery_are_in_doubt() -> None:
    discovery = replace(an_exchange(2), info=RequestInfo(verb="get", path="/apis", is_resource=False))
    health = replace(an_exchange(3), info=RequestInfo(verb="get", path="/readyz", is_resource=False))
    recording = MemoryRecording(
        exchange_list=[asked(1, "list", "pods", group="metrics.k8s.io"), discovery, health, asked(4, "list", "pods")]
    )
    for version in ("v1", ANY):
        doubts = Doubts(aggregated={("metrics.k8s.io", version): "its server is not there"})
        assert set(doubted(recording, doubts).exchanges) == {1, 2}


def test_without_doubts_there_are_none() -> None:
    assert not Doubts()
    assert not doubted(MemoryRecording(exchange_list=[asked(1, "list", "pods")]), Doubts()).exchanges


def test_a_difference_in_an_exchange_that_is_not_in_doubt_decides() -> None:
    recording = MemoryRecording(exchange_list=[asked(1, "get", "secrets", "team", "s"), asked(2, "list", "pods")])
    found = doubted(recording, Doubts(objects={ref("secrets", "team", "s"): "it was encrypted"}))
    path = "/registry/secrets/team/s"
    first = Difference(seq=Seq(1), where="body", path=path, kind="added", baseline=None, replayed=None)
    assert found(first) == "it was encrypted"
    assert found(replace(first, seq=Seq(2))) is None


def test_a_creation_whose_answer_cannot_be_read_leaves_all_of_its_resource_there_in_doubt() -> None:
    touched = Touched(frozenset("*"), frozenset("*"), frozenset({"pods"}), frozenset({"CREATE"}), None, "seen")
    recording = MemoryRecording()
    created = asked(1, "create", "pods", "team")
    assert created.answer is not None
    broken = replace(created.answer, headers=(("Content-Type", "application/json"),), body=recording.keep(b"{"))
    another = [asked(2, "get", "pods", "team", "any"), asked(3, "get", "pods", "other", "any")]
    for answer in (broken, None):
        recording.exchange_list = [replace(created, answer=answer), *another]
        assert set(doubted(recording, Doubts(touched=(touched,))).exchanges) == {1, 2}
