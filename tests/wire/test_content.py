"""Content by media type."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.model.jsontypes import JSONObject
from kproxy.wire.content import ContentError, decode, edit, encode

PROTOBUF = "application/vnd.kubernetes.protobuf"
CBOR = "application/cbor"
SECRET: JSONObject = {
    "kind": "Secret",
    "apiVersion": "v1",
    "metadata": {"name": "s"},
    "data": {"password": "aHVudGVyMg=="},
    "type": "Opaque",
}


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/merge-patch+json",
        "application/yaml",
        PROTOBUF,
        "application/cbor",
        "application/apply-patch+cbor",
    ],
)
def test_an_object_goes_into_each_media_type_and_back(media_type: str) -> None:
    assert decode(media_type, encode(media_type, SECRET)) == SECRET


def test_text_is_text_in_its_charset() -> None:
    assert decode("text/plain", "ü".encode()) == "ü"
    assert decode("text/plain; charset=iso-8859-1", b"\xfc") == "ü"
    for media_type, data in (("text/plain", b"\xfc"), ("text/plain; charset=nonsense", b"a")):
        with pytest.raises(ContentError):
            decode(media_type, data)


@pytest.mark.parametrize("media_type", ["", "application/octet-stream", "image/png"])
def test_other_media_types_are_not_read(media_type: str) -> None:
    with pytest.raises(ContentError, match="cannot be read"):
        decode(media_type, b"{}")
    with pytest.raises(ContentError, match="cannot be written"):
        encode(media_type, {})


def hide(value: JSONObject) -> JSONObject:
    """A change of the argument itself."""
    data = value["data"]
    assert isinstance(data, dict)
    data["password"] = "c2VjcmV0"
    return value


@pytest.mark.parametrize("media_type", ["application/json", PROTOBUF, CBOR])
def test_a_change_is_in_the_bytes_and_nothing_else_is(media_type: str) -> None:
    before = encode(media_type, SECRET)
    after = edit(media_type, before, hide)
    assert decode(media_type, after) == hide(json.loads(json.dumps(SECRET)))
    assert b"hunter2" not in after
    assert b"aHVudGVyMg" not in after


@pytest.mark.parametrize("media_type", ["application/json", "application/yaml", PROTOBUF, CBOR])
def test_what_does_not_change_keeps_its_very_bytes(media_type: str) -> None:
    data = encode(media_type, SECRET) if media_type in {PROTOBUF, CBOR} else b'{ "kind" : "X",\n "n": 1.0 }'
    assert edit(media_type, data, lambda value: value) is data
    assert edit(media_type, data, dict) is data


def test_json_keeps_its_line_end_or_its_lack() -> None:
    for end in (b"", b"\n"):
        assert edit("application/json", b'{"a":1}' + end, lambda _: {"a": 2}) == b'{"a":2}' + end


def test_only_objects_are_changed() -> None:
    for data in (b"[]", b"null", b'"text"'):
        with pytest.raises(ContentError, match="no object"):
            edit("application/json", data, lambda value: value)


@pytest.mark.parametrize("media_type", [f"{PROTOBUF};stream=watch", "application/cbor-seq"])
def test_a_watch_event_is_content_too(media_type: str) -> None:
    event: JSONObject = {"type": "ADDED", "object": SECRET}
    data = encode(media_type, event)
    assert decode(media_type, data) == event

    def change(value: JSONObject) -> JSONObject:
        inner = value["object"]
        assert isinstance(inner, dict)
        return {**value, "object": hide(inner)}

    assert b"hunter2" not in edit(media_type, data, change)


@given(st.sampled_from(["application/json", "application/yaml", PROTOBUF, CBOR, "text/plain"]), st.binary())
def test_garbage_ends_in_one_kind_of_error(media_type: str, data: bytes) -> None:
    try:
        decode(media_type, data)
    except ContentError as error:
        assert str(error)  # noqa: PT017 - a value or this error, nothing else


def test_the_list_of_openapi_documents_is_json_though_it_is_told_to_be_text() -> None:
    index = b'{"paths":{"api/v1":{"serverRelativeURL":"/openapi/v3/api/v1?hash=A"}}}\n'
    kind = "text/plain; charset=utf-8"
    value = decode(kind, index)
    assert value == {"paths": {"api/v1": {"serverRelativeURL": "/openapi/v3/api/v1?hash=A"}}}
    assert decode(kind, encode(kind, value)) == value
    assert decode(kind, index[:-4]) == index[:-4].decode()
