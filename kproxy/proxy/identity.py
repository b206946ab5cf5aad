"""As whom a request goes on: who may use the credentials that kproxy holds, and what that changes in its head."""

import hmac
from dataclasses import dataclass

from kproxy.config.upstream import BearerToken, Upstream
from kproxy.errors import ConfigError
from kproxy.model.exchange import Altered, IdentityMode
from kproxy.proxy.plain import check_plain
from kproxy.proxy.status import OwnAnswer, status_answer
from kproxy.wire.handoff import IDENTITY_NUMBER
from kproxy.wire.http1 import RequestHead

KNOWN_TAILS = 64
LARGEST_TAIL = 4096
"""Heads' fields of this many bytes at most, and this many of them, are remembered with what they become."""

_UNAUTHORIZED = (
    "kproxy serves with credentials of its own only to requests that carry its token: "
    "use the kubeconfig that kproxy wrote, or KPROXY_TOKEN."
)


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that goes on with this head."""

    head: bytes
    altered: Altered


class Identity:
    """Decides on each request: whether it goes on, and with which credentials and Host.

    `token`: what clients have to show; None on the plain listener, where `local` names kproxy's own host:port instead
    and `allow_exec` says whether exec, attach and port-forward are served. An Upstream without credentials asks for
    nothing, and its requests keep the client's own Authorization.
    """

    def __init__(
        self, upstream: Upstream, *, token: str | None, local: tuple[str, int] | None, allow_exec: bool
    ) -> None:
        self._upstream = upstream
        self._bearer = BearerToken(upstream)
        self._expected = f"Bearer {token}".encode("ascii") if token and upstream.injects else None
        self._local = local
        self._allow_exec = allow_exec
        self._host = b"Host: " + upstream.host_header.encode("ascii") + b"\r\n"
        self._prefix = upstream.path_prefix.encode("ascii")
        self._impersonate = b"".join(f"{name}: {value}\r\n".encode() for name, value in upstream.impersonate)
        self._altered = Altered.HOST | Altered.AUTHORIZATION if upstream.injects else Altered.HOST
        # Clients say the same fields again and again: what they become, and with which Authorization.
        self._known_tails: dict[bytes, tuple[str | None, bytes]] = {}
        self.mode = IdentityMode.ONE if upstream.injects else IdentityMode.PASS
        self.number = IDENTITY_NUMBER[self.mode]
        self.caller = (upstream.user or upstream.username or "kubeconfig") if upstream.injects else "client"
        self.caller_bytes = self.caller.encode()[:1024]

    def judge(self, head: RequestHead) -> Admitted | OwnAnswer:
        """What becomes of a request."""
        if not head.target.startswith(b"/") and head.target != b"*":
            return status_answer(400, "A request's target must be a path: kproxy is no forward proxy.", head.method)
        if self._expected is not None:
            shown = head.values(b"authorization")
            if len(shown) != 1 or not hmac.compare_digest(shown[0], self._expected):
                return status_answer(401, _UNAUTHORIZED, head.method)
        if self._local is not None and self._upstream.injects:
            refusal = check_plain(head, self._local, allow_exec=self._allow_exec)
            if refusal:
                return status_answer(403, refusal, head.method)
        try:
            return self._rewritten(head)
        except ConfigError as error:
            return status_answer(500, str(error), head.method)

    def _rewritten(self, head: RequestHead) -> Admitted:
        """The head with the upstream's Host, and with kproxy's credentials in the place of the client's."""
        authorization = self._bearer.authorization() if self._upstream.injects else None
        fields = self._known_tails.get(head.fields_raw)
        if fields is None or fields[0] != authorization:
            fields = authorization, self._fields(head, authorization)
            if len(self._known_tails) >= KNOWN_TAILS:
                self._known_tails.clear()
            if len(head.fields_raw) <= LARGEST_TAIL:
                self._known_tails[head.fields_raw] = fields
        line = head.raw[: len(head.raw) - len(head.fields_raw)]
        if self._prefix:
            line = line.replace(b" ", b" " + self._prefix, 1)
        return Admitted(line + fields[1], self._altered)

    def _fields(self, head: RequestHead, authorization: str | None) -> bytes:
        """The fields of a head, those of the client that are ours to set left out."""
        raw, injects = head.fields_raw, self._upstream.injects
        parts = [self._host]
        position = 0
        for name, _, begin, end in head.fields:
            if name == b"host" or (injects and name == b"authorization"):
                parts.append(raw[position:begin])
                position = end
        if authorization is not None:
            parts.append(f"Authorization: {authorization}\r\n".encode("latin-1"))
        if not any(name.startswith(b"impersonate-") for name, *_ in head.fields):
            parts.append(self._impersonate)
        parts.append(raw[position:])
        return b"".join(parts)
