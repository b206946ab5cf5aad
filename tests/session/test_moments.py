"""`--at`: which of a key's changes had happened."""

from dataclasses import replace

import pytest

from kproxy.errors import UsageError
from kproxy.model.api import ObjectRef
from kproxy.model.attribution import Basis
from kproxy.model.etcd import EtcdKey
from kproxy.model.exchange import Nanos
from kproxy.session.entries import Entries
from kproxy.session.moments import Happened, Moment, parse_moment
from tests.correlate.story import POD, PODS, Story, pod
from tests.support.life import KEY, SECOND, Life, widget

APP = ObjectRef(group="example.org", resource="widgets", namespace="default", name="app")


def a_life() -> Life:
    """Exchanges 1 create, 2 read, 3 update, 4 delete: revisions 11, 12, 13."""
    return Life().write(widget(x=1)).read().write(widget(x=2)).delete()


def happened(life: Life, at: str | None) -> list[int]:
    entries = Entries(life.recording)
    moment = parse_moment(life.recording, at)
    found = Happened(life.recording, entries, APP).by(entries.of_key(KEY), moment)
    return [entry.change.revision for entry in found]


@pytest.mark.parametrize(
    ("at", "revisions"),
    [
        (None, [11, 12, 13]),
        ("1", [11]),
        ("2", [11]),
        ("3", [11, 12]),
        ("4", [11, 12, 13]),
        ("rev:12", [11, 12]),
        ("rev:0", []),
        ("+0", []),
        ("+2.5s", [11]),
        ("+1000000", [11, 12, 13]),
        ("2026-11-23T07:00:03.5Z", [11, 12]),
        ("2026-11-23T09:00:03.5+02:00", [11, 12]),
    ],
)
def test_the_changes_up_to_a_moment(at: str | None, revisions: list[int]) -> None:
    assert happened(a_life(), at) == revisions


def test_a_read_s_answer_tells_what_it_saw_whenever_the_watch_told_it() -> None:
    life = a_life()
    life.recording.change_list[1] = replace(life.recording.change_list[1], at=Nanos(0))
    assert happened(life, "2") == [11]
    assert parse_moment(life.recording, "2") == Moment(seq=life.recording.exchange_list[1].seq)


def test_what_an_ended_exchange_did_was_done_though_the_watch_told_it_later() -> None:
    life = a_life()
    assert life.recording.change_list[0].at > SECOND
    assert happened(life, "+1.000000005") == [11], "its exchange had ended then"
    moment = Moment(time=Nanos(SECOND + 1))
    entries = Entries(life.recording)
    assert Happened(life.recording, entries, APP).by(entries.of_key(KEY), moment) == []


def judged(life: Life, basis: Basis, at: int, time: int) -> list[int]:
    """The changes by a time of an object that exchange 2 ended with this ground, as the watch told at `at`."""
    life.recording.change_list[-1] = replace(life.recording.change_list[-1], at=Nanos(at))
    entries = Entries(life.recording)
    *before, last = entries.of_key(KEY)
    assert last.attribution is not None
    history = [*before, replace(last, attribution=replace(last.attribution, basis=basis))]
    found = Happened(life.recording, entries, APP).by(history, Moment(time=Nanos(time)))
    return [entry.change.revision for entry in found]


@pytest.mark.parametrize("basis", list(Basis))
def test_what_a_request_only_began_had_not_happened_when_it_ended(basis: Basis) -> None:
    life = Life().write(widget(x=1)).delete()
    seen = [11, 12] if basis in {Basis.TRACED, Basis.OTLP, Basis.REVISION} else [11]
    assert judged(life, basis, at=32 * SECOND, time=12 * SECOND) == seen
    assert judged(life, basis, at=32 * SECOND, time=33 * SECOND) == [11, 12]


def test_a_watch_that_is_a_little_late_does_not_keep_an_ended_object() -> None:
    life = Life().write(widget(x=1)).delete()
    assert judged(life, Basis.OBJECT, at=2 * SECOND + 50_000_000, time=2 * SECOND + 6) == [11, 12]
    assert judged(life, Basis.WINDOW, at=2 * SECOND + 50_000_000, time=2 * SECOND + 6) == [11]


@pytest.mark.parametrize(
    "at",
    [
        "0",
        "99",
        "9" * 30,
        "9" * 5000,
        "yesterday",
        "+",
        "+x",
        "+-1",
        "+nan",
        "+inf",
        "rev:",
        "rev:x",
        "rev:" + "9" * 5000,
    ],
)
def test_what_is_no_moment_of_this_session_is_refused(at: str) -> None:
    with pytest.raises(UsageError):
        parse_moment(a_life().recording, at)


def test_a_pod_that_takes_its_time_to_end_is_there_until_it_went() -> None:
    story = Story()
    story.put(101, POD, pod())
    ending = pod(deleting=True, deletionGracePeriodSeconds=30)
    first = story.ask("DELETE", f"{PODS}/web", 200, pod(revision=102, deleting=True, deletionGracePeriodSeconds=30))
    story.put(102, POD, ending, pod())
    story.delete(103, POD, ending, at=Nanos(30 * SECOND))
    assert story.grounds()[1:] == [(102, first, Basis.REVISION), (103, first, Basis.OBJECT)]
    entries = Entries(story.recording)
    web = Happened(story.recording, entries, ObjectRef(group="", resource="pods", namespace="default", name="web"))
    history = entries.of_key(EtcdKey(POD.encode()))
    for second, revisions in ((10, [101, 102]), (29, [101, 102]), (30, [101, 102, 103])):
        happened = web.by(history, Moment(time=Nanos(second * SECOND)))
        assert [entry.change.revision for entry in happened] == revisions
