"""kproxy.replay.order."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.errors import RecordingError
from kproxy.model.etcd import ClusterId, EtcdCall, EtcdKey, KeyOperation, KeyRange, Operation, Revision
from kproxy.model.exchange import Answer, Digest, End, Exchange, Frame, Nanos, Request, Seq
from kproxy.model.jsontypes import JSONObject
from kproxy.model.recording import LATELY, SHARE
from kproxy.replay.order import in_order
from kproxy.wire.requestinfo import request_info
from tests.support.memory import MemoryRecording

MAPS = "/api/v1/namespaces/default/configmaps"
JSON_TYPE = (("Content-Type", "application/json"),)


def named(name: str = "x", *, uid: str = "", revision: int = 0) -> JSONObject:
    """An object, as far as its metadata goes."""
    metadata: JSONObject = {"name": name}
    if uid:
        metadata["uid"] = uid
    if revision:
        metadata["resourceVersion"] = str(revision)
    return {"metadata": metadata}


def refusal(reason: str, name: str = "x") -> JSONObject:
    """A Status that refuses."""
    return {"kind": "Status", "status": "Failure", "reason": reason, "details": {"name": name, "kind": "configmaps"}}


def deleted(uid: str = "") -> JSONObject:
    """A Status that says that something was deleted."""
    return {"kind": "Status", "status": "Success", "details": {"name": "x", "uid": uid}}


@dataclass
class Session:
    """A recording that is made request by request; `order` says the seqs as they are sent."""

    recording: MemoryRecording = field(default_factory=MemoryRecording)
    written: dict[Seq, int] = field(default_factory=dict)

    def add(  # noqa: PLR0913 - a request, an answer and their times
        self,
        method: str,
        target: str,
        times: tuple[int, int],
        status: int = 200,
        *,
        said: JSONObject | None = None,
        sent: JSONObject | None = None,
        revision: int = 0,
    ) -> int:
        """One request that went on from one time to another; `revision`: what the ledger says that it made."""
        seq = Seq(len(self.recording.exchange_list) + 1)
        started, ended = map(Nanos, times)
        request = self.recording.keep(json.dumps(sent).encode() if sent else b"")
        answer = self.recording.keep(json.dumps(said).encode() if said else b"")
        made = Exchange(
            seq=seq,
            connection=1,
            started=started,
            answered=ended,
            ended=ended,
            request=Request(method=method, target=target, http_version="HTTP/1.1", headers=JSON_TYPE, body=request),
            info=request_info(method, target),
            answer=Answer(status=status, reason="", http_version="HTTP/1.1", headers=JSON_TYPE, body=answer),
            end=End.COMPLETE,
        )
        self.recording.exchange_list.append(made)
        if revision:
            self.written[seq] = revision
        return seq

    def create(self, times: tuple[int, int], status: int = 201, *, uid: str = "", revision: int = 0) -> int:
        """POST x."""
        said = named(uid=uid, revision=revision) if status == 201 else refusal("AlreadyExists")
        return self.add("POST", MAPS, times, status, said=said, sent=named())

    def delete(self, times: tuple[int, int], status: int = 200, *, uid: str = "") -> int:
        """DELETE x."""
        return self.add(
            "DELETE", f"{MAPS}/x", times, status, said=deleted(uid) if status == 200 else refusal("NotFound")
        )

    def get(self, times: tuple[int, int], status: int = 200, *, uid: str = "", revision: int = 0) -> int:
        """GET x."""
        said = named(uid=uid, revision=revision) if status == 200 else refusal("NotFound")
        return self.add("GET", f"{MAPS}/x", times, status, said=said)

    def put(self, times: tuple[int, int], status: int = 200, *, wanted: int = 0, revision: int = 0) -> int:
        """PUT x, if it is still at the wanted resourceVersion."""
        said = named(revision=revision) if status == 200 else refusal("Conflict")
        return self.add("PUT", f"{MAPS}/x", times, status, said=said, sent=named(revision=wanted))

    def called(self, seq: int, revision: int, at: int) -> None:
        """A relay read that a request wrote in etcd."""
        found = self.recording.exchange_list
        found[seq - 1] = replace(found[seq - 1], trace_id=f"t{seq}", parent_id="p")
        put = KeyOperation(operation=Operation.PUT, keys=KeyRange(key=EtcdKey(b"k")))
        self.recording.call_list.append(
            EtcdCall(
                number=len(self.recording.call_list) + 1,
                cluster=ClusterId("c"),
                connection=1,
                stream=1,
                started=Nanos(at - 1),
                ended=Nanos(at),
                method="KV/Txn",
                trace_id=f"t{seq}",
                parent_id="p",
                operations=(put,),
                succeeded=True,
                revision=Revision(revision),
                status=0,
            )
        )

    def order(self) -> list[int]:
        """The seqs in the order of sending."""
        return [each.seq for each in in_order(self.recording, self.written)]


def test_the_deletion_that_found_nothing_goes_after_the_one_that_deleted_although_it_was_answered_first() -> None:
    session = Session()
    done, nothing = session.delete((10, 20)), session.delete((11, 19), 404)
    assert session.order() == [done, nothing]


def test_the_deletion_that_found_nothing_goes_before_the_creation_that_it_overlaps() -> None:
    session = Session()
    created, nothing = session.create((10, 19)), session.delete((11, 20), 404)
    assert session.order() == [nothing, created]


def test_the_creation_that_found_one_there_goes_after_the_one_that_made_it() -> None:
    session = Session()
    created, exists = session.create((10, 20)), session.create((11, 15), 409)
    assert session.order() == [created, exists]


def test_a_creation_that_found_one_there_goes_before_the_deletion_of_it() -> None:
    session = Session()
    exists, done = session.create((10, 20), 409), session.delete((11, 19))
    assert session.order() == [exists, done]


def test_uids_tell_whether_a_deletion_took_the_old_object_or_the_new_one() -> None:
    took_old, took_new = Session(), Session()
    created, done = took_old.create((10, 18), uid="new"), took_old.delete((11, 19), uid="old")
    assert took_old.order() == [done, created]
    created, done = took_new.create((10, 20), uid="new"), took_new.delete((11, 19), uid="new")
    assert took_new.order() == [created, done]


def test_a_read_goes_after_the_write_that_it_shows_and_before_the_next_one() -> None:
    session = Session()
    first = session.put((10, 30), revision=5)
    second = session.put((11, 31), revision=6)
    sees_second, sees_first = session.get((12, 28), revision=6), session.get((13, 29), revision=5)
    session.written = {Seq(first): 5, Seq(second): 6}
    assert session.order() == [first, sees_first, second, sees_second]


def test_a_read_of_an_old_state_leaves_the_order_of_the_others_known() -> None:
    session = Session()
    first = session.put((10, 12), revision=5)
    second = session.put((13, 33), revision=6)
    sees_first = session.get((14, 34), revision=5)
    third = session.put((20, 36), revision=7)
    old = session.add("GET", f"{MAPS}/x?resourceVersion=0", (35, 50), said=named(revision=5))
    session.written = {Seq(first): 5, Seq(second): 6, Seq(third): 7}
    assert session.order() == [first, sees_first, second, third, old]


def test_a_read_amid_another_clients_patch_goes_where_its_answer_says() -> None:
    for revision, shown_last in ((5, False), (6, True)):
        session = Session()
        before = session.put((1, 2), revision=5)
        patch = session.add("PATCH", f"{MAPS}/x", (10, 30), said=named(revision=6))
        read = session.get((12, 20) if shown_last else (12, 40), revision=revision)
        session.written = {Seq(before): 5, Seq(patch): 6}
        assert session.order() == ([before, patch, read] if shown_last else [before, read, patch])


def test_a_read_of_what_is_not_there_goes_before_the_creation() -> None:
    session = Session()
    created, absent = session.create((10, 19)), session.get((11, 20), 404)
    assert session.order() == [absent, created]


def test_the_conflict_goes_after_the_update_that_made_it_one() -> None:
    session = Session()
    won, lost = session.put((10, 20), wanted=5, revision=6), session.put((11, 15), 409, wanted=5)
    assert session.order() == [won, lost]


def test_a_foundgoes_after_the_writes_that_it_shows_and_before_the_others() -> None:
    session = Session()
    shown = session.add("PATCH", f"{MAPS}/a", (10, 30), said=named("a", revision=5), revision=5)
    later = session.add("PATCH", f"{MAPS}/b", (10, 19), said=named("b", revision=7), revision=7)
    listed = session.add("GET", MAPS, (11, 20), said={"metadata": {"resourceVersion": "6"}, "items": []})
    assert session.order() == [shown, listed, later]


def test_a_foundthat_may_be_an_old_one_stays_where_it_was_answered() -> None:
    session = Session()
    written = session.add("PATCH", f"{MAPS}/a", (10, 20), said=named("a", revision=5), revision=5)
    said: JSONObject = {"metadata": {"resourceVersion": "6"}, "items": []}
    listed = session.add("GET", f"{MAPS}?resourceVersion=0", (11, 15), said=said)
    assert session.order() == [listed, written]


def test_the_deletion_of_all_explains_that_one_is_gone() -> None:
    session = Session()
    seen = session.get((10, 22), revision=5)
    nothing, wiped = session.get((11, 19), 404), session.add("DELETE", MAPS, (11, 20), said={"items": []})
    assert session.order() == [seen, wiped, nothing]


def test_the_deletion_of_all_comes_before_what_does_not_find_an_object_that_it_shows() -> None:
    session = Session()
    nothing, wiped = session.delete((11, 19), 404), session.add("DELETE", MAPS, (10, 20), said={"items": [named()]})
    assert session.order() == [wiped, nothing]


def test_what_overlaps_only_through_another_objects_request_keeps_to_its_own_times() -> None:
    session = Session()
    long = session.add("PATCH", f"{MAPS}/other", (0, 100), said=named("other"))
    done, nothing = session.delete((10, 20)), session.delete((30, 40), 404)
    assert session.order() == [done, nothing, long]


def test_writes_are_put_right_across_a_request_that_stands_between_them() -> None:
    """Regression: an unrelated answer between two writes kept them in the order of their answers."""
    session = Session()
    late = session.add("PATCH", f"{MAPS}/a", (10, 20), said=named("a"), revision=12)
    between = session.add("GET", "/version", (21, 22))
    early = session.add("PATCH", f"{MAPS}/b", (10, 30), said=named("b"), revision=10)
    assert session.order() == [early, late, between]


def test_revisions_that_contradict_the_clock_are_not_believed() -> None:
    session = Session()
    first = session.add("PATCH", f"{MAPS}/a", (10, 20), said=named("a"), revision=12)
    second = session.add("PATCH", f"{MAPS}/a", (30, 40), said=named("a"), revision=10)
    assert session.order() == [first, second]


def test_answers_that_no_order_explains_stay_in_theirs() -> None:
    session = Session()
    first, second = session.delete((10, 20), 404), session.create((11, 19), 409)
    assert session.order() == [second, first]


def test_what_cannot_be_decoded_tells_nothing() -> None:
    session = Session()
    broken = session.delete((10, 20))
    answer = session.recording.exchange_list[0].answer
    assert answer is not None
    assert answer.body.digest is not None
    session.recording.body_bytes[answer.body.digest] = b"{"
    nothing = session.delete((11, 19), 404)
    assert session.order() == [broken, nothing]  # its status alone says that it deleted


@given(st.data())
def test_whatever_a_server_answered_the_planned_order_gets_the_same_answers(data: st.DataObject) -> None:
    """A model of the server takes requests that overlap anyhow; taken again in the planned order, each fits."""
    session, first = Session(), data.draw(st.sampled_from(["", "born-before"]))
    asked, uid = [], first
    for at in range(data.draw(st.integers(2, 12))):
        method = data.draw(st.sampled_from(["POST", "DELETE", "GET"]))
        early, late = data.draw(st.integers(0, 3)), data.draw(st.integers(0, 3))
        asked.append((method, uid))
        _answered_by_a_server(
            session, method, (100 + 10 * (at - early), 100 + 10 * (at + late) + 1), uid=uid, made=f"u{at}"
        )
        uid = _afterwards(method, uid, f"u{at}")
    uid = first
    for seq in session.order():
        method, found = asked[seq - 1]
        assert bool(uid) == bool(found) if method == "POST" else uid == found  # a conflict does not say with what
        uid = _afterwards(method, uid, f"u{seq - 1}")


def _afterwards(method: str, uid: str, made: str) -> str:
    """The object's uid after a request, "" for none."""
    return {"POST": uid or made, "DELETE": "", "GET": uid}[method]


def _answered_by_a_server(session: Session, method: str, times: tuple[int, int], *, uid: str, made: str) -> None:
    if method == "POST":
        session.create(times, 409 if uid else 201, uid=made)
    elif method == "DELETE":
        session.delete(times, 200 if uid else 404, uid=uid)
    else:
        session.get(times, 200 if uid else 404, uid=uid)


def test_a_write_stands_where_its_first_change_was_made_although_it_was_answered_later() -> None:
    """A watch showed the deletion at 12, and another client acted on that and was answered before the deletion was."""
    session = Session()
    deletion, reaction = session.delete((10, 30)), session.add("GET", "/api/v1/namespaces/default/pods/p", (15, 20))
    assert session.order() == [reaction, deletion]
    session.called(deletion, 7, at=12)
    assert session.order() == [deletion, reaction]


def test_a_deletion_that_is_two_writes_stands_where_its_first_one_does() -> None:
    """Its first one, a pod whose grace is over, was seen by a controller that wrote before the second one was done."""
    session = Session()
    deletion = session.delete((10, 30))
    reaction = session.add("PUT", "/api/v1/namespaces/default/endpoints/e", (15, 28), said=named("e"), revision=8)
    session.written[Seq(deletion)] = 9
    assert session.order() == [reaction, deletion]
    session.called(deletion, 7, at=12)
    assert session.order() == [deletion, reaction]


def test_a_deletion_stands_behind_what_came_between_its_two_writes_and_found_the_object() -> None:
    session = Session()
    deletion = session.delete((10, 30))
    between = session.put((15, 28), revision=8)
    session.written |= {Seq(deletion): 9, Seq(between): 8}
    session.called(deletion, 7, at=12)
    assert session.order() == [between, deletion]


@dataclass
class Asked(MemoryRecording):
    """Remembers which bodies were asked for together."""

    together: list[list[Digest]] = field(default_factory=list)

    def bodies(self, digests: Iterable[Digest]) -> dict[Digest, bytes]:
        """Several at once."""
        self.together.append(list(digests))
        return super().bodies(self.together[-1])


def sized(session: Session, size: int) -> dict[Digest, int]:
    """The bodies of all answers, of each of which it is recorded that it has so many bytes."""
    recording, found = session.recording, dict[Digest, int]()
    for index, each in enumerate(recording.exchange_list):
        if each.answer is not None and each.answer.body.digest is not None:
            found[each.answer.body.digest] = size
            answer = replace(each.answer, body=replace(each.answer.body, size=size))
            recording.exchange_list[index] = replace(each, answer=answer)
    return found


def test_what_is_read_ahead_is_what_a_sight_looks_at() -> None:
    recording = Asked()
    session = Session(recording)
    session.create((10, 20), revision=7)
    session.add("GET", MAPS, (11, 19), said={"metadata": {"resourceVersion": "6"}, "items": [named("a")]})
    session.add("GET", f"{MAPS}?name=none", (11, 19), said={"items": [named("b")]})
    session.order()
    created = recording.exchange_list[0].answer
    assert created is not None
    assert [each for each in recording.together if each] == [[created.body.digest]]


def test_of_objects_that_were_all_made_no_answer_is_looked_at() -> None:
    session = Session()
    for name in ("a", "b", "c"):
        session.add("POST", MAPS, (0, 10), 201, said=named(name), sent=named(name))
    session.recording.body_bytes.clear()  # whoever asks for one fails
    assert [each.seq for each in in_order(session.recording, {})] == [1, 2, 3]
    session.add("POST", MAPS, (0, 10), 409, said=refusal("AlreadyExists"), sent=named())
    with pytest.raises(RecordingError, match="no body"):
        list(in_order(session.recording, {}))


def test_as_much_is_read_ahead_as_is_remembered_and_nothing_that_is_not() -> None:
    for size, most in ((LATELY // SHARE, SHARE // 2), (LATELY // SHARE + 1, 0)):
        recording = Asked()
        session = Session(recording)
        session.put((10, 90), revision=100)
        for number in range(40):
            session.get((20, 80), uid=f"u{number}")
        sizes = sized(session, size)
        session.order()
        assert max(map(len, recording.together)) <= most + 2  # the update's own two are among them
        asked = {digest for some in recording.together for digest in some}
        assert asked >= sizes.keys() if most else not asked & sizes.keys()


def watching(session: Session, times: tuple[int, int], *, answered: int, revision: int) -> int:
    """A watch that began with the state at a revision, as its bookmark says."""
    target = f"{MAPS}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
    watch = session.add("GET", target, times)
    found = session.recording.exchange_list
    found[watch - 1] = replace(found[watch - 1], answered=Nanos(answered))
    annotations: JSONObject = {"k8s.io/initial-events-end": "true"}
    shown: JSONObject = {"metadata": {"resourceVersion": str(revision), "annotations": annotations}}
    body = session.recording.keep(json.dumps({"type": "BOOKMARK", "object": shown}).encode())
    session.recording.frame_list.append(Frame(seq=Seq(watch), index=0, at=Nanos(answered), body=body))
    return watch


def test_a_watch_begins_before_the_writes_that_its_first_state_does_not_hold() -> None:
    """It was answered when the second write was done, but what it began with, says its bookmark, has only the first."""
    session = Session()
    first, second = session.put((10, 12), revision=5), session.put((13, 16), revision=6)
    watch = watching(session, (11, 90), answered=20, revision=5)
    session.written |= {Seq(first): 5, Seq(second): 6}
    assert session.order() == [first, watch, second]


def test_a_watch_that_began_with_an_older_state_seconds_later_stands_where_it_began() -> None:
    """Each resource's cache has a revision of its own: two watches' first states tell nothing of their order.

    The deletion that came behind the first watch had been planned behind what another one was answered later.
    """
    session = Session()
    first = watching(session, (11, 90), answered=12, revision=8)
    write = session.put((13, 14), revision=9)
    gone = session.add("DELETE", f"{MAPS}/y", (20, 21), 404, said=refusal("NotFound", "y"))
    later = watching(session, (30, 95), answered=31, revision=3)
    session.written[Seq(write)] = 9
    assert session.order() == [first, write, gone, later]


def test_what_no_order_explains_stands_in_the_order_of_the_answers_and_nothing_is_lost() -> None:
    """Revisions say that a was made before b was written, and the answers that all was deleted between the two."""
    session = Session()
    old = session.add("GET", f"{MAPS}/a", (10, 16), said=named("a", uid="old"))
    session.add("POST", MAPS, (11, 20), 201, said=named("a", uid="new"), revision=5)
    session.add("PUT", f"{MAPS}/b", (11, 18), said=named("b"), revision=6)
    session.add("DELETE", MAPS, (10, 19), said={"items": []})
    gone = session.add("GET", f"{MAPS}/b", (11, 17), 404, said=refusal("NotFound", "b"))
    order = session.order()
    assert sorted(order) == [1, 2, 3, 4, 5]
    assert [each for each in order if each not in {old, gone}] == [3, 4, 2]
