"""Every answer, every event and every value in the committed recordings decodes, and is written again as it was."""

from pathlib import Path

import pytest

from kproxy.model.exchange import LOG_LINE, Exchange, header
from kproxy.model.recording import Recording
from kproxy.store.text import TextRecording
from kproxy.wire.content import decode, edit, encode
from kproxy.wire.mediatype import parse_media_type
from kproxy.wire.storage import decode_value, edit_value
from kproxy.wire.watchevents import decode_event

FOLDERS = sorted(path.parent for path in (Path(__file__).parents[2] / "recordings").glob("*/session.yaml"))


def check(media_type: str, data: bytes) -> None:
    """One body of this media type."""
    parsed = parse_media_type(media_type)
    if not parsed.is_structured:
        return
    value = decode(media_type, data)
    if isinstance(value, dict):
        assert edit(media_type, data, dict) is data
    assert decode(media_type, encode(media_type, value)) == value
    if parsed.is_protobuf:
        assert encode(media_type, value) == data


def check_answer(recording: Recording, exchange: Exchange) -> int:
    """An answer's body and events; how many there were."""
    if exchange.answer is None:
        return 0
    media_type = header(exchange.answer.headers, "content-type")
    digest = exchange.answer.body.digest
    if digest is not None:
        check(media_type, recording.body(digest))
    frames = [frame for frame in recording.frames(exchange.seq) if frame.kind != LOG_LINE]
    for frame in frames:
        if frame.body.digest is not None and not frame.channel:
            data = recording.body(frame.body.digest)
            assert decode_event(media_type, data).type
            check(f"{media_type};stream=watch", data)
    return len(frames) + (digest is not None)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_what_was_recorded_is_read(folder: Path) -> None:
    recording = TextRecording(folder)
    assert sum(check_answer(recording, exchange) for exchange in recording.exchanges())
    for exchange in recording.exchanges():
        if exchange.request.body.digest is not None:
            check(header(exchange.request.headers, "content-type"), recording.body(exchange.request.body.digest))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_what_was_in_etcd_is_read(folder: Path) -> None:
    recording = TextRecording(folder)
    values = [
        recording.body(change.value.digest)
        for change in recording.key_changes()
        if change.value and change.value.digest
    ]
    for value in values:
        assert decode_value(value)
        assert edit_value(value, dict) is value
