"""What a body says, where somebody can read it."""

from kproxy.model.exchange import Body, Headers, header
from kproxy.model.jsontypes import JSON
from kproxy.model.recording import Recording
from kproxy.wire.content import ContentError, decode


def decoded_body(recording: Recording, headers: Headers, body: Body) -> JSON:
    """The body's content as JSON, None when there is none or nobody can decode it."""
    if body.digest is None:
        return None
    media_type = header(headers, "content-type")
    try:
        return decode(media_type, recording.body(body.digest))
    except ContentError:
        return None
