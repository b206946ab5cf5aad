"""kproxy.diff.told: what a pair of documents tells, the first time and again."""

from kproxy.diff.told import Store, Told, told_by
from kproxy.model.jsontypes import JSONObject
from kproxy.renaming.kinds import Kind
from kproxy.renaming.renaming import Renaming
from kproxy.renaming.traces import Tracer
from kproxy.renaming.walk import Walker

UIDS = ("aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000001")
OTHER = "cccccccc-0000-4000-8000-000000000001"


def pod(uid: str, revision: str, time: str = "2026-01-01T00:00:00Z", **more: JSONObject) -> JSONObject:
    return {"metadata": {"name": "a", "uid": uid, "resourceVersion": revision, "creationTimestamp": time}, **more}


def told(baseline: JSONObject, replayed: JSONObject) -> Told:
    tracer = Tracer()
    Walker(tracer, tracer.text).walk(baseline, replayed)
    return told_by(tracer.trace)


def test_it_has_the_revisions_the_times_and_the_texts() -> None:
    found = told(
        pod(UIDS[0], "5", status={"message": f"of {UIDS[0]}"}),
        pod(UIDS[1], "7", "2026-01-01T00:00:02Z", status={"message": f"of {UIDS[1]}"}),
    )
    assert found.revisions == [(UIDS[0], 5, 7)]
    assert found.times == {(1767225600, 1767225602): 1}
    assert found.texts == [(f"of {UIDS[0]}", f"of {UIDS[1]}")]
    assert found.plain


def test_what_clients_chose_in_another_way_or_what_differs_is_not_plain() -> None:
    time: JSONObject = {"until": "2026-01-01T00:00:00Z"}
    later: JSONObject = {"until": "2026-01-01T00:00:01Z"}
    assert told(pod(UIDS[0], "5", spec=time), pod(UIDS[1], "7", spec=time)).plain
    assert not told(pod(UIDS[0], "5", spec=time), pod(UIDS[1], "7", spec=later)).plain
    assert not told(pod(UIDS[0], "5", spec={"a": 1}), pod(UIDS[1], "7", spec={"a": 2})).plain


def event(uid: str, of: str) -> JSONObject:
    name = f"{of}.18eb9533a50ca03f"
    return {"kind": "Event", "metadata": {"name": name, "uid": uid}, "involvedObject": {"kind": "Pod", "name": of}}


def test_what_a_name_was_drawn_for_must_say_the_same() -> None:
    found = told(event(UIDS[0], "web-2rfl9"), event(UIDS[1], "web-f6rdv"))
    assert found.plain
    assert ("web-2rfl9", "web-f6rdv") in found.texts


def test_what_is_told_again_is_heard_as_votes() -> None:
    renaming = Renaming()
    right, wrong = told(pod(UIDS[0], "5"), pod(UIDS[1], "7")), told(pod(UIDS[0], "6"), pod(OTHER, "8"))
    wrong.learn(renaming)
    assert wrong.agreed
    for _ in range(3):
        right.learn(renaming)
    assert not right.agreed  # the first pair stands until all votes are counted
    assert renaming.settle()
    assert renaming.image(Kind.UID, UIDS[0]) == UIDS[1]
    again = told(pod(UIDS[0], "5"), pod(UIDS[1], "7"))
    assert [again.learn(renaming) for _ in range(3)] == [[(UIDS[0], 5, 7)]] * 3
    assert again.again == 2
    again.settle(renaming)
    assert again.again == 0


def test_what_is_forgotten_has_given_its_votes() -> None:
    renaming = Renaming()
    store, kept = Store(renaming, most=4000), told(pod(UIDS[0], "5"), pod(UIDS[1], "7"))
    store.put("kept", (kept,), 100)
    kept.learn(renaming)
    kept.learn(renaming)
    for number in range(20):
        store.put(number, None, 100)
    assert "kept" not in store
    assert kept.again == 0
