"""kproxy.diff.compare: what is the same, what is noise, what is different, what cannot be told."""

import json
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

import pytest

from kproxy.correlate.ledger import correlate
from kproxy.diff.compare import compare
from kproxy.model.etcd import ClusterId, EtcdStore, Revision
from kproxy.model.exchange import Body, BodyState, End, Exchange, Nanos, Seq
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.session import Gap, SessionEnd
from kproxy.model.verdict import Difference, Outcome, Verdict
from kproxy.report.text import text_report
from tests.diff.sessions import PODS, FakeServer, verdict_of

KEY = "/registry/pods/default/a"
WATCH = f"{PODS}?watch=true&resourceVersion=0"


def session(server: FakeServer, **fields: JSON) -> FakeServer:
    """Create, get, list, watch, update, delete, 404: as one server answers it."""
    server.exchange("POST", PODS, 201, server.pod(1), send={"kind": "Pod"})
    server.exchange("GET", f"{PODS}/a", 200, server.pod(1, "a", **fields))
    server.exchange("GET", PODS, 200, server.listed(1, server.pod(1)))
    server.exchange("PUT", f"{PODS}/a", 200, server.pod(2, status={"phase": "x"}))
    events: list[JSONObject] = [
        {"type": "ADDED", "object": server.pod(1)},
        {"type": "MODIFIED", "object": server.pod(2, status={"phase": "x"})},
    ]
    server.watch(WATCH, *events)
    server.exchange("GET", f"{PODS}/b", 404, {"kind": "Status", "message": 'pods "b" not found'})
    server.put(1, KEY, server.pod(1))
    server.put(2, KEY, server.pod(2, status={"phase": "x"}), version=2)
    return server


def baseline() -> FakeServer:
    """The first server."""
    return session(FakeServer("a", 100, 7))


def replayed() -> FakeServer:
    """Another server, that behaves the same."""
    return session(FakeServer("b", 5000, 15))


def only(verdict: Verdict) -> Difference:
    """The one difference of a verdict."""
    assert verdict.outcome is Outcome.DIFFERENT
    assert len(verdict.differences) == 1, verdict.differences
    return verdict.differences[0]


def test_two_servers_that_behave_the_same_are_identical() -> None:
    verdict = verdict_of(baseline(), replayed())
    assert verdict.differences == ()
    assert (verdict.outcome, verdict.scope) == (Outcome.IDENTICAL, "HTTP and etcd")
    assert (verdict.exchanges.compared, verdict.exchanges.identical) == (6, 6)
    assert (verdict.etcd.compared, verdict.etcd.identical) == (1, 1)
    assert dict(verdict.renamed)["uid"] == 1
    assert not verdict.same_server


def test_a_recording_is_identical_with_itself_and_says_so() -> None:
    verdict = verdict_of(baseline(), baseline())
    assert (verdict.outcome, verdict.same_server, verdict.renamed) == (Outcome.IDENTICAL, True, ())


def test_faults_on_purpose_are_noted_and_decide_nothing() -> None:
    second = replayed()
    touched = second.made.exchange_list[0]
    second.made.exchange_list[0] = replace(touched, fault="delay=1s")
    verdict = verdict_of(baseline(), second)
    assert verdict.outcome is Outcome.IDENTICAL
    assert verdict.notes == ("the replay was recorded with a fault on purpose: 'delay=1s' touched 1 of its exchanges",)
    assert f"note: {verdict.notes[0]}" in text_report(verdict).splitlines()


def test_what_a_fault_changed_is_no_difference_of_the_servers() -> None:
    first = baseline()
    touched = next(each for each in first.made.exchange_list if each.request.method == "GET")
    at = first.made.exchange_list.index(touched)
    first.made.exchange_list[at] = replace(touched, fault="cut", end=End.SERVER_GONE, answer=None)
    verdict = verdict_of(first, replayed())
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.reasons == (
        f"exchange {touched.seq}: what its client got was changed on purpose, by the fault 'cut'",
    )
    assert verdict_of(first, first).outcome is Outcome.IDENTICAL


def test_a_request_that_a_fault_answered_stands_beside_nothing() -> None:
    first, second = baseline(), replayed()
    told = first.made.exchange_list[0]
    assert told.answer is not None
    refused = replace(told, seq=Seq(0), end=End.REFUSED, fault="409 first=1", answer=replace(told.answer, status=409))
    first.made.exchange_list.insert(0, refused)
    verdict = compare(first.made, correlate(first.made), second.made, correlate(second.made))
    assert verdict.outcome is Outcome.IDENTICAL
    assert len(verdict.notes) == 1


def test_without_pairs_exchanges_are_aligned_by_method_and_target() -> None:
    first, second = baseline(), replayed()
    verdict = compare(first.made, correlate(first.made), second.made, correlate(second.made))
    assert verdict.outcome is Outcome.IDENTICAL


def test_another_status_is_named_with_its_exchange() -> None:
    second = replayed()
    second.edit(Seq(1), lambda each: replace(each, answer=replace(each.answer, status=200)))  # type: ignore[type-var] # it has one
    found = only(verdict_of(baseline(), second))
    assert (found.seq, found.where, found.baseline, found.replayed) == (1, "status", 201, 200)


def test_another_field_is_named_with_its_path() -> None:
    second = session(FakeServer("b", 5000, 15), spec={"containers": [{"name": "c", "image": "x"}]})
    verdict = verdict_of(baseline(), second)
    assert {(each.seq, each.path, each.kind) for each in verdict.differences} == {
        (2, "$.spec.containers[0].image", "changed"),
        (2, "$.spec.containers[1]", "removed"),
    }


def test_a_field_more_is_named() -> None:
    second = session(FakeServer("b", 5000, 15), status={"phase": "new"})
    found = only(verdict_of(baseline(), second))
    assert (found.seq, found.path, found.kind, found.baseline) == (2, "$.status", "added", None)


def test_a_text_that_names_the_recorded_servers_uid_is_found() -> None:
    first, second = baseline(), replayed()
    message = f"the object with uid {first.uid(97)} is not ours"
    for server in (first, second):
        server.exchange("GET", f"{PODS}/c", 409, {"message": message})
    found = only(verdict_of(first, second))
    assert (found.seq, found.path) == (7, "$.message")


def test_an_exchange_that_is_missing_in_a_gap_is_not_called_missing() -> None:
    second = replayed()
    second.made.exchange_list.pop()
    _gap(second)
    verdict = verdict_of(baseline(), second)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert any("exchange 6 falls into a gap" in reason for reason in verdict.reasons)


def test_a_uid_that_would_need_two_images_is_found_where_it_stands() -> None:
    second = replayed()
    wrong = second.pod(1)
    wrong["metadata"] = {**_metadata(wrong), "uid": second.uid(77)}
    _answer_with(second, Seq(2), wrong)
    found = [each for each in verdict_of(baseline(), second).differences if each.path.endswith("uid")]
    assert [(each.seq, each.kind) for each in found] == [(2, "renamed")]


def test_a_secret_that_is_another_one_when_it_is_read_is_found_where_it_is_read() -> None:
    first, second = baseline(), replayed()
    hidden, other = (f"kproxy-redacted-{letter * 40}" for letter in "ab")
    for server, read in ((first, hidden), (second, other)):
        server.exchange("POST", "/api/v1/namespaces/default/secrets", 201, server.pod(3, "s", word=hidden))
        server.exchange("GET", "/api/v1/namespaces/default/secrets/s", 200, server.pod(3, "s", word=read))
    found = only(verdict_of(first, second))
    assert (found.seq, found.where, found.path) == (8, "body", "$.word")


def test_a_stale_revision_is_found() -> None:
    second = replayed()
    stale = second.pod(2, status={"phase": "x"})
    stale["metadata"] = {**_metadata(stale), "resourceVersion": "5001"}
    _answer_with(second, Seq(4), stale)
    found = verdict_of(baseline(), second).differences
    assert {(each.seq, each.path) for each in found} == {(4, "$.metadata.resourceVersion")}


def test_a_list_from_before_what_its_client_had_seen_is_found() -> None:
    second = replayed()
    _answer_with(second, Seq(3), second.listed(0, second.pod(1)))
    found = only(verdict_of(baseline(), second))
    assert (found.seq, found.path, found.kind) == (3, "$.metadata.resourceVersion", "renamed")


def test_a_time_that_changes_in_an_unchanged_field_is_found() -> None:
    second = replayed()
    moved = second.pod(1)
    moved["metadata"] = {**_metadata(moved), "creationTimestamp": second.time(3)}
    _answer_with(second, Seq(2), moved)
    found = only(verdict_of(baseline(), second))
    assert (found.seq, found.path) == (2, "$.metadata.creationTimestamp")


def test_a_date_that_the_servers_clock_does_not_explain_is_found() -> None:
    second = replayed()
    _set_header(second, Seq(4), "Date", "Mon, 23 Nov 2026 16:00:00 GMT")
    found = only(verdict_of(baseline(), second))
    assert (found.seq, found.where, found.path) == (4, "header", "date")


@pytest.mark.parametrize(
    ("name", "value"), [("Content-Type", "text/plain"), ("Warning", '299 - "old"'), ("Content-Length", "3")]
)
def test_other_headers_must_be_equal(name: str, value: str) -> None:
    second = replayed()
    _set_header(second, Seq(6), name, value)
    found = verdict_of(baseline(), second).differences
    assert (found[0].seq, found[0].where, found[0].path) == (6, "header", name.lower())


def test_an_answer_in_chunks_is_noise_and_strict_turns_noise_off() -> None:
    second = replayed()
    _set_header(second, Seq(6), "Content-Length", None)
    _set_header(second, Seq(6), "Transfer-Encoding", "chunked")
    verdict = verdict_of(baseline(), second)
    assert (verdict.outcome, verdict.exchanges.equivalent) == (Outcome.EQUIVALENT, 1)
    assert [(each.rule, each.count) for each in verdict.noise] == [("answer-framing", 1)]
    assert verdict_of(baseline(), second, strict=True).outcome is Outcome.DIFFERENT


def test_a_missing_and_an_extra_exchange_are_named() -> None:
    second = replayed()
    second.made.exchange_list.pop()
    found = only(verdict_of(baseline(), second))
    assert (found.seq, found.where) == (6, "missing")
    second = replayed()
    second.exchange("GET", "/version", 200, {})
    found = only(verdict_of(baseline(), second))
    assert (found.seq, found.where, found.path) == (None, "extra", "exchange 7")


def test_what_was_not_sent_makes_it_inconclusive_and_says_why() -> None:
    first, second = baseline(), replayed()
    second.made.exchange_list.pop()
    pairs = [(Seq(seq), Seq(seq)) for seq in range(1, 6)]
    ledgers = correlate(first.made), correlate(second.made)
    verdict = compare(
        first.made, ledgers[0], second.made, ledgers[1], pairs, unsent={Seq(6): "it is an upgrade to SPDY/3.1"}
    )
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.reasons == ("exchange 6 was not replayed: it is an upgrade to SPDY/3.1",)


def test_what_differs_before_a_replay_was_stopped_is_different_and_the_rest_is_said() -> None:
    outcomes = []
    for second in (replayed(), session(FakeServer("b", 5000, 15), spec={"nodeName": "elsewhere"})):
        first = baseline()
        second.made.exchange_list.pop()
        pairs = [(Seq(seq), Seq(seq)) for seq in range(1, 6)]
        ledgers = correlate(first.made), correlate(second.made)
        verdict = compare(first.made, ledgers[0], second.made, ledgers[1], pairs, stopped="stopped by SIGINT")
        assert "stopped by SIGINT; 5 of 6 exchanges compared" in verdict.reasons
        outcomes.append(verdict.outcome)
    assert outcomes == [Outcome.INCONCLUSIVE, Outcome.DIFFERENT]


def _gap(server: FakeServer) -> None:
    server.made.gap_list.append(
        Gap(kind="exchanges", reason="the buffer was full", at=Nanos(0), count=2, first_seq=Seq(9))
    )


def _cut(server: FakeServer) -> None:
    server.made.session = replace(server.made.session, end=SessionEnd.PROXY_GONE)


def _opaque(server: FakeServer) -> None:
    body = Body(state=BodyState.OPAQUE, size=9, reason="undecodable")
    server.edit(Seq(6), lambda each: replace(each, answer=replace(each.answer, body=body)))  # type: ignore[type-var] # it has one


def _unknown_end(server: FakeServer) -> None:
    server.edit(Seq(6), lambda each: replace(each, end=End.UNKNOWN))


def _unreachable(server: FakeServer) -> None:
    server.edit(Seq(6), lambda each: replace(each, end=End.UNREACHABLE, answer=None))


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (_gap, "gap: exchanges at exchange 9: the buffer was full (2 missing)"),
        (_cut, "ended as proxy-gone"),
        (_opaque, "exchange 6: a body is opaque (undecodable)"),
        (_unknown_end, "exchange 6"),
        (_unreachable, "exchange 6: the replay's server could not be reached"),
    ],
)
def test_missing_data_is_inconclusive_with_its_place(harm: Callable[[FakeServer], None], said: str) -> None:
    second = replayed()
    harm(second)
    if harm is _opaque:
        _set_header(second, Seq(6), "Content-Length", "9")
    verdict = verdict_of(baseline(), second)
    assert verdict.outcome is Outcome.INCONCLUSIVE, verdict.differences
    assert any(said in reason for reason in verdict.reasons)


def test_calls_that_are_missing_leave_nothing_uncompared() -> None:
    second = replayed()
    second.made.gap_list.append(Gap(kind="calls", reason="the etcd relay was gone", at=Nanos(0), count=0))
    assert verdict_of(baseline(), second).outcome is Outcome.IDENTICAL


def _with_etcd_gap(last: int, cluster: str) -> FakeServer:
    server = replayed()
    server.made.etcd_list = [EtcdStore(cluster=ClusterId("aa"), start=Revision(10))]
    server.made.gap_list.append(
        Gap(
            kind="etcd",
            reason="compacted",
            at=Nanos(0),
            count=last,
            first_revision=Revision(1),
            last_revision=Revision(last),
            cluster=ClusterId(cluster),
        )
    )
    return server


@pytest.mark.parametrize("cluster", ["aa", ""])
def test_history_that_is_missing_from_before_the_session_leaves_nothing_uncompared(cluster: str) -> None:
    assert verdict_of(baseline(), _with_etcd_gap(10, cluster)).outcome is Outcome.IDENTICAL


@pytest.mark.parametrize(("last", "cluster"), [(11, "aa"), (10, "bb"), (11, "")])
def test_a_gap_that_reaches_into_the_session_or_is_of_an_unknown_etcd_is_inconclusive(last: int, cluster: str) -> None:
    assert verdict_of(baseline(), _with_etcd_gap(last, cluster)).outcome is Outcome.INCONCLUSIVE


def test_what_kproxy_refused_is_nobodys_behaviour() -> None:
    first = baseline()
    seq = first.exchange("GET", "/x", 400)
    first.edit(seq, lambda each: replace(each, end=End.REFUSED))
    assert verdict_of(first, replayed()).outcome is Outcome.IDENTICAL


def test_without_etcd_the_scope_says_so_and_it_can_be_asked_for() -> None:
    first, second = baseline(), replayed()
    second.made.session = replace(second.made.session, etcd_start=None)
    assert verdict_of(first, second).scope == "HTTP only"
    assert verdict_of(first, second).outcome is Outcome.IDENTICAL
    assert verdict_of(first, second, require_etcd=True).outcome is Outcome.INCONCLUSIVE


def test_an_answer_that_never_came_is_missing() -> None:
    second = replayed()
    second.edit(Seq(6), lambda each: replace(each, answer=None))
    assert ("missing", "answer") in {(each.where, each.path) for each in verdict_of(baseline(), second).differences}


def test_another_end_is_named() -> None:
    second = replayed()
    second.edit(Seq(6), lambda each: replace(each, end=End.SERVER_GONE))
    found = only(verdict_of(baseline(), second))
    assert (found.where, found.baseline, found.replayed) == ("end", "complete", "server-gone")


def test_what_a_client_chose_and_no_server_said_may_stand_in_a_request() -> None:
    first, second = baseline(), replayed()
    asked: JSON = {"spec": {"clusterIP": "1.2.3.4"}, "when": "2024-01-01T00:00:00Z", "resourceVersion": "1"}
    for server in (first, second):
        server.exchange("POST", PODS, 422, {"kind": "Status"}, send=asked)
    assert verdict_of(first, second).outcome is Outcome.IDENTICAL


def test_a_request_that_keeps_the_recorded_servers_uid_is_found() -> None:
    first, second = baseline(), replayed()
    for server in (first, second):
        server.exchange("DELETE", f"{PODS}/a", 409, {"kind": "Status"}, send={"uid": first.uid(97)})
    assert only(verdict_of(first, second)).where == "request"


def test_two_runs_of_a_client_draw_timeouts_and_the_order_of_a_selector_anew() -> None:
    first, second = baseline(), replayed()
    uid, other = first.uid(97), second.uid(97)
    first.exchange("GET", f"{PODS}?fieldSelector=metadata.name%3Da%2Cuid%3D{uid}&timeoutSeconds=301", 200, {})
    second.exchange("GET", f"{PODS}?fieldSelector=uid%3D{other}%2Cmetadata.name%3Da&timeoutSeconds=302", 200, {})
    assert compare(first.made, correlate(first.made), second.made, correlate(second.made)).outcome is Outcome.IDENTICAL
    assert {each.path for each in verdict_of(first, second).differences} == {"target"}


@pytest.mark.parametrize(("sent", "same"), [("3600", True), ("301", True), ("302", False), ("60", False)])
def test_a_replay_may_ask_for_a_watch_for_longer(sent: str, *, same: bool) -> None:
    first, second = baseline(), replayed()
    for server, seconds in ((first, "301"), (second, sent)):
        server.watch(f"{PODS}?watch=true&timeoutSeconds={seconds}")
        server.exchange("GET", f"{PODS}?timeoutSeconds=301", 200, {})
    assert (verdict_of(first, second).outcome is Outcome.IDENTICAL) is same


def test_a_not_modified_document_hides_no_other_header() -> None:
    first, second = baseline(), replayed()
    asked = (("If-None-Match", "x"),)
    for server, status, word in ((first, 200, "v1"), (second, 304, "v2")):
        seq = server.exchange("GET", "/openapi/v3", status, {"a": 1} if status == 200 else None)
        server.edit(seq, lambda each: replace(each, request=replace(each.request, headers=asked)))
        _set_header(server, seq, "X-Said", word)
    assert {each.path for each in verdict_of(first, second).differences} == {"x-said"}


def test_metrics_are_the_servers_own_but_their_status_is_compared() -> None:
    first, second = baseline(), replayed()
    first.exchange("GET", "/metrics", 200, {"count": 1})
    second.exchange("GET", "/metrics", 200, {"count": 2})
    assert verdict_of(first, second).outcome is Outcome.EQUIVALENT
    assert verdict_of(first, second, strict=True).outcome is Outcome.DIFFERENT
    second.edit(Seq(7), lambda each: replace(each, answer=replace(each.answer, status=500)))  # type: ignore[type-var] # it has one
    assert only(verdict_of(first, second)).where == "status"


def _metadata(value: JSONObject) -> JSONObject:
    metadata = value["metadata"]
    assert isinstance(metadata, dict)
    return metadata


def _answer_with(server: FakeServer, seq: Seq, value: JSONObject) -> None:
    body = server.made.keep(json.dumps(value).encode())

    def change(each: Exchange) -> Exchange:
        assert each.answer
        size = each.answer.body.size
        return replace(each, answer=replace(each.answer, body=replace(body, size=size)))

    server.edit(seq, change)


def _set_header(server: FakeServer, seq: Seq, name: str, value: str | None) -> None:
    def change(each: Exchange) -> Exchange:
        assert each.answer
        rest = tuple(pair for pair in each.answer.headers if pair[0] != name)
        new = () if value is None else ((name, value),)
        return replace(each, answer=replace(each.answer, headers=rest + new))

    server.edit(seq, change)


def refusal(server: FakeServer, password: str, words: str, status: int = 400) -> FakeServer:
    """A server that refuses a Secret, in these words."""
    secret: JSONObject = {"kind": "Secret", "stringData": {"password": password}}
    said: JSONObject = {"kind": "Status", "message": words}
    server.exchange("POST", "/api/v1/namespaces/default/secrets", status, said, send=secret)
    return server


def test_a_refusal_whose_words_may_depend_on_a_hidden_secret_cannot_be_told() -> None:
    hidden = "kproxy-redacted-" + "0" * 40
    first = refusal(baseline(), hidden, "illegal base64 data at input byte 4")
    second = refusal(replayed(), hidden, "illegal base64 data at input byte 6")
    verdict = verdict_of(first, second)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "depend on a secret" in verdict.reasons[0]
    shown = refusal(baseline(), "shown", "4"), refusal(replayed(), "shown", "6")
    assert only(verdict_of(*shown)).path == "$.message"
    other_status = refusal(baseline(), hidden, "same"), refusal(replayed(), hidden, "same", 422)
    assert verdict_of(*other_status).outcome is Outcome.DIFFERENT


@pytest.mark.parametrize(
    ("recorded", "sent", "same"),
    [
        ("a in (x,y),b", "b,a in (x,y)", True),
        ("a in (x,y),b", "a in (x,b,y)", False),
        ("a in (x,y),b", "a in (x),b,y", False),
    ],
)
def test_a_selectors_set_is_one_of_its_requirements(recorded: str, sent: str, *, same: bool) -> None:
    first, second = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    for server, selector in ((first, recorded), (second, sent)):
        server.exchange("GET", f"{PODS}?labelSelector={quote(selector)}", 200, {})
    assert (verdict_of(first, second).outcome is Outcome.IDENTICAL) is same


def made_at_once(letter: str, base: int, hour: int, *names: str, image: str = "i") -> FakeServer:
    """Two pods of one generateName that a list shows before their creations were answered."""
    made = FakeServer(letter, base, hour)
    pods = [made.pod(number, name, spec={"number": number}) for number, name in enumerate(names, start=1)]
    for pod in pods:
        pod["metadata"] |= {"generateName": "web-"}  # type: ignore[operator] # it is an object
    made.exchange("GET", PODS, 200, made.listed(9, *sorted(pods, key=lambda each: str(each["metadata"]))))
    for pod in pods:
        made.exchange("POST", PODS, 201, pod)
    made.exchange("GET", f"{PODS}/{names[0]}", 200, {**pods[0], "spec": {"number": 1, "image": image}})
    return made


def test_objects_that_were_made_at_once_are_told_apart_by_what_their_creations_answered() -> None:
    first = made_at_once("a", 100, 7, "web-bbbbb", "web-ccccc")
    assert verdict_of(first, made_at_once("b", 5000, 15, "web-zzzzz", "web-fffff")).outcome is Outcome.IDENTICAL
    other = verdict_of(first, made_at_once("b", 5000, 15, "web-zzzzz", "web-fffff", image="j"))
    assert [(each.seq, each.path) for each in other.differences] == [(4, "$.spec.image")]


def test_another_method_and_other_parameters_are_named() -> None:
    first, second = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    for server, method, query in ((first, "PUT", "fieldManager=x"), (second, "PATCH", "force=true")):
        server.exchange(method, f"{PODS}/a?{query}", 200, server.pod(1))
    found = verdict_of(first, second).differences
    assert [(each.where, each.path) for each in found] == [("request", "method"), ("request", "target")]


def test_an_answer_that_was_not_recorded_says_nothing_of_the_one_that_came() -> None:
    first, second = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    for server in (first, second):
        server.exchange("GET", f"{PODS}/a", 200, server.pod(1))
    first.edit(Seq(1), lambda each: replace(each, answer=None))
    verdict = verdict_of(first, second)
    assert (verdict.differences, verdict.reasons) == ((), ("exchange 1 was recorded without an answer",))


def _in_bytes(*words: str) -> Verdict:
    """The verdict where two servers answer in bytes that are no document."""
    servers = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    for server, said in zip(servers, words, strict=True):
        server.exchange("GET", "/said", 200, {})
        body = server.made.keep(f"{{{said} by {server.uid(5)}".encode())
        server.edit(Seq(1), lambda each, body=body: replace(each, answer=replace(each.answer, body=body)))  # type: ignore[misc] # bound at once
    return verdict_of(*servers)


def test_bytes_that_are_no_document_are_equal_up_to_what_the_servers_chose() -> None:
    assert _in_bytes("a", "a").differences == ()
    found = only(_in_bytes("a", "b"))
    assert (found.where, found.path, found.kind) == ("body", "$", "changed")
    assert str(found.baseline).startswith("42 bytes, sha256 ")


def test_whose_recording_lacks_something_is_said() -> None:
    for at, whose in enumerate(("baseline", "replay")):
        servers = baseline(), replayed()
        _gap(servers[at])
        _cut(servers[at])
        reasons = verdict_of(*servers).reasons
        assert f"the {whose}'s recording has a gap: exchanges at exchange 9: the buffer was full (2 missing)" in reasons
        assert [each for each in reasons if each.startswith(f"the {whose}'s recording") and "proxy-gone" in each]
