"""kproxy.replay.slices."""

from collections.abc import Container
from dataclasses import replace

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
