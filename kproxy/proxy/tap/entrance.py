"""Where clients come in: what a way in adds to a request is taken off before anything else looks at it, sans-I/O.

What is judged, recorded and sent on is then what the client would have sent to the api-server itself.
"""

import re
from typing import Protocol

from kproxy.errors import ConfigError
from kproxy.model.exchange import Altered
from kproxy.proxy.status import OwnAnswer, status_answer
from kproxy.wire.http1 import RequestHead

_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")


class Entrance(Protocol):
    """A way in. `altered`: what it changes in each head."""

    altered: Altered

    def enter(self, head: RequestHead) -> RequestHead | OwnAnswer:
        """The request as the api-server's client means it, or why it is none."""
        ...


class PathPrefix:
    """Below a path: `/some/prefix/api/v1/pods` is the api-server's `/api/v1/pods`."""

    altered = Altered.PATH

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix.encode("ascii")

    def enter(self, head: RequestHead) -> RequestHead | OwnAnswer:
        """Without the prefix; 404 for what is not below it."""
        target = head.target.removeprefix(self._prefix)
        if len(target) == len(head.target) or target[:1] not in {b"/", b"?", b""}:
            below = self._prefix.decode("ascii")
            return status_answer(404, f"kproxy serves the api-server below {below} only.", head.method)
        return _with_target(head, target if target[:1] == b"/" else b"/" + target)


def _with_target(head: RequestHead, target: bytes) -> RequestHead:
    """The same request for another target."""
    raw = b"%b %b HTTP/%b\r\n%b" % (head.method, target, head.version, head.fields_raw)
    return RequestHead(
        raw, head.method, target, head.version, head.fields_raw, head.fields, head.length, head.upgrade, head.offset
    )


def listening_prefix(path: str, listen: str) -> str:
    """The prefix that the URL `listen` names, "" for none. ConfigError."""
    prefix = path.rstrip("/")
    if prefix and (_PREFIX.fullmatch(prefix) is None or {".", ".."} & set(prefix.split("/"))):
        raise ConfigError(
            f"The address {listen!r} to listen on has a path that cannot be served below: "
            "it must be like /some/prefix, of letters, digits and ._~-."
        )
    return prefix
