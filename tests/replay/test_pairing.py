"""kproxy.replay.pairing."""

from kproxy.model.api import metadata_of
from kproxy.model.jsontypes import JSONObject
from kproxy.renaming.kinds import Kind
from kproxy.renaming.renaming import Renaming
from kproxy.replay.expected import Expected
from kproxy.replay.pairing import WatchLearner
from kproxy.wire.watchevents import WatchEvent
from tests.replay.test_expected import in_short


def event(kind: str, name: str, revision: int, *, server: str, generate: str = "") -> WatchEvent:
    """An object of one of two servers: its uid begins with the server's letter."""
    drawn_here = 10_000 if server != "a" and generate else 0
    metadata: JSONObject = {
        "name": name,
        "namespace": "kube-system",
        "uid": f"{server * 8}-0000-4000-8000-{sum(name.encode()) + drawn_here:012}",
        "resourceVersion": str(revision),
    }
    if generate:
        metadata["generateName"] = generate
    return WatchEvent(type=kind, object={"kind": "Lease", "metadata": metadata})


def there(kind: str, name: str, revision: int, generate: str = "") -> Expected:
    """A recorded event, in short."""
    return in_short(event(kind, name, revision, server="a", generate=generate))


def uid(name: str, server: str = "a") -> str:
    return f"{server * 8}-0000-4000-8000-{sum(name.encode()):012}"


def test_an_event_that_was_not_recorded_is_no_other_objects() -> None:
    """The api-server renewed its own lease once more than in the recording, before the scheduler renewed its."""
    renaming = Renaming()
    learner = WatchLearner(renaming, [there("MODIFIED", "kube-scheduler", 100)])
    learner.came(event("MODIFIED", "apiserver-x", 7, server="b"))
    learner.settle()
    assert renaming.revisions.exact(uid("kube-scheduler"), 100) is None
    learner.came(event("MODIFIED", "kube-scheduler", 8, server="b"))
    assert renaming.revisions.exact(uid("kube-scheduler"), 100) == 8


def test_a_version_whose_image_is_known_is_put_beside_no_other() -> None:
    renaming = Renaming()
    recorded = [there("MODIFIED", "x", revision) for revision in (100, 101, 102)]
    learner = WatchLearner(renaming, recorded)
    renaming.revisions.learn(uid("x"), "100", "6")
    learner.came(event("MODIFIED", "x", 7, server="b"))  # the replay's watch did not show 6
    learner.came(event("MODIFIED", "x", 8, server="b"))
    assert [renaming.revisions.exact(uid("x"), revision) for revision in (100, 101, 102)] == [6, 7, 8]


def test_what_comes_before_a_known_version_and_was_not_recorded_is_left_out() -> None:
    renaming = Renaming()
    learner = WatchLearner(renaming, [there("MODIFIED", "x", 100)])
    renaming.revisions.learn(uid("x"), "100", "6")
    learner.came(event("MODIFIED", "x", 5, server="b"))
    learner.came(event("MODIFIED", "x", 6, server="b"))
    assert renaming.revisions.exact(uid("x"), 100) == 6


def test_a_generated_name_is_what_the_answer_told_whatever_comes_first() -> None:
    renaming = Renaming()
    recorded = [there("ADDED", f"m-{letter}", at, generate="m-") for at, letter in ((100, "p"), (101, "q"))]
    learner = WatchLearner(renaming, recorded)
    renaming.learn_name(Kind.NAME, "m-q", "m-y")
    learner.came(event("ADDED", "m-y", 7, server="b", generate="m-"))
    assert renaming.text("m-p") == "m-p"
    learner.came(event("ADDED", "m-x", 8, server="b", generate="m-"))
    assert renaming.text("m-p") == "m-p"  # an answer may still tell
    learner.settle()
    assert renaming.text("m-p") == "m-x"


def test_two_of_one_prefix_that_nobody_told_are_left_alone() -> None:
    renaming = Renaming()
    recorded = [there("ADDED", f"m-{letter}", at, generate="m-") for at, letter in ((100, "p"), (101, "q"))]
    learner = WatchLearner(renaming, recorded)
    for at, name in ((7, "m-x"), (8, "m-y")):
        learner.came(event("ADDED", name, at, server="b", generate="m-"))
    learner.settle()
    assert renaming.text("m-p m-q") == "m-p m-q"


def test_a_name_that_an_answer_on_its_way_will_tell_is_not_guessed() -> None:
    renaming, making = Renaming(), [True]
    recorded = [there("ADDED", "m-p", 100, generate="m-")]
    learner = WatchLearner(renaming, recorded, making=lambda: making[0])
    learner.came(event("ADDED", "m-y", 7, server="b", generate="m-"))
    learner.settle()
    assert renaming.text("m-p") == "m-p"
    making[0] = False
    learner.settle()
    assert renaming.text("m-p") == "m-y"


def test_an_object_that_stands_for_another_one_is_not_guessed_to_be_the_last_that_is_left() -> None:
    """A live watch shows a pod that the recorded one did not; the only recorded name left is of one still to come."""
    renaming = Renaming()
    learner = WatchLearner(renaming, [there("ADDED", "m-p", 100, generate="m-")])
    live = event("ADDED", "m-x", 7, server="b", generate="m-")
    renaming.learn_name(Kind.UID, uid("m-old"), str(metadata_of(live.object)["uid"]))
    learner.came(live)
    learner.settle()
    assert renaming.revisions.exact(uid("m-p"), 100) is None
    assert learner.name_here(there("ADDED", "m-p", 100, generate="m-")) is None


def test_a_name_that_is_drawn_here_for_another_object_is_no_recorded_objects_name() -> None:
    """The live server draws m-p, which the recorded one drew later, for what was m-old there; then m-p becomes m-z."""
    renaming, making = Renaming(), [True]
    recorded = [there("ADDED", f"m-{name}", at, generate="m-") for at, name in ((90, "old"), (100, "p"))]
    learner = WatchLearner(renaming, recorded, making=lambda: making[0])
    live = event("ADDED", "m-p", 7, server="b", generate="m-")
    learner.came(live)  # its creation is not answered yet
    assert renaming.revisions.exact(uid("m-p"), 100) is None
    renaming.learn_name(Kind.UID, uid("m-old"), str(metadata_of(live.object)["uid"]))
    making[0] = False
    learner.settle()
    assert renaming.revisions.exact(uid("m-p"), 100) is None
    assert renaming.revisions.exact(uid("m-old"), 90) == 7
    later = event("ADDED", "m-z", 8, server="b", generate="m-")
    renaming.learn_name(Kind.UID, uid("m-p"), str(metadata_of(later.object)["uid"]))
    learner.came(later)
    assert renaming.revisions.exact(uid("m-p"), 100) == 8


def test_a_drawn_object_that_was_there_before_has_the_same_name() -> None:
    renaming = Renaming()
    learner = WatchLearner(renaming, [there("ADDED", "m-p", 100, generate="m-")])
    learner.came(event("ADDED", "m-p", 7, server="b", generate="m-"))
    assert renaming.revisions.exact(uid("m-p"), 100) == 7


def test_a_recorded_objects_name_here_is_the_one_that_came_for_it() -> None:
    renaming = Renaming()
    recorded = [there("ADDED", "m-p", 100, generate="m-"), there("ADDED", "x", 101)]
    learner = WatchLearner(renaming, recorded)
    assert learner.name_here(recorded[0]) is None, "drawn, and nobody told"
    assert learner.name_here(recorded[1]) == "kube-system/x"
    learner.came(event("ADDED", "m-y", 7, server="b", generate="m-"))
    learner.came(event("ADDED", "x", 8, server="b"))
    learner.settle()
    assert [learner.name_here(each) for each in recorded] == ["kube-system/m-y", "kube-system/x"]
    assert learner.complete


def test_what_has_not_come_is_left_and_what_comes_after_it_was_given_up_is_late() -> None:
    recorded = [there("ADDED", "x", 100), there("ADDED", "y", 101), there("ADDED", "z", 102)]
    learner = WatchLearner(Renaming(), recorded)
    learner.came(event("ADDED", "x", 7, server="b"))
    assert list(learner.left(recorded)) == recorded[1:]
    assert not learner.complete
    learner.give_up(recorded)
    assert learner.made_up() == 0
    learner.came(event("ADDED", "y", 8, server="b"))
    learner.came(event("ADDED", "z", 9, server="b"))
    assert (learner.made_up(), learner.made_up()) == (2, 0)
    assert learner.complete


def named_again(name: str, number: int, revision: int, kind: str, *, server: str) -> WatchEvent:
    """An event of one of several objects of one name."""
    found = event(kind, name, revision, server=server, generate="m-")
    metadata_of(found.object)["uid"] = f"{server * 8}-0000-4000-8000-{number:012}"
    return found


def test_a_name_that_is_drawn_here_once_more_stands_for_the_recorded_object_whose_uid_was_told() -> None:
    renaming = Renaming()
    recorded = [
        in_short(named_again(name, number, 10 * number + at, kind, server="a"))
        for number, name in ((1, "m-p"), (2, "m-q"))
        for at, kind in ((0, "ADDED"), (1, "DELETED"))
    ]
    learner = WatchLearner(renaming, recorded)
    for number in (1, 2):
        live = [
            named_again("m-x", number, number + at, kind, server="b") for at, kind in ((0, "ADDED"), (5, "DELETED"))
        ]
        renaming.learn_name(Kind.UID, recorded[2 * number - 1].uid, str(metadata_of(live[0].object)["uid"]))
        for each in live:
            learner.came(each)
    assert learner.complete
    for number in (1, 2):
        one = recorded[2 * number - 1].uid
        assert renaming.revisions.exact(one, 10 * number) == number
        assert learner.name_here(recorded[2 * number - 1]) == "kube-system/m-x"


def test_a_name_that_was_drawn_once_more_in_the_recording_stands_for_each_live_object_whose_uid_was_told() -> None:
    renaming = Renaming()
    recorded = [
        in_short(named_again("m-p", number, 10 * number + at, kind, server="a"))
        for number in (1, 2)
        for at, kind in ((0, "ADDED"), (1, "DELETED"))
    ]
    learner = WatchLearner(renaming, recorded)
    for number, name in ((1, "m-x"), (2, "m-y")):
        live = [named_again(name, number, number + at, kind, server="b") for at, kind in ((0, "ADDED"), (5, "DELETED"))]
        renaming.learn_name(Kind.UID, recorded[2 * number - 1].uid, str(metadata_of(live[0].object)["uid"]))
        for each in live:
            learner.came(each)
        assert learner.name_here(recorded[2 * number - 1]) == f"kube-system/{name}"
    assert learner.complete
    assert [renaming.revisions.exact(recorded[2 * number - 1].uid, 10 * number) for number in (1, 2)] == [1, 2]


def test_one_more_object_of_a_name_that_nobody_told_of_teaches_nothing() -> None:
    renaming = Renaming()
    recorded = [
        in_short(named_again("m-p", 1, 10 + at, kind, server="a")) for at, kind in ((0, "ADDED"), (1, "MODIFIED"))
    ]
    learner = WatchLearner(renaming, recorded)
    first = named_again("m-x", 1, 5, "ADDED", server="b")
    renaming.learn_name(Kind.UID, recorded[0].uid, str(metadata_of(first.object)["uid"]))
    learner.came(first)
    learner.came(named_again("m-x", 2, 7, "MODIFIED", server="b"))
    learner.settle()
    assert not learner.complete
    assert renaming.revisions.exact(recorded[0].uid, 11) is None


def test_a_persons_name_is_the_same_objects_however_often_it_is_made() -> None:
    renaming = Renaming()
    recorded = [there(kind, "x", at) for at, kind in ((100, "ADDED"), (101, "DELETED"), (102, "ADDED"))]
    learner = WatchLearner(renaming, recorded)
    for at, kind in ((7, "ADDED"), (8, "DELETED"), (9, "ADDED")):
        live = event(kind, "x", at, server="b")
        metadata_of(live.object)["uid"] = f"bbbbbbbb-0000-4000-8000-{at // 9:012}"
        learner.came(live)
    assert learner.complete
