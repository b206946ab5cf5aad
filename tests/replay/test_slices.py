"""kproxy.replay.slices."""

from collections.abc import Container
from dataclasses import replace

from kproxy.model.etcd import ChangeType, ClusterId, EtcdCall, EtcdKey, KeyChange, Revision
from kproxy.model.exchange import Nanos, Seq
from kproxy.replay.plan import LeaveOut, Send, make_plan
from kproxy.replay.slices import Part, Seqs, Slice, part_of
from tests.replay.test_graph import MAPS, PODS, Session, named

SECOND = 1_000_000_000


def kept(session: Session, of: Slice) -> list[int]:
    """The seqs of a slice."""
    return [each.seq for each in part_of(session.recording, of).exchanges()]


def three() -> Session:
    """Three exchanges at the seconds 1, 2 and 3."""
    session = Session()
    session.add("GET", f"{MAPS}/x", agent="kubectl/v1.37.2 (linux)", caller="ada")
    session.add("POST", "/api/v1/namespaces/other/pods", 201, sent=named("p"), said=named("p"), caller="bob")
    session.add("GET", "/api/v1/nodes", agent="kwok/v0.8.0")
    return session


def test_nothing_said_is_all() -> None:
    assert Slice().is_all
    assert kept(three(), Slice()) == [1, 2, 3]


def test_times_and_numbers_hold_the_first_and_not_the_last() -> None:
    assert kept(three(), Slice(begins=Nanos(2 * SECOND), ends=Nanos(3 * SECOND))) == [2]
    assert kept(three(), Slice(first=Seq(2), last=Seq(3))) == [2]


def test_a_client_is_who_called_or_a_part_of_its_user_agent() -> None:
    assert kept(three(), Slice(clients=("ada",))) == [1]
    assert kept(three(), Slice(clients=("bob", "kwok"))) == [2, 3]
    assert kept(three(), Slice(clients=("b",))) == [1]  # of kubectl's name: a caller is named in full


def test_namespaces_and_verbs_must_both_hold() -> None:
    assert kept(three(), Slice(namespaces=("other", "default"))) == [1, 2]
    assert kept(three(), Slice(namespaces=("other",), verbs=("get",))) == []
    assert kept(three(), Slice(verbs=("list", "create"))) == [2, 3]


def test_a_part_is_a_recording_of_its_own_exchanges() -> None:
    part = part_of(three().recording, Slice(verbs=("get",)))
    assert isinstance(part, Part)
    assert (part.exchange(Seq(1)) is not None, part.exchange(Seq(2)), part.exchange(Seq(9))) == (True, None, None)
    assert (1 in part.seqs, 2 in part.seqs, len(part.seqs)) == (True, False, 1)
    assert part.session == part.whole.session


def test_a_plan_of_a_part_sends_nothing_else() -> None:
    session = Session()
    session.add("POST", PODS, 201, sent=named("p"), said=named("p"))
    session.add("GET", f"{PODS}/p")
    session.recording.exchange_list.append(replace(session.recording.exchange_list[0], seq=Seq(3), upgrade="SPDY/3.1"))
    actions = [step.action for step in make_plan(part_of(session.recording, Slice(verbs=("get",)))).steps]
    assert actions == [Send(seq=Seq(2))]
    assert not any(isinstance(action, LeaveOut) for action in actions)


def test_numbers_are_found_among_many() -> None:
    seqs = Seqs([5, 1, 9])
    assert [number in seqs for number in (1, 4, 5, 9, 10)] == [True, False, True, True, False]


def test_of_numbers_only_a_number_is_one() -> None:
    seqs: Container[object] = Seqs([7, 3])
    assert (3 in seqs, 5 in seqs, "3" in seqs) == (True, False, False)


def test_a_part_has_what_its_whole_knows_of_its_exchanges_and_of_etcd() -> None:
    session = three()
    whole = session.recording
    for index, each in enumerate(whole.exchange_list):
        whole.exchange_list[index] = replace(each, trace_id=f"{each.seq:032}", parent_id=f"{each.seq:016}")
    session.watch(MAPS, 9, 5, agent="w/1")
    key = EtcdKey(b"/registry/pods/default/p")
    change = KeyChange(cluster=ClusterId("c"), revision=Revision(5), key=key, type=ChangeType.DELETE, at=Nanos(1))
    whole.change_list.append(change)
    call = EtcdCall(
        number=1, cluster=ClusterId("c"), connection=1, stream=1, started=Nanos(1), ended=Nanos(2), method="KV/Put",
        trace_id=f"{1:032}", parent_id=f"{1:016}",
    )  # fmt: skip
    whole.call_list.append(call)
    part = part_of(whole, Slice(verbs=("get",)))
    [first] = part.exchanges()
    assert list(part.traces()) == [(1, f"{1:032}", f"{1:016}")]
    assert list(part.frames(Seq(4))) == whole.frame_list
    assert list(part.key_changes()) == list(part.changes_of(key)) == [change]
    assert list(part.etcd_calls()) == list(part.etcd_calls(("KV/Put",))) == list(part.calls_of(first)) == [call]
    assert not list(part.etcd_calls(("KV/Txn",)))
    assert not list(part.changes_of(EtcdKey(b"x")))
    digests = list(whole.body_bytes)
    assert part.bodies(digests) == whole.body_bytes
    assert part.body(digests[0]) == whole.body_bytes[digests[0]]


def test_a_parts_exchanges_of_some_verbs_are_asked_for_as_a_recordings_are() -> None:
    part = part_of(three().recording, Slice(namespaces=("default", "other")))
    assert [each.seq for each in part.exchanges(("create",))] == [2]
    assert [each.seq for each in part.exchanges()] == [1, 2]
