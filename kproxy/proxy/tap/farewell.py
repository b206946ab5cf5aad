"""How a stream is ended before its server ends it: where an event is whole, so that no client sees half of one.

Nothing of it costs anything while a stream goes on: what the outbox still holds of the exchange says where it stands.
"""

from collections.abc import Sequence

from kproxy.model.api import RequestInfo
from kproxy.model.exchange import header
from kproxy.proxy.handover.held import HeldRecord
from kproxy.wire.contenterror import ContentError
from kproxy.wire.handoff import RecordType, unpack_head
from kproxy.wire.http1 import parse_head
from kproxy.wire.requestinfo import first_values, request_info
from kproxy.wire.watchevents import WatchCutter


def may_end(records: Sequence[HeldRecord]) -> bool:
    """Whether this is a watch or a log that is followed, and what came of it so far ends as one does.

    False too where that cannot be told: a content coding, a stream of which content is no longer held.
    """
    answer = next((record.payload for record in records if record.kind == RecordType.ANSWER_HEAD), None)
    if answer is None or records[0].kind != RecordType.REQUEST_HEAD:
        return False
    head = parse_head(answer)
    if head.start[1] != "200" or header(head.headers, "content-encoding") not in {"", "identity"}:
        return False
    method, target, _ = parse_head(unpack_head(records[0].payload).raw).start
    info = request_info(method, target)
    contents = [record.payload for record in records if record.kind == RecordType.ANSWER_BODY]
    if info.verb == "watch":
        return _between_events(header(head.headers, "content-type"), contents)
    return _is_followed(info, target) and (not contents or contents[-1].endswith(b"\n"))


def _between_events(media_type: str, contents: Sequence[bytes]) -> bool:
    """What is held of a watch begins with an event: see Held.let_go."""
    try:
        cutter = WatchCutter(media_type)
        for content in contents:
            cutter.feed(content)
    except ContentError:
        return False
    return not cutter.pending


def _is_followed(info: RequestInfo, target: str) -> bool:
    follow = first_values(target.partition("?")[2]).get("follow", "false").lower()
    return info.resource == "pods" and info.subresource == "log" and follow not in {"false", "0"}
