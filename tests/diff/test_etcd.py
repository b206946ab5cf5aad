"""kproxy.diff.etcd: histories of keys."""

from dataclasses import replace

from kproxy.correlate.ledger import correlate
from kproxy.diff.compare import compare
from kproxy.model.etcd import Revision
from kproxy.model.exchange import Body, BodyState, Seq
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.verdict import Difference, Outcome, Tally, Verdict
from kproxy.wire.content import decode, encode
from kproxy.wire.mediatype import CBOR
from kproxy.wire.mediatype import JSON as JSON_TYPE
from tests.diff.sessions import PODS, FakeServer, verdict_of

KEY = "/registry/pods/default/a"


def session(server: FakeServer) -> FakeServer:
    """Create and update a pod."""
    server.exchange("POST", PODS, 201, server.pod(1))
    server.exchange("PUT", f"{PODS}/a", 200, server.pod(2, status={"phase": "x"}))
    server.put(1, KEY, server.pod(1))
    server.put(2, KEY, server.pod(2, status={"phase": "x"}), version=2)
    return server


def both() -> tuple[FakeServer, FakeServer]:
    """Two servers that behave the same."""
    return session(FakeServer("a", 100, 7)), session(FakeServer("b", 5000, 15))


def etcd_differences(first: FakeServer, second: FakeServer) -> list[Difference]:
    """What differs in etcd."""
    return [each for each in verdict_of(first, second).differences if each.where == "etcd"]


def test_a_value_that_differs_only_in_etcd_is_named_by_key_and_path() -> None:
    first, second = both()
    value: JSONObject = {**second.pod(2), "status": {"phase": "z"}}
    second.made.change_list.pop()
    second.put(2, KEY, value, version=2)
    (found,) = etcd_differences(first, second)
    assert (found.seq, found.path, found.baseline, found.replayed) == (2, f"{KEY}[1].status.phase", "x", "z")


def test_a_write_more_and_a_write_less_are_named() -> None:
    first, second = both()
    second.put(3, KEY, second.pod(3), version=3)
    (found,) = etcd_differences(first, second)
    assert (found.path, found.kind) == (f"{KEY}[2]", "added")
    first, second = both()
    second.made.change_list.pop()
    assert (f"{KEY}[1]", "removed") in {(each.path, each.kind) for each in etcd_differences(first, second)}


def test_a_delete_instead_of_a_put_is_named() -> None:
    first, second = both()
    second.made.change_list.pop()
    second.delete(2, KEY)
    assert f"{KEY}[1] type" in {each.path for each in etcd_differences(first, second)}


def test_a_revision_that_the_answer_does_not_have_is_found() -> None:
    first, second = both()
    moved = second.made.change_list[1]
    second.made.change_list[1] = replace(moved, revision=type(moved.revision)(5007))
    assert verdict_of(first, second).outcome is Outcome.DIFFERENT


def test_background_is_out_of_scope() -> None:
    first, second = both()
    second.put(7, "/registry/masterleases/10.0.0.1", second.pod(7))
    assert verdict_of(first, second).outcome is Outcome.IDENTICAL


def test_a_key_that_no_request_made_is_the_replays_servers_where_the_recorded_one_made_none() -> None:
    first, second = both()
    second.put(7, "/registry/pods/default/stranger", second.pod(7, "stranger"))
    (found,) = etcd_differences(first, second)
    assert (found.seq, found.path, found.kind) == (None, "/registry/pods/default/stranger[0]", "added")


def test_two_changes_of_a_key_do_not_have_one_revision() -> None:
    first, second = both()
    for server in (first, second):
        server.delete(3, KEY)
    last = second.made.change_list[2]
    second.made.change_list[2] = replace(last, revision=second.made.change_list[1].revision)
    assert f"{KEY}[2] mod_revision" in {each.path for each in etcd_differences(first, second)}


def test_a_value_that_is_written_in_another_way_is_named_by_its_key() -> None:
    first, second = both()
    for index, change in enumerate(second.made.change_list):
        assert change.value
        assert change.value.digest
        written = encode(CBOR, decode(JSON_TYPE, second.made.body(change.value.digest)))
        second.made.change_list[index] = replace(change, value=second.made.keep(written))
    assert {each.path for each in etcd_differences(first, second)} == {f"{KEY}[0] encoding", f"{KEY}[1] encoding"}


def test_a_value_that_is_encrypted_beside_one_that_is_not_is_a_difference() -> None:
    first, second = both()
    change = second.made.change_list[0]
    hidden = Body(state=BodyState.OPAQUE, size=9, reason="encrypted at rest")
    second.made.change_list[0] = replace(change, value=hidden)
    assert f"{KEY}[0] encoding" in {each.path for each in etcd_differences(first, second)}


def test_a_key_that_nobody_explains_is_inconclusive_where_the_recorded_server_had_such_ones_too() -> None:
    first, second = both()
    first.put(7, "/registry/pods/default/other", first.pod(7, "other"))
    second.put(7, "/registry/pods/default/stranger", second.pod(7, "stranger"))
    verdict = verdict_of(first, second)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert any("/registry/pods/default/stranger" in reason for reason in verdict.reasons)


def test_what_a_server_writes_for_itself_after_its_start_is_noise() -> None:
    first, second = both()
    second.put(7, "/registry/services/endpoints/default/kubernetes", second.pod(7, "kubernetes"))
    verdict = verdict_of(first, second)
    assert (verdict.outcome, [each.rule for each in verdict.noise]) == (Outcome.EQUIVALENT, ["server-start"])


def test_a_key_that_was_made_anew_in_between_is_found() -> None:
    first, second = both()
    again = second.made.change_list[1]
    second.made.change_list[1] = replace(again, create_revision=again.revision)
    assert [each.path for each in etcd_differences(first, second)] == [f"{KEY}[1] create_revision"]


def test_addresses_that_no_answer_names_are_paired_by_whose_they_are() -> None:
    first, second = both()
    for server, address in ((first, "10.0.0.1"), (second, "10.0.0.2")):
        parent: JSONObject = {"resource": "services", "namespace": "default", "name": "web"}
        value: JSONObject = {"kind": "IPAddress", "metadata": {"name": address}, "spec": {"parentRef": parent}}
        server.put(3, f"/registry/ipaddresses/{address}", value)
    assert verdict_of(first, second).outcome is Outcome.IDENTICAL


def test_what_the_server_writes_of_a_key_of_its_own_stands_beside_what_a_request_wrote() -> None:
    first, second = both()
    for server in (first, second):
        role: JSONObject = server.pod(4, "view")
        server.exchange("PUT", "/apis/rbac.authorization.k8s.io/v1/clusterroles/view", 200, role)
        server.put(4, "/registry/clusterroles/view", role, version=4)
    second.put(5, "/registry/clusterroles/view", second.pod(5, "view"), version=5)
    assert verdict_of(first, second).outcome is Outcome.EQUIVALENT


def test_a_key_is_excused_that_only_the_recorded_one_of_two_excused_requests_changed() -> None:
    """The replay's got a 409, for a reason that is none of its server's, and changed nothing."""
    first, second = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    for server in (first, second):
        server.exchange("PUT", f"{PODS}/a", 200 if server is first else 409, server.pod(1))
        server.exchange("PUT", f"{PODS}/b", 200, server.pod(2, "b"))
        server.put(2, "/registry/pods/default/b", server.pod(2, "b"))
    first.put(1, KEY, first.pod(1))
    first.made.change_list.sort(key=lambda each: each.revision)

    def verdict(excused: dict[Seq, str]) -> Verdict:
        made = first.made, second.made
        pairs = [(Seq(1), Seq(1)), (Seq(2), Seq(2))]
        return compare(made[0], correlate(made[0]), made[1], correlate(made[1]), pairs, excused=excused)

    found = verdict({Seq(1): "its client has to try again"})
    assert (found.outcome, found.differences) == (Outcome.INCONCLUSIVE, ())
    assert any(f"the key {KEY} was changed by a request that cannot be compared" in each for each in found.reasons)
    assert verdict({Seq(2): "another one"}).outcome is Outcome.DIFFERENT


def test_values_that_are_no_documents_are_compared_byte_by_byte() -> None:
    def stored(value: bytes | None) -> list[tuple[str, JSON, JSON]]:
        sides = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
        for server, kept in zip(sides, (b"\x01\x02", value), strict=True):
            server.put(1, "/registry/odd/x", server.pod(1))
            if kept is not None:
                change = server.made.change_list[0]
                server.made.change_list[0] = replace(change, value=server.made.keep(kept))
        return [(each.where, each.baseline, each.replayed) for each in verdict_of(*sides).differences]

    assert stored(b"\x01\x02") == []
    assert stored(b"\x01\x02\x03") == [("etcd", "2 bytes", "3 bytes")]
    assert stored(None) == [("etcd", "2 bytes", "a document")]


def test_keys_are_counted_by_their_outcome() -> None:
    first, second = both()
    for server in (first, second):
        for number, name in enumerate("xyz", start=3):
            server.exchange("POST", PODS, 201, server.pod(number, name))
            shown: JSONObject = {"phase": "z" if name == "x" and server is second else "y"}
            server.put(number, f"/registry/pods/default/{name}", server.pod(number, name, status=shown))
    assert verdict_of(first, second).etcd == Tally(compared=4, identical=3, different=1)
    second.put(9, "/registry/pods/default/x", second.pod(9, "x", status={"phase": "y"}), version=2)
    assert verdict_of(first, second).etcd == Tally(compared=4, identical=3, different=1)


def test_what_differs_beside_a_value_is_named() -> None:
    def found(**changed: object) -> list[tuple[str, str, JSON, JSON]]:
        first, second = both()
        second.made.change_list[1] = replace(second.made.change_list[1], **changed)  # type: ignore[arg-type] # its own
        return [(each.path, each.kind, each.baseline, each.replayed) for each in etcd_differences(first, second)]

    assert found() == []
    assert found(lease=7) == [(f"{KEY}[1] lease", "changed", False, True)]
    assert found(version=3) == [(f"{KEY}[1] version", "changed", 2, 3)]
    assert found(create_revision=Revision(5002)) == [(f"{KEY}[1] create_revision", "renamed", 101, 5002)]
    assert found(create_revision=Revision(4000)) == [(f"{KEY}[1] create_revision", "renamed", 101, 4000)]


def test_of_a_key_that_was_there_before_neither_version_nor_beginning_is_compared() -> None:
    first, second = both()
    for server, version in ((first, 7), (second, 9)):
        server.exchange("PUT", f"{PODS}/old", 200, server.pod(3, "old"))
        server.put(3, "/registry/pods/default/old", server.pod(3, "old"), version=version)
    assert etcd_differences(first, second) == []


def test_a_change_more_or_less_is_shown_with_its_type_and_revision() -> None:
    first, second = both()
    second.put(3, KEY, second.pod(3), version=3)
    (found,) = etcd_differences(first, second)
    assert (found.baseline, found.replayed) == (None, "PUT at 5003")
    (found,) = etcd_differences(*reversed((first, second)))
    assert (found.kind, found.baseline, found.replayed) == ("removed", "PUT at 5003", None)


def test_a_change_without_a_known_cause_is_a_reason_with_how_often_it_was_made() -> None:
    first, second = both()
    other = "/registry/pods/default/other"
    for number in (7, 8):
        first.put(number, other, first.pod(number, "other"))
    second.put(7, other, second.pod(7, "other"))
    assert f"the key {other} was changed 2 and 1 times for no known cause" in verdict_of(first, second).reasons


def test_a_value_that_cannot_be_read_is_a_reason_with_its_key() -> None:
    first, second = both()
    change = second.made.change_list[0]
    lost = Body(state=BodyState.COUNTED, size=9, reason="was not kept")
    second.made.change_list[0] = replace(change, value=lost)
    assert any(each.startswith(f"{KEY}[0]: ") for each in verdict_of(first, second).reasons)
