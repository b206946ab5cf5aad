"""kproxy.correlate.traced: calls to etcd name the exchange."""

import pytest

from kproxy.correlate.traced import Traces
from kproxy.model.attribution import Basis, Standing
from kproxy.model.etcd import Compared, EtcdKey, KeyOperation, KeyRange, Operation
from kproxy.model.exchange import Seq
from kproxy.wire.etcdcalls import COUNTS_UNREAD
from kproxy.wire.tracecontext import TraceSeeds
from tests.correlate.story import POD, PODS, Story, deletes, pod, puts

TRACE, OTHER = "a" * 32, "b" * 32
PARENT, STRANGE = "1" * 16, "2" * 16


def test_the_call_that_wrote_a_change_names_the_exchange_whose_trace_it_carries() -> None:
    story = Story()
    seq = story.ask("POST", PODS, 201, None, trace_id=TRACE, parent_id=PARENT)
    story.put(101, POD, pod())
    number = story.call(101, puts(POD), trace_id=TRACE, parent_id=PARENT)
    assert story.grounds() == [(101, seq, Basis.TRACED)]
    found = story.entry(101).attribution
    assert found is not None
    assert f"call {number} " in found.evidence


def test_a_call_that_only_read_at_that_revision_wrote_nothing() -> None:
    story = Story()
    story.ask("GET", f"{PODS}/web", 200, None, trace_id=TRACE, parent_id=PARENT)
    story.put(101, POD, pod())
    read = KeyOperation(operation=Operation.RANGE, keys=KeyRange(key=EtcdKey(POD.encode())), count=1)
    story.call(101, read, trace_id=TRACE, parent_id=PARENT)
    assert story.grounds() == [(101, None, None)]


def test_a_delete_that_found_nothing_answers_the_revision_of_another() -> None:
    story = Story()
    first = story.ask("DELETE", f"{PODS}/web", 200, None, trace_id=TRACE, parent_id=PARENT)
    story.ask("DELETE", f"{PODS}/web", 404, None, trace_id=TRACE, parent_id=STRANGE)
    story.delete(101, POD, before=pod())
    story.call(101, deletes(POD), trace_id=TRACE, parent_id=PARENT)
    story.call(101, deletes(POD, count=0), trace_id=TRACE, parent_id=STRANGE)
    assert story.grounds() == [(101, first, Basis.TRACED)]


def test_a_delete_whose_count_was_in_an_answer_too_large_to_be_read_is_taken_for_the_one_that_wrote() -> None:
    story = Story()
    seq = story.ask("DELETE", f"{PODS}/web", 200, None, trace_id=TRACE, parent_id=PARENT)
    story.delete(101, POD, before=pod())
    story.call(101, deletes(POD, count=0), trace_id=TRACE, parent_id=PARENT, partial=COUNTS_UNREAD)
    assert story.grounds() == [(101, seq, Basis.TRACED)]


def test_all_keys_of_one_call_are_its_exchanges() -> None:
    story = Story()
    seq = story.ask("DELETE", PODS, 200, None, trace_id=TRACE, parent_id=PARENT)
    for name in ("a", "b"):
        story.delete(101, f"/registry/pods/default/{name}", before=pod())
    keys = KeyRange(key=EtcdKey(b"/registry/pods/"), end=b"/registry/pods0")
    swept = KeyOperation(operation=Operation.DELETE, keys=keys, count=2)
    story.call(101, swept, method="KV/DeleteRange", succeeded=None, trace_id=TRACE, parent_id=PARENT)
    assert story.grounds() == [(101, seq, Basis.TRACED)] * 2


def test_where_the_server_writes_another_parent_a_trace_that_kproxy_made_still_names_the_exchange() -> None:
    story = Story()
    ours = TraceSeeds("a" * 16, 1).trace_id(1)
    seq = story.ask("POST", PODS, 201, None, trace_id=ours, parent_id=PARENT)
    story.put(101, POD, pod())
    story.call(101, puts(POD), trace_id=ours, parent_id=STRANGE)
    assert story.grounds() == [(101, seq, Basis.TRACED)]


def test_a_clients_own_trace_may_be_that_of_a_request_around_kproxy_and_names_none_alone() -> None:
    story = Story()
    story.ask("GET", f"{PODS}/web", 200, None, trace_id=TRACE, parent_id=PARENT)
    story.put(101, POD, pod())
    number = story.call(101, puts(POD), trace_id=TRACE, parent_id=STRANGE)
    assert story.grounds() == [(101, None, None)]
    assert f"call {number} to etcd has a client's trace, which other requests may have, too" in story.entry(101).reason


def test_a_trace_of_several_exchanges_names_none_and_the_next_ground_is_taken() -> None:
    story = Story()
    seq = story.ask("POST", PODS, 201, pod(revision=101), trace_id=TRACE, parent_id=PARENT)
    story.ask("GET", f"{PODS}/web", 200, None, trace_id=TRACE, parent_id="3" * 16)
    story.put(101, POD, pod())
    story.call(101, puts(POD), trace_id=TRACE, parent_id=STRANGE)
    assert story.grounds() == [(101, seq, Basis.REVISION)]


def test_a_call_without_a_trace_is_the_servers_own() -> None:
    story = Story()
    story.put(101, POD, pod())
    story.call(101, puts(POD))
    entry = story.entry(101)
    assert entry.standing is Standing.UNATTRIBUTED
    assert "the api-server's own loop" in entry.reason


def test_a_trace_that_no_exchange_has_is_another_clients() -> None:
    story = Story()
    story.ask("GET", f"{PODS}/web", 200, None, trace_id=TRACE, parent_id=PARENT)
    story.put(101, POD, pod())
    story.call(101, puts(POD), trace_id=OTHER, parent_id=STRANGE)
    assert "by another client than kproxy's" in story.entry(101).reason


def test_a_better_ground_wins_and_the_other_is_a_contradiction() -> None:
    story = Story()
    wrote = story.ask("PATCH", f"{PODS}/web", 200, None, trace_id=TRACE, parent_id=PARENT)
    answers = story.ask("PATCH", f"{PODS}/web", 200, pod(revision=101))
    story.put(101, POD, pod())
    story.call(101, puts(POD), trace_id=TRACE, parent_id=PARENT)
    entry = story.entry(101)
    assert entry.attribution is not None
    assert (entry.attribution.seq, entry.attribution.basis) == (wrote, Basis.TRACED)
    (sentence,) = entry.contradictions
    assert f"#{answers}" in sentence
    assert "revision" in sentence


def test_traces_that_are_no_ids_name_nobody() -> None:
    traces = Traces([(Seq(1), "zz" * 16, PARENT), (Seq(2), TRACE, "")])
    assert traces.exchanges("zz" * 16, PARENT) == ()
    assert traces.exchanges(TRACE, "") == (2,)
    assert traces.exchanges(TRACE, STRANGE) == ()
    assert traces.knows(TRACE)
    assert not traces.knows(OTHER)


@pytest.mark.parametrize(
    "trace",
    ["-" + "1" * 31, "0x" + "1" * 30, "1_" * 15 + "11", "\N{ARABIC-INDIC DIGIT ONE}" * 32, "A" * 32, " " + "1" * 31],
)
def test_what_is_no_id_is_nobodys(trace: str) -> None:
    traces = Traces([(Seq(1), trace, PARENT), (Seq(2), TRACE, "-" + "1" * 15)])
    assert traces.exchanges(trace, PARENT) == ()
    assert not traces.knows(trace)
    assert traces.knows(TRACE)


def test_one_parent_of_two_traces_names_only_the_exchange_of_the_calls_own() -> None:
    traces = Traces([(Seq(1), TRACE, PARENT), (Seq(2), OTHER, PARENT)])
    assert traces.exchanges(TRACE, PARENT) == (1,)
    assert traces.exchanges(OTHER, PARENT) == (2,)
    assert traces.exchanges("c" * 32, PARENT) == ()


@pytest.mark.parametrize(("revision", "status"), [(101, 2), (0, 0), (-1, 0)])
def test_a_call_that_failed_or_of_which_no_revision_is_known_wrote_nothing(revision: int, status: int) -> None:
    story = Story()
    story.ask("POST", PODS, 500, None, trace_id=TRACE, parent_id=PARENT)
    story.put(101, POD, pod())
    story.call(revision, puts(POD), trace_id=TRACE, parent_id=PARENT, status=status)
    assert [basis for _, _, basis in story.grounds()] == [None]


@pytest.mark.parametrize(
    ("key", "expected", "wrote"),
    [(POD, 5, True), (POD, 1, True), (POD, 0, False), ("/registry/pods/default/other", 5, False)],
)
def test_a_delete_that_counts_nothing_is_the_one_that_wrote_if_it_compared_a_revision_of_the_key(
    key: str, expected: int, *, wrote: bool
) -> None:
    story = Story()
    seq = story.ask("DELETE", f"{PODS}/web", 200, None, trace_id=TRACE, parent_id=PARENT)
    story.delete(101, POD, before=pod())
    compared = (Compared(key=EtcdKey(key.encode()), target="mod_revision", relation="=", expected=expected),)
    story.call(101, deletes(POD, count=0), trace_id=TRACE, parent_id=PARENT, compares=compared)
    assert story.grounds() == [(101, seq, Basis.TRACED)] if wrote else [(101, None, None)]
