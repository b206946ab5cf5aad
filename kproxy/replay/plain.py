"""Which requests say nothing that a server chooses, and which answers tell of their own object only. Pure."""

from kproxy.model.exchange import Exchange, header
from kproxy.renaming.apply import stays_itself
from kproxy.renaming.itself import tells_only_itself
from kproxy.replay.lasting import is_left


def stays_as_it_is(exchange: Exchange, body: bytes) -> bool:
    """Whether a request, of which `body` was read, goes out as it was recorded while no name has another image."""
    request = exchange.request
    if is_left(exchange) or (request.body.digest is not None and not body):
        return False
    return stays_itself(request.target, request.headers, header(request.headers, "content-type"), body)


def tells_of_itself(exchange: Exchange, answer: bytes) -> bool:
    """Whether all that can be learned from a creation's answer are uids, versions and times of what it made."""
    if exchange.info.verb != "create" or exchange.info.subresource or exchange.answer is None:
        return False
    return tells_only_itself(header(exchange.answer.headers, "content-type"), answer)
