"""kproxy.diff.items."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.diff.items import Items, metadata_shown, name_in, stand_beside
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.wire.content import decode_json
from kproxy.wire.jsontext import MAX_DEPTH

NAMES = st.text('abcdefghij{}[],"\\\u00e9', min_size=0, max_size=8)
OBJECTS = st.dictionaries(NAMES, st.one_of(NAMES, st.integers(), st.lists(st.integers(), max_size=2)), max_size=3)


def written(value: object) -> bytes:
    """As Go's encoder does, with characters beyond ASCII as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def list_of(*objects: object, revision: str = "7", end: bytes = b"\n") -> bytes:
    head = {"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": revision}}
    return written({**head, "items": list(objects)}) + end


@given(st.lists(OBJECTS, max_size=4))
def test_a_list_is_cut_into_what_its_decoded_text_has(objects: list[JSONObject]) -> None:
    items = Items()
    data = list_of(*objects)
    cut = items.list_of(data)
    assert (cut is None) == (not data.isascii())
    for again in (cut, items.list_of(data)):
        if again is not None:
            decoded = decode_json(data)
            assert isinstance(decoded, dict)
            assert ([each.value for each in again.items], again.revision) == (decoded["items"], "7")


def test_an_object_is_known_again_wherever_it_stands() -> None:
    items = Items()
    pod: JSONObject = {"metadata": {"name": "a", "namespace": "n", "uid": "u" * 300}, "spec": {}}
    other: JSONObject = {"metadata": {"name": "b", "namespace": "n", "uid": "v" * 300}}
    first, second = items.list_of(list_of(pod, other)), items.list_of(list_of(other, pod, revision="9"))
    whole, event = items.whole(written(pod)), items.of_event(b'{"type":"ADDED","object":%s}' % written(pod))
    assert first is not None
    assert second is not None
    assert event is not None
    assert first.items[0].digest != first.items[1].digest
    assert second.items == first.items[::-1]
    assert (whole is first.items[0], event[0], event[1] is whole) == (True, "ADDED", True)
    assert [each.name for each in first.items] == ["n/a", "n/b"]


def test_what_an_api_server_does_not_write_is_not_cut() -> None:
    good = list_of({"a": 1})
    for data in (
        good[:-2],
        good + b" ",
        good.replace(b"}]", b"} ]"),
        good.replace(b'"items"', b'"items" '),
        good.replace(b'"resourceVersion":"7"', b'"resourceVersion":"7","continue":"x"'),
        good.replace(b'{"a":1}', b'{"a":1},'),
        good.replace(b'{"a":1}', b"1"),
        good.replace(b'{"a":1}', b'{"a":NaN}'),
        good.replace(b'{"a":1}', b'{"a":"\\ud800"}'),
        good.replace(b'{"a":1}', b'{"a":' + b"[" * 199 + b"]" * 199 + b"}"),
        b"",
    ):
        assert Items().list_of(data) is None, data
    assert Items().of_event(b'{"type":"BOOKMARK","object":{}}') is None
    assert Items().of_event(b'{"type":"ADDED","object":{}') is None
    assert Items().whole(b'{"a":1} {') is None


def test_no_more_objects_are_remembered_than_was_said() -> None:
    items = Items(most=20_000)
    for number in range(500):
        assert items.whole(b'{"metadata":{"name":"%06d"}}' % number) is not None
    assert len(items._young) + len(items._old) < 60


def test_objects_stand_beside_each_other_by_their_names() -> None:
    def named(*names: str) -> bytes:
        return list_of(*({"metadata": {"namespace": "n", "name": name}} for name in names))

    def beside(first: bytes, second: bytes) -> bool:
        a, b = Items().list_of(first), Items().list_of(second)
        assert a is not None
        assert b is not None
        return stand_beside(a.items, b.items, lambda text: text.replace("x", "y"))

    assert beside(named("a", "b"), named("a", "b"))
    assert beside(named("x1", "x2"), named("y1", "y2"))
    assert not beside(named("x1", "x2"), named("y2", "y1"))
    assert not beside(named("a"), named("a", "b"))
    assert beside(named("", ""), named("", ""))


def shown(number: int, kind: str) -> JSONObject:
    metadata: JSONObject = {
        "name": f"web-{number:08}",
        "namespace": "n",
        "uid": f"aaaaaaaa-0000-4000-8000-{number:012}",
        "resourceVersion": f"{number + 1}",
    }
    if kind == "Table":
        return {"kind": kind, "rows": [{"object": {"metadata": metadata}}]}
    return {"kind": kind, "metadata": metadata, "of": {"metadata": {**metadata, "uid": "other"}}}


@pytest.mark.parametrize("kind", ["Pod", "Table"])
def test_an_event_of_a_known_shape_says_of_its_object_what_its_decoded_text_says(kind: str) -> None:
    items = Items()
    for number in range(4):
        found = items.of_event(b'{"type":"ADDED","object":%s}' % written(shown(number, kind)))
        assert found is not None
        _, item = found
        assert (item._value is None) == (number > 0)  # known without decoding it
        metadata = metadata_shown(item.value)
        assert item.about.shown == f"n/web-{number:08}" == name_in(metadata)
        assert (item.about.uid, item.about.revision) == (metadata["uid"], metadata["resourceVersion"])
        own = item.value.get("metadata", {})
        assert (item.owns, item.name) == (bool(own), item.about.shown if own else "")


def test_a_shape_tells_nothing_of_what_has_a_value_amid_a_text() -> None:
    items = Items()
    for number in range(3):
        name = f"aaaaaaaa-0000-4000-8000-{number:012}"
        found = items.whole(written({"metadata": {"namespace": name, "name": "a"}}))
        assert found is not None
        assert (found.name, found._value is None) == (f"{name}/a", False)


def test_an_object_in_another_writing_is_known_by_the_json_that_says_the_same() -> None:
    items = Items()
    pod: JSONObject = {"metadata": {"name": "a", "namespace": "n", "uid": "u"}, "spec": {"x": [1, 2.5, None, "y"]}}
    found, whole = items.of_value(pod), items.whole(written(pod))
    assert found is not None
    assert found is whole
    assert (found.value, found.name) == (pod, "n/a")
    assert items.of_value({"spec": {}, "metadata": {}}) is not found
    accented = items.of_value({"metadata": {}, "spec": "\u00e4"})
    assert accented is not None
    assert accented.value["spec"] == "\u00e4"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\U0001f600"])
def test_what_no_plain_json_says_is_no_object_by_its_bytes(value: JSON) -> None:
    assert Items().of_value({"metadata": {}, "spec": value}) is None


def test_an_object_that_is_nested_too_deeply_is_none_by_its_bytes() -> None:
    value: JSON = {}
    for _ in range(MAX_DEPTH):
        value = [value]
    assert Items().of_value({"metadata": {}, "spec": value}) is None


def test_of_objects_that_were_forgotten_as_much_is_remembered_as_their_texts_are_long() -> None:
    items = Items()
    for number in range(60):
        assert items.whole(written({"metadata": {"name": f"{number}" + "x" * (1 << 18)}})) is not None
    assert 10 < sum(1 for _ in items._briefs.values()) < 40


def test_an_object_that_was_forgotten_is_told_from_others_and_cut_when_it_is_asked_for() -> None:
    uid = "0d2c4b6a-1111-4111-8111-{:012}"
    data = [written({"kind": "Pod", "metadata": {"name": "a", "uid": uid.format(number)}}) for number in range(3)]
    items, fresh = Items(most=1), Items()
    for each in (*data, *data):
        found, first = items.whole(each), fresh.whole(each)
        assert found is not None
        assert first is not None
        assert (found.data, found.digest, found.about) == (first.data, first.digest, first.about)
        assert found.cut is not None
        assert first.cut is not None
        assert found.cut.values == first.cut.values
        assert found.value == first.value
