"""What is said of a restored start state."""

from kproxy.model.jsontypes import JSONObject
from kproxy.replay.restored import NotRestored, Restored, said


def test_what_is_missing_is_one_sentence_a_reason_with_a_few_names() -> None:
    missing = [NotRestored(f"secrets/team/s-{number}", "encrypted at rest") for number in range(7)]
    restored = Restored(how="etcd", count=3, missing=[*missing, NotRestored("pods/a", "the target answered 403")])
    assert list(restored.sentences()) == [
        "restored 3 keys into the target's etcd",
        f"not restored as it was: {', '.join(each.name for each in missing[:5])} and 2 more: encrypted at rest",
        "not restored as it was: pods/a: the target answered 403",
    ]


def test_where_nothing_is_restored_nothing_is_said() -> None:
    assert list(Restored().sentences()) == []


def test_what_an_object_says_is_without_what_a_server_chose() -> None:
    one: JSONObject = {
        "metadata": {"name": "a", "uid": "1", "resourceVersion": "5"},
        "status": {"a": 1},
        "spec": {"b": 1},
    }
    other: JSONObject = {"metadata": {"name": "a", "uid": "2"}, "spec": {"b": 1}}
    assert said(one) == said(other)
    assert said({**other, "spec": {"b": 2}}) != said(one)


def test_what_is_no_object_says_nothing() -> None:
    assert said([{"metadata": {}}]) is None
    assert said("text") is None


def test_what_was_restored_through_the_api_is_said_so() -> None:
    assert list(Restored(how="api", count=3).sentences()) == ["restored 3 objects through the API"]
