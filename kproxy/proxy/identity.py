"""As whom a request goes on: who may use the credentials that kproxy holds, and what that changes in its head."""

import hmac
from dataclasses import dataclass

from kproxy.config.upstream import BearerToken, Upstream
from kproxy.errors import ConfigError
from kproxy.model.exchange import Altered
from kproxy.proxy.plain import check_plain
from kproxy.proxy.status import OwnAnswer, status_answer
from kproxy.wire.http1 import RequestHead

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
        self._host = b"Host: " + upstream.host_header.encode("ascii")
        self._prefix = upstream.path_prefix.encode("ascii")
        self._impersonate = b"".join(f"{name}: {value}\r\n".encode() for name, value in upstream.impersonate)
        self.caller = (upstream.user or upstream.username or "kubeconfig") if upstream.injects else "client"
        self.caller_bytes = self.caller.encode()

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
        raw, injects = head.raw, self._upstream.injects
        altered = Altered.HOST
        end_of_line = raw.index(b"\r\n") + 2
        start = raw[:end_of_line]
        if self._prefix:
            start = start.replace(b" ", b" " + self._prefix, 1)
        parts = [start, self._host, b"\r\n"]
        position = end_of_line
        impersonates = False
        for name, _, begin, end in head.fields:
            if name == b"host" or (injects and name == b"authorization"):
                parts.append(raw[position:begin])
                position = end
            impersonates = impersonates or name.startswith(b"impersonate-")
        if injects:
            altered |= Altered.AUTHORIZATION
            if authorization := self._bearer.authorization():
                parts += (b"Authorization: ", authorization.encode("latin-1"), b"\r\n")
            if not impersonates:
                parts.append(self._impersonate)
        parts.append(raw[position:])
        return Admitted(b"".join(parts), altered)
