"""Which kind of stream an answer is: a watch, a log, or none. stream.py keeps its parts."""

from kproxy.model.exchange import LOG_LINE
from kproxy.record.openexchange import AnswerFacts, RequestFacts
from kproxy.record.stream import Stream


def stream_of(request: RequestFacts, answer: AnswerFacts) -> Stream | None:
    """For a watch and for a pod's log; None for all other answers: they are bodies."""
    if answer.status == 101 and request.info.verb == "watch" and answer.upgrade.lower() == "websocket":
        return Stream("application/json", "")
    if answer.status != 200:
        return None
    if request.info.verb == "watch":
        return Stream(answer.media_type, answer.coding)
    if request.info.is_log and request.method == "GET" and answer.media_type.startswith("text/plain"):
        return Stream(answer.media_type, answer.coding, LOG_LINE)
    return None
