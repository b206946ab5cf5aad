"""Calls out of a relay's feed: numbers, times, and what is missing."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kproxy.model.etcd import ClusterId, EtcdCall
from kproxy.model.exchange import Nanos
from kproxy.record.calls import CallBook
from kproxy.record.literals import Literals
from kproxy.record.pseudonyms import Pseudonyms
from kproxy.record.redact import Redactor
from kproxy.store.writer import Batch, Writer
from kproxy.wire.relayfeed import Hello, Lost, Relayed, Unread
from tests.support.made import a_session

EPOCH = 1_000_000
PSEUDONYMS = Pseudonyms(b"1" * 32)
CLUSTER = ClusterId("00000000000000aa")


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[Writer]:
    with Writer.create(tmp_path / "calls.kproxy", a_session()) as made:
        yield made


def book(writer: Writer, place: int = 0, places: int = 1) -> CallBook:
    redactor = Redactor(PSEUDONYMS, Literals(PSEUDONYMS, ["known-literal-secret"]))
    return CallBook(redactor, writer, epoch=EPOCH, place=place, places=places)


def call(number: int, at: int = 10, **fields: str) -> EtcdCall:
    """One that took 5 ns."""
    started, ended = Nanos(EPOCH + at), Nanos(EPOCH + at + 5)
    made = EtcdCall(
        number=number, cluster=CLUSTER, connection=1, stream=1, started=started, ended=ended, method="KV/Txn"
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # texts only


def hello(relay: str = "r", calls: int = 0, at: int = 0) -> Hello:
    return Hello(relay, 1, (), EPOCH + at, calls)


def told(calls: CallBook, writer: Writer) -> Batch:
    """What is committed now."""
    batch = calls.take_batch()
    writer.commit(batch)
    return batch


def test_calls_count_from_one_whatever_the_relay_told_to_others_before(writer: Writer) -> None:
    calls = book(writer)
    for record in (hello(calls=700), call(702, at=20), call(701, at=10)):
        calls.take(record)
    batch = told(calls, writer)
    assert [(each.number, each.started, each.ended) for each in batch.calls] == [(2, 20, 25), (1, 10, 15)]


def test_what_began_before_the_relay_was_heard_takes_no_other_calls_number(writer: Writer) -> None:
    calls = book(writer)
    for record in (hello("one", calls=5), call(4), call(5), call(6), call(7)):
        calls.take(record)
    assert [each.number for each in told(calls, writer).calls] == [1, 2]
    for record in (hello("two", calls=3), call(3), call(2), call(4)):
        calls.take(record)
    assert [each.number for each in told(calls, writer).calls] == [3]


def test_after_another_recorder_no_call_gets_a_number_below_one(writer: Writer) -> None:
    calls = book(writer)
    for record in (hello(calls=4), call(5)):
        calls.take(record)
    told(calls, writer)
    successor = book(writer)
    for record in (hello(calls=5), call(4), call(6)):
        successor.take(record)
    assert [each.number for each in told(successor, writer).calls] == [2]


def test_times_before_the_session_are_its_beginning(writer: Writer) -> None:
    calls = book(writer)
    calls.take(hello())
    calls.take(replace(call(1), started=Nanos(5), ended=None))
    (made,) = told(calls, writer).calls
    assert (made.started, made.ended) == (0, None)


def test_a_relay_that_was_started_again_counts_on_from_where_it_was(writer: Writer) -> None:
    calls = book(writer)
    for record in (hello("one", calls=5), call(6), call(7)):
        calls.take(record)
    told(calls, writer)
    for record in (hello("two"), call(1)):
        calls.take(record)
    assert [each.number for each in told(calls, writer).calls] == [3]


def test_two_relays_never_give_the_same_number(writer: Writer) -> None:
    both = [book(writer, place, 2) for place in (0, 1)]
    for number in (1, 2):
        for place, calls in enumerate(both):
            calls.take(hello(f"{place}"))
            calls.take(call(number))
    given = [each.number for calls in both for each in told(calls, writer).calls]
    both[0].take(hello("again"))
    both[0].take(call(1))
    given += [each.number for each in told(both[0], writer).calls]
    assert sorted(given) == [1, 2, 3, 4, 5]


def test_after_another_recorder_the_same_call_has_the_same_number_and_the_time_between_is_a_gap(writer: Writer) -> None:
    calls = book(writer)
    for record in (hello(calls=4), call(5), call(6, at=30)):
        calls.take(record)
    told(calls, writer)
    successor = book(writer)
    for record in (hello(calls=6), call(7, at=50)):
        successor.take(record)
    batch = told(successor, writer)
    assert [each.number for each in batch.calls] == [3]
    (gap,) = batch.gaps
    assert (gap.kind, gap.at, gap.count) == ("calls", 35, 0)
    assert gap.reason == "there was no recorder to hear the etcd relay"


def test_a_reader_that_attached_again_writes_no_such_gap(writer: Writer) -> None:
    calls = book(writer)
    for record in (hello(calls=4), call(5), hello(calls=5), call(6)):
        calls.take(record)
    batch = told(calls, writer)
    assert [each.number for each in batch.calls] == [1, 2]
    assert not batch.gaps


def test_what_the_feed_lost_or_could_not_read_is_a_gap(writer: Writer) -> None:
    calls = book(writer)
    for record in (
        hello(),
        call(1),
        Lost(12, EPOCH + 40, EPOCH + 50),
        Unread(3, "http://etcd", EPOCH + 60, "known-literal-secret"),
    ):
        calls.take(record)
    lost, unread = told(calls, writer).gaps
    assert (lost.kind, lost.count, lost.at, lost.cluster) == ("calls", 12, 40, CLUSTER)
    assert (unread.count, unread.at) == (0, 60)
    assert "known-literal-secret" not in unread.reason


def test_a_call_without_an_answer_is_of_the_etcd_that_the_others_are_of(writer: Writer) -> None:
    calls = book(writer)
    for record in (hello(), call(1), call(2, cluster="", partial="known-literal-secret")):
        calls.take(record)
    _, made = told(calls, writer).calls
    assert made.cluster == CLUSTER
    assert "known-literal-secret" not in made.partial


def test_of_several_etcds_behind_one_relay_none_is_taken_for_another(writer: Writer) -> None:
    calls = book(writer)
    several = tuple(Relayed(f"http://{name}:2379", f"http://127.0.0.1:{name}") for name in "12")
    other = ClusterId("00000000000000bb")
    for record in (
        replace(hello(), relayed=several),
        call(1),
        call(2, cluster=other),
        call(3, cluster=""),
        Lost(1, EPOCH, EPOCH),
        Unread(3, "http://1:2379", EPOCH, "junk"),
    ):
        calls.take(record)
    calls.gap("the etcd relay was gone", EPOCH)
    batch = told(calls, writer)
    assert [each.cluster for each in batch.calls] == [CLUSTER, other, ""]
    assert [each.cluster for each in batch.gaps] == ["", "", ""]


def test_what_could_not_be_committed_comes_before_what_is_new(writer: Writer) -> None:
    calls = book(writer)
    calls.take(hello())
    calls.take(call(1))
    batch = calls.take_batch()
    calls.take(call(2))
    calls.give_back(batch)
    assert [each.number for each in calls.take_batch().calls] == [1, 2]
