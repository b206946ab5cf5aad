"""kproxy.diff.causes: differences of one cause are one finding, and what is of two causes is two."""

from collections.abc import Callable
from dataclasses import replace
from time import process_time

import pytest

from kproxy.correlate.ledger import correlate
from kproxy.diff.causes import find_causes
from kproxy.diff.locator import Sides
from kproxy.model.exchange import End, Exchange, Nanos, Seq
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.verdict import Difference, Finding, Verdict
from tests.diff.conftest import RealPair
from tests.diff.sessions import PODS, FakeServer, verdict_of
from tests.support.memory import MemoryRecording
from tests.support.misbehaving import (
    everywhere,
    misbehaving,
    no_dns_policy,
    refused_deployment,
    without_events,
    without_header,
)

CONFIG_MAPS = "/api/v1/namespaces/default/configmaps"
CONDITION = (("If-None-Match", "x"),)


def only(verdict: Verdict) -> Finding:
    """The one finding of a verdict, with all of its differences."""
    assert len(verdict.findings) == 1, [each.cause for each in verdict.findings]
    assert verdict.findings[0].differences
    assert set(map(id, verdict.findings[0].differences)) == set(map(id, verdict.differences))
    return verdict.findings[0]


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        (lambda replay: everywhere(replay, no_dns_policy), "spec.dnsPolicy of pods/default/hello-demo is missing"),
        (refused_deployment, "exchange 17 (create deployments.apps in default) was answered with 500 instead of 201"),
        (lambda replay: without_header(replay, "audit-id"), "the header audit-id is missing"),
        (lambda replay: without_events(replay, 9, 1), "the event MODIFIED of pods/default/hello-demo did not come"),
    ],
    ids=["a default", "a refused write", "a header", "a watch event"],
)
def test_one_behaviour_is_one_finding_wherever_it_shows(
    real_pair: RealPair, fault: Callable[[MemoryRecording], MemoryRecording], cause: str
) -> None:
    assert only(real_pair.verdict(fault(real_pair.replayed))).cause.startswith(cause)


def test_three_behaviours_at_once_are_three_findings_in_the_order_of_their_first_exchange(real_pair: RealPair) -> None:
    verdict = real_pair.verdict(misbehaving(real_pair.replayed))
    assert [finding.first.seq for finding in verdict.findings] == [1, 5, 17]
    assert sum(len(finding.differences) for finding in verdict.findings) == len(verdict.differences)


def test_the_chain_tells_what_followed_from_a_write_that_failed(real_pair: RealPair) -> None:
    chain = only(real_pair.verdict(refused_deployment(real_pair.replayed))).chain
    assert chain[0].startswith("exchange 17 ")
    assert "so exchange 18 (get deployments.apps/default/hello-web) was answered with 404 instead of 200" in chain
    assert any("the change of deployments.apps/default/hello-web in etcd is missing" in each for each in chain)


def test_the_chain_tells_where_else_it_is_the_same(real_pair: RealPair) -> None:
    chain = only(real_pair.verdict(everywhere(real_pair.replayed, no_dns_policy))).chain
    assert chain[1:] == (
        "etcd holds it so, too: exchanges 5, 11, 13, 37",
        "the same in 10 more exchanges: 7, 8, 9, 10, 11, 12, 13, 14, 15, 37",
    )


def refused(message: str = "no") -> JSONObject:
    """A Status that refuses."""
    return {"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": message, "metadata": {}}


def session(server: FakeServer, *, made: bool = True) -> FakeServer:
    """A pod is made or not, read, listed, watched and deleted."""
    key = "/registry/pods/default/a"
    server.exchange("POST", PODS, 201 if made else 500, server.pod(1) if made else refused(), send={"kind": "Pod"})
    server.exchange("GET", f"{PODS}/a", 200 if made else 404, server.pod(1) if made else refused("pods not found"))
    server.exchange("GET", PODS, 200, server.listed(1, *([server.pod(1)] if made else [])))
    events: list[JSONObject] = [{"type": "ADDED", "object": server.pod(1)}] if made else []
    server.watch(f"{PODS}?watch=true&resourceVersion=0", *events)
    server.exchange("DELETE", f"{PODS}/a", 200 if made else 404, server.pod(2) if made else refused("pods not found"))
    if made:
        server.put(1, key, server.pod(1))
        server.delete(2, key)
    return server


def test_what_was_not_made_is_not_read_listed_watched_or_deleted_and_that_is_one_finding() -> None:
    finding = only(verdict_of(session(FakeServer("a", 100, 7)), session(FakeServer("b", 5000, 15), made=False)))
    assert finding.first.seq == 1
    assert finding.first.where == "status"
    assert {each.where for each in finding.differences} >= {"status", "body", "stream", "etcd"}
    assert {each.seq for each in finding.differences} == {1, 2, 3, 4, 5}


def test_a_watch_that_was_opened_before_the_write_is_no_earlier_cause() -> None:
    def world(server: FakeServer, phase: str) -> FakeServer:
        server.watch(f"{PODS}?watch=true&resourceVersion=0", {"type": "ADDED", "object": server.pod(1, phase=phase)})
        server.exchange("POST", PODS, 201, server.pod(1, phase=phase))
        seen = server.made.frame_list[0]
        server.made.frame_list[0] = replace(seen, at=Nanos(server.made.exchange_list[1].started + 5))
        return server

    finding = only(verdict_of(world(FakeServer("a", 100, 7), "x"), world(FakeServer("b", 5000, 15), "y")))
    assert finding.first.seq == 2


def test_a_request_that_names_another_version_of_what_was_written_otherwise_follows_from_that() -> None:
    def world(server: FakeServer, phase: str, sent: int) -> FakeServer:
        server.exchange("POST", PODS, 201, server.pod(1, status={"phase": phase}))
        server.exchange("PUT", f"{PODS}/a", 200, server.pod(5, status={"phase": phase}), send=server.pod(sent))
        return server

    verdict = verdict_of(world(FakeServer("a", 100, 7), "x", 1), world(FakeServer("b", 5000, 15), "y", 3))
    assert {each.where for each in only(verdict).differences} == {"body", "request"}


def test_two_fields_that_differ_are_two_findings() -> None:
    def world(server: FakeServer, one: JSON, two: JSON) -> FakeServer:
        server.exchange("POST", PODS, 201, server.pod(1, spec={"one": one, "two": two}))
        server.exchange("GET", f"{PODS}/a", 200, server.pod(1, spec={"one": one, "two": two}))
        return server

    verdict = verdict_of(world(FakeServer("a", 100, 7), 1, 1), world(FakeServer("b", 5000, 15), 2, 2))
    assert [len(finding.differences) for finding in verdict.findings] == [2, 2]


def test_an_object_that_another_refusal_did_not_touch_is_a_finding_of_its_own() -> None:
    def world(server: FakeServer, *, fine: bool) -> FakeServer:
        server.exchange("POST", PODS, 201 if fine else 500, server.pod(1) if fine else refused())
        server.exchange("GET", f"{CONFIG_MAPS}/c", 200 if fine else 403, server.pod(1, "c") if fine else refused())
        return server

    verdict = verdict_of(world(FakeServer("a", 100, 7), fine=True), world(FakeServer("b", 5000, 15), fine=False))
    assert [finding.first.seq for finding in verdict.findings] == [1, 2]


def test_what_lives_in_a_namespace_that_was_not_made_follows_from_that() -> None:
    def world(server: FakeServer, *, fine: bool) -> FakeServer:
        namespace: JSONObject = {"kind": "Namespace", "metadata": {"name": "n", "uid": server.uid(5)}}
        pods = "/api/v1/namespaces/n/pods"
        server.exchange("POST", "/api/v1/namespaces", 201 if fine else 500, namespace if fine else refused())
        server.exchange("POST", pods, 201 if fine else 404, server.pod(1) if fine else refused())
        return server

    finding = only(verdict_of(world(FakeServer("a", 100, 7), fine=True), world(FakeServer("b", 5000, 15), fine=False)))
    assert finding.first.seq == 1


def test_what_is_owned_by_an_object_that_was_not_made_follows_from_that() -> None:
    def world(server: FakeServer, *, fine: bool) -> FakeServer:
        owned = server.pod(2, "b")
        metadata = owned["metadata"]
        assert isinstance(metadata, dict)
        metadata["ownerReferences"] = [{"kind": "Pod", "name": "a", "uid": server.uid(97)}]
        server.exchange("POST", PODS, 201 if fine else 500, server.pod(1) if fine else refused())
        server.exchange("POST", CONFIG_MAPS, 201 if fine else 403, owned if fine else refused())
        return server

    finding = only(verdict_of(world(FakeServer("a", 100, 7), fine=True), world(FakeServer("b", 5000, 15), fine=False)))
    assert finding.first.seq == 1


def test_what_an_answer_shows_comes_before_what_etcd_and_managed_fields_say_of_it() -> None:
    def world(server: FakeServer, *, fine: bool) -> FakeServer:
        pod = server.pod(1)
        metadata = pod["metadata"]
        assert isinstance(metadata, dict)
        fields: JSONObject = {"f:metadata": {"f:finalizers": {}}} if fine else {"f:metadata": {}}
        metadata["managedFields"] = [{"manager": "m", "operation": "Update", "apiVersion": "v1", "fieldsV1": fields}]
        metadata |= {"finalizers": ["x"]} if fine else {}
        server.exchange("POST", PODS, 201, pod)
        server.put(1, "/registry/pods/default/a", pod)
        return server

    finding = only(verdict_of(world(FakeServer("a", 100, 7), fine=True), world(FakeServer("b", 5000, 15), fine=False)))
    assert (finding.first.where, finding.first.path) == ("body", "$.metadata.finalizers")


def test_events_behind_the_last_one_that_came_are_of_the_streams_end_and_one_that_was_lost_before_it_is_not() -> None:
    def world(server: FakeServer, *indexes: int, end: End = End.SERVER_GONE) -> FakeServer:
        names = "abcdef"
        for at, name in enumerate(names, start=1):
            server.put(at, f"/registry/pods/default/{name}", server.pod(at, name))
        events: list[JSONObject] = [
            {"type": "MODIFIED", "object": server.pod(at + 1, names[at])} for at in indexes or range(len(names))
        ]
        server.watch(f"{PODS}?watch=true&resourceVersion=5", *events, end=end)
        return server

    whole = world(FakeServer("a", 100, 7), end=End.CLIENT_GONE)
    found = verdict_of(whole, world(FakeServer("b", 5000, 15), 0, 2, 3)).findings
    assert [[(each.where, each.path) for each in finding.differences] for finding in found] == [
        [("end", "end"), ("stream", "$[4]"), ("stream", "$[5]")],
        [("stream", "$[1]")],
    ]
    assert len(only(verdict_of(whole, world(FakeServer("b", 5000, 15), 0, 1))).differences) == 5


def test_a_deletion_that_a_watch_does_not_show_and_that_is_carried_out_later_is_one_finding() -> None:
    def world(server: FakeServer, *, gone: bool) -> FakeServer:
        shown: list[JSONObject] = [{"type": "DELETED", "object": server.pod(2)}] if gone else []
        server.watch(f"{PODS}?watch=true&resourceVersion=1", *shown, {"type": "ADDED", "object": server.pod(3, "b")})
        server.exchange("DELETE", f"{PODS}/a", 404 if gone else 200, refused() if gone else server.pod(4))
        return server

    servers = FakeServer("a", 100, 7, etcd=False), FakeServer("b", 5000, 15, etcd=False)
    finding = only(verdict_of(world(servers[0], gone=True), world(servers[1], gone=False)))
    assert finding.cause.startswith("the event DELETED of pods/default/a did not come")


def test_a_dry_run_that_is_refused_explains_nothing_that_comes_later() -> None:
    def world(server: FakeServer, *, fine: bool) -> FakeServer:
        answer = server.pod(1) if fine else refused()
        server.exchange("PUT", f"{PODS}/a?dryRun=All", 200 if fine else 500, answer)
        server.exchange("GET", f"{PODS}/a", 200 if fine else 403, answer)
        return server

    verdict = verdict_of(world(FakeServer("a", 100, 7), fine=True), world(FakeServer("b", 5000, 15), fine=False))
    assert [finding.first.seq for finding in verdict.findings] == [1, 2]


def test_a_field_of_managed_fields_is_of_the_field_it_speaks_of() -> None:
    def world(server: FakeServer, *, fine: bool) -> FakeServer:
        fields: JSONObject = {"f:spec": {"f:x": {}, "f:y": {}}} if fine else {"f:spec": {"f:y": {}}}
        pod = server.pod(1)
        metadata = pod["metadata"]
        assert isinstance(metadata, dict)
        metadata["managedFields"] = [{"manager": "m", "operation": "Update", "apiVersion": "v1", "fieldsV1": fields}]
        pod["spec"] = {"x": 1, "y": 2} if fine else {"y": 2}
        server.exchange("POST", PODS, 201, pod)
        return server

    finding = only(verdict_of(world(FakeServer("a", 100, 7), fine=True), world(FakeServer("b", 5000, 15), fine=False)))
    assert finding.first.path == "$.spec.x"


def test_a_version_that_changed_is_one_finding_wherever_it_is_said() -> None:
    def world(server: FakeServer, version: str) -> FakeServer:
        server.exchange("GET", "/version", 200, {"gitVersion": f"v{version}"})
        server.exchange("GET", "/", 200, {"said": f"served by kube-apiserver/v{version} (linux)"})
        return server

    finding = only(verdict_of(world(FakeServer("a", 100, 7), "1.34.4"), world(FakeServer("b", 5000, 15), "1.37.2")))
    assert len(finding.differences) == 2


def test_two_values_that_stand_in_two_fields_of_one_object_are_one_finding() -> None:
    def world(server: FakeServer, address: str) -> FakeServer:
        server.exchange(
            "PUT", f"{PODS}/a/status", 200, server.pod(1, status={"podIP": address, "said": [address, "x"]})
        )
        return server

    only(verdict_of(world(FakeServer("a", 100, 7), "10.0.0.6 a"), world(FakeServer("b", 5000, 15), "10.0.0.7 b")))


def test_a_redirection_and_all_that_comes_with_it_is_one_finding() -> None:
    def world(server: FakeServer, *, fine: bool) -> FakeServer:
        headers = (("ETag", "x"),) if fine else (("Location", "/elsewhere"),)
        server.exchange(
            "GET", "/openapi/v3/api/v1?hash=x", 200 if fine else 301, {"a": 1} if fine else None, headers=headers
        )
        return server

    only(verdict_of(world(FakeServer("a", 100, 7), fine=True), world(FakeServer("b", 5000, 15), fine=False)))


def test_a_headers_mark_of_the_content_is_of_the_content() -> None:
    def world(server: FakeServer, said: str) -> FakeServer:
        server.exchange("GET", "/apis", 200, {"said": said}, headers=(("ETag", said),))
        return server

    finding = only(verdict_of(world(FakeServer("a", 100, 7), "x"), world(FakeServer("b", 5000, 15), "y")))
    assert finding.first.path == "$.said"


def test_content_that_a_client_has_not_any_more_is_of_the_content() -> None:
    def world(server: FakeServer, said: str) -> FakeServer:
        server.exchange("GET", "/apis", 200, {"said": said}, headers=(("ETag", said),))
        cached = server.exchange("GET", "/apis", 304 if said == "x" else 200, None if said == "x" else {"said": said})
        server.edit(cached, lambda each: replace(each, request=replace(each.request, headers=CONDITION)))
        return server

    finding = only(verdict_of(world(FakeServer("a", 100, 7), "x"), world(FakeServer("b", 5000, 15), "y")))
    assert finding.first.path == "$.said"


def test_another_media_type_makes_other_content_of_the_same_bytes(real_pair: RealPair) -> None:
    finding = only(real_pair.verdict(without_header(real_pair.replayed, "content-type")))
    assert (finding.first.where, finding.first.path) == ("header", "content-type")


def test_the_same_refusal_everywhere_is_one_finding() -> None:
    def world(server: FakeServer, *, fine: bool) -> FakeServer:
        for name in "abc":
            server.exchange("GET", f"{PODS}/{name}", 200 if fine else 500, server.pod(1, name) if fine else refused())
        return server

    finding = only(verdict_of(world(FakeServer("a", 100, 7), fine=True), world(FakeServer("b", 5000, 15), fine=False)))
    assert "the same in 2 more exchanges: 2, 3" in finding.chain


class Indexed(MemoryRecording):
    """A recording that finds an exchange by its number as quickly as a real one."""

    def __init__(self, other: MemoryRecording) -> None:
        super().__init__(exchange_list=other.exchange_list, body_bytes=other.body_bytes)
        self._by_seq = {each.seq: each for each in other.exchange_list}

    def exchange(self, seq: Seq) -> Exchange | None:
        """One of them."""
        return self._by_seq.get(seq)


@pytest.mark.long
def test_twice_as_many_differences_take_about_twice_as_long() -> None:
    def seconds(count: int) -> float:
        server = FakeServer("a", 100, 7)
        for number in range(count):
            server.exchange("GET", f"{PODS}/p{number}", 200, server.pod(1, f"p{number}"))
        made = Indexed(server.made)
        found = [
            Difference(seq=Seq(seq), where="body", path=f"$.spec.f{seq % 50}", kind="changed", baseline=seq, replayed=0)
            for seq in range(1, count + 1)
        ]
        begin = process_time()
        find_causes(found, Sides(made, made, correlate(made), {}))
        return process_time() - begin

    assert seconds(4_000) < 6 * max(seconds(1_000), 0.05)


def test_a_tables_columns_and_their_cells_are_one_finding_and_their_descriptions_another_one() -> None:
    def world(server: FakeServer, *columns: str, words: str) -> FakeServer:
        definitions: list[JSON] = [{"name": each, "description": words if each == "Name" else each} for each in columns]
        server.exchange(
            "GET",
            PODS,
            200,
            {
                "kind": "Table",
                "columnDefinitions": definitions,
                "rows": [{"cells": [f"{each} of a" for each in columns], "object": {"metadata": {"name": "a"}}}],
            },
        )
        return server

    old = world(FakeServer("a", 100, 7), "Name", "Age", words="x")
    new = world(FakeServer("b", 5000, 15), "Name", "Scope", "Kind", "Age", words="y")
    assert sorted(len(each.differences) for each in verdict_of(old, new).findings) == [1, 5]


def test_content_that_is_compressed_is_one_finding_with_the_header_that_says_on_what_that_depends() -> None:
    def world(server: FakeServer, *headers: tuple[str, str]) -> FakeServer:
        server.exchange("GET", "/apis", 200, {}, headers=headers)
        return server

    new = world(FakeServer("b", 5000, 15), ("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding"))
    only(verdict_of(world(FakeServer("a", 100, 7)), new))


def test_the_reason_beside_another_status_is_of_that_status() -> None:
    def world(server: FakeServer, status: int, reason: str) -> FakeServer:
        made = server.exchange("PUT", f"{PODS}/a", status, server.pod(1))
        server.edit(made, lambda each: replace(each, answer=replace(each.answer, reason=reason)))  # type: ignore[type-var] # it has one
        return server

    found = only(
        verdict_of(world(FakeServer("a", 100, 7), 200, "OK"), world(FakeServer("b", 5000, 15), 201, "Created"))
    )
    assert [each.path for each in found.differences] == ["status", "reason"]


@pytest.mark.parametrize(("shown", "findings"), [(PODS, 1), (CONFIG_MAPS, 2)])
def test_what_is_still_there_after_a_collections_deletion_that_failed_follows_from_that(
    shown: str, findings: int
) -> None:
    def world(server: FakeServer, *, fine: bool) -> FakeServer:
        server.exchange("DELETE", PODS, 200 if fine else 500, server.listed(2) if fine else refused())
        server.exchange("GET", shown, 200, server.listed(3, *([] if fine else [server.pod(1)])))
        return server

    verdict = verdict_of(world(FakeServer("a", 100, 7), fine=True), world(FakeServer("b", 5000, 15), fine=False))
    assert len(verdict.findings) == findings


@pytest.mark.parametrize(("status", "findings"), [(409, 1), (422, 1), (403, 2)])
def test_a_conflict_and_an_invalid_object_follow_from_what_was_written_otherwise(status: int, findings: int) -> None:
    def world(server: FakeServer, *, fine: bool) -> FakeServer:
        server.exchange("POST", PODS, 201, server.pod(1, spec={"x": 1 if fine else 2}))
        server.exchange("PUT", f"{PODS}/a", 200 if fine else status, server.pod(2) if fine else refused())
        return server

    verdict = verdict_of(world(FakeServer("a", 100, 7), fine=True), world(FakeServer("b", 5000, 15), fine=False))
    assert len(verdict.findings) == findings


def test_what_is_within_a_field_that_was_missing_is_of_that_field() -> None:
    def world(server: FakeServer, *specs: JSONObject) -> FakeServer:
        for spec, (method, path) in zip(specs, (("POST", PODS), ("GET", f"{PODS}/a")), strict=True):
            server.exchange(method, path, 200, server.pod(1, spec=spec))
        return server

    old = world(FakeServer("a", 100, 7), {"x": {"y": 1}}, {"x": {"y": 1}})
    only(verdict_of(old, world(FakeServer("b", 5000, 15), {}, {"x": {"y": 2}})))


def test_an_answer_to_a_request_that_is_another_one_is_of_that_request() -> None:
    def world(server: FakeServer, sent: str, answered: int) -> FakeServer:
        server.exchange("PUT", f"{PODS}/a", 200, server.pod(1, spec={"y": answered}), send={"spec": {"x": sent}})
        server.exchange("GET", f"{PODS}/b", 200, server.pod(2, "b", spec={"z": answered}))
        return server

    found = verdict_of(world(FakeServer("a", 100, 7), "m", 1), world(FakeServer("b", 5000, 15), "n", 2)).findings
    assert [[each.where for each in finding.differences] for finding in found] == [["request", "body"], ["body"]]


def test_a_header_of_a_request_that_is_another_one_explains_no_answer() -> None:
    def world(server: FakeServer, agent: str, answered: int) -> FakeServer:
        seq = server.exchange("GET", f"{PODS}/a", 200, server.pod(1, spec={"y": answered}))
        fields = (("User-Agent", agent),)
        server.edit(seq, lambda each: replace(each, request=replace(each.request, headers=fields)))
        return server

    found = verdict_of(world(FakeServer("a", 100, 7), "m", 1), world(FakeServer("b", 5000, 15), "n", 2)).findings
    assert len(found) == 2


def test_what_a_refusal_says_is_in_the_cause() -> None:
    def world(server: FakeServer, *, fine: bool) -> FakeServer:
        server.exchange("POST", PODS, 201 if fine else 403, server.pod(1) if fine else refused("over quota"))
        return server

    sides = world(FakeServer("a", 100, 7), fine=True), world(FakeServer("b", 5000, 15), fine=False)
    assert only(verdict_of(*sides)).cause.endswith('was answered with 403 instead of 201: "over quota"')
    assert only(verdict_of(*reversed(sides))).cause.endswith('was answered with 201 instead of 403: "over quota"')
