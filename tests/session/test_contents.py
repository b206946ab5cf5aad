"""kproxy.session.contents: a body as its media type has it."""

from dataclasses import replace

from kproxy.model.exchange import EMPTY_BODY
from kproxy.session.contents import decoded_body
from tests.correlate.story import Story


def test_a_body_is_read_in_its_media_type_and_what_cannot_be_read_is_none() -> None:
    story = Story()
    told = ((("content-type", "application/yaml"),), story.recording.keep(b"a: 1"))
    assert decoded_body(story.recording, *told) == {"a": 1}
    assert decoded_body(story.recording, (("content-type", "application/json"),), told[1]) is None
    assert decoded_body(story.recording, told[0], EMPTY_BODY) is None
    assert decoded_body(story.recording, told[0], replace(told[1], digest=None)) is None
