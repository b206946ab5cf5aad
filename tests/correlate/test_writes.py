"""kproxy.correlate.writes: what an answer says of the objects that a request wrote."""

from kproxy.correlate.changes import Changes
from kproxy.correlate.values import Values
from kproxy.correlate.writes import object_writes
from kproxy.model.jsontypes import JSON, JSONObject
from tests.correlate.story import PODS, Story, pod


def written(document: JSONObject, status: int = 200) -> list[str]:
    story = Story()
    story.ask("DELETE", PODS, status, document)
    values = Values(story.recording, Changes(story.recording.key_changes()))
    return [write.uid for write in object_writes(values, story.recording.exchange_list[0])]


def test_a_tables_rows_and_a_lists_items_are_the_objects_that_were_written() -> None:
    rows: list[JSON] = [{"object": pod("u1")}, "odd", {"object": "odd"}, {"object": pod("u2")}]
    assert written({"kind": "Table", "rows": rows}) == ["u1", "u2"]
    assert written({"kind": "PodList", "items": [pod("u3"), "odd"]}) == ["u3"]
    assert written({"kind": "PodList", "rows": rows, "items": []}) == []


def test_an_answer_that_is_no_success_wrote_nothing() -> None:
    listed: JSONObject = {"kind": "PodList", "items": [pod("u3")]}
    assert [written(listed, status) for status in (199, 200, 299, 300)] == [[], ["u3"], ["u3"], []]
