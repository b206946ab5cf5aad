"""kproxy.insight.contents."""

from dataclasses import replace

from kproxy.insight.contents import LARGEST, object_in
from kproxy.model.exchange import EMPTY_BODY
from tests.support.memory import MemoryRecording
from tests.support.told import JSON_HEADER


def test_an_object_is_read_and_what_is_none_or_too_large_is_empty() -> None:
    recording = MemoryRecording()
    body = recording.keep(b'{"a": 1}')
    assert object_in(recording, (JSON_HEADER,), body) == {"a": 1}
    assert object_in(recording, (JSON_HEADER,), replace(body, size=LARGEST + 1)) == {}
    for data in (b"[1]", b"{", b"\xff"):
        assert object_in(recording, (JSON_HEADER,), recording.keep(data)) == {}
    assert object_in(recording, (("Content-Type", "image/png"),), body) == {}
    assert object_in(recording, (JSON_HEADER,), EMPTY_BODY) == {}
