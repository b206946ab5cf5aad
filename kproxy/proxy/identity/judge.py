"""As whom a request goes on: who may use the credentials that kproxy holds, and what that changes in its head.

Two kinds of identity share the interface that a tap asks: here, everyone is one user or stays himself; in
kproxy.proxy.identity.forwarder a client is authenticated and forwarded as who it is.
"""

import hmac
import logging
from dataclasses import dataclass
from typing import Protocol

from kproxy.config.credentials import Credentials
from kproxy.config.upstream import Upstream
from kproxy.errors import ConfigError
from kproxy.model.exchange import Altered, IdentityMode
from kproxy.proxy.identity.caller import Peer
from kproxy.proxy.identity.plain import check_plain
from kproxy.proxy.identity.rewriting import KNOWN_TAILS, LARGEST_TAIL, HeadWriter, authorization_field
from kproxy.proxy.pending import Pending
from kproxy.proxy.status import OwnAnswer, status_answer
from kproxy.wire.http1 import RequestHead

logger = logging.getLogger(__name__)

LARGEST_NAME = 1024
"""Bytes of a caller's name and groups that are recorded."""

_UNAUTHORIZED = (
    "kproxy serves with credentials of its own only to requests that carry its token: "
    "use the kubeconfig that kproxy wrote, or KPROXY_TOKEN."
)


@dataclass(frozen=True, slots=True)
class Admitted:
    """A request that goes on with this head. `caller`, `forwarded`: for the recording, UTF-8."""

    head: bytes
    altered: int  # of Altered; a flag of an enum would cost more than all the rest
    caller: bytes = b""
    forwarded: bytes = b""


type Verdict = Admitted | OwnAnswer | Pending


class Judge(Protocol):
    """What a tap asks."""

    mode: IdentityMode

    def judge(self, head: RequestHead, peer: Peer | None = None) -> Verdict:
        """What becomes of a request; `peer`: who has shown a certificate on its connection. Pending: ask again then."""
        ...

    def refused(self) -> bool:
        """The server has answered 401. Whether its connection is of no more use."""
        ...


class Identity:
    """Decides on each request: whether it goes on, and with which credentials and Host.

    `token`: what clients have to show; None on the plain listener, where `local` names kproxy's own host:port instead
    and `allow_exec` says whether exec, attach and port-forward are served. An Upstream without credentials asks for
    nothing, and its requests keep the client's own Authorization.
    """

    def __init__(
        self,
        upstream: Upstream,
        *,
        token: str | None,
        local: tuple[str, int] | None,
        allow_exec: bool,
        credentials: Credentials | None = None,
    ) -> None:
        self._injects = upstream.injects
        self._credentials = credentials or Credentials(upstream)
        self._told = False
        self._expected = f"Bearer {token}".encode("ascii") if token and self._injects else None
        self._local = local
        self._allow_exec = allow_exec
        self._writer = HeadWriter(upstream)
        self._impersonate = b"".join(f"{name}: {value}\r\n".encode() for name, value in upstream.impersonate)
        self._dropped = (b"authorization",) if self._injects else (b"host",)
        self._altered = int(self._writer.altered | (Altered.AUTHORIZATION if self._injects else Altered.NOTHING))
        # Clients say the same fields again and again: what they become, and with which Authorization.
        self._known_tails: dict[bytes, tuple[str | None, bytes]] = {}
        self.mode = IdentityMode.ONE if self._injects else IdentityMode.PASS
        self.caller = (upstream.user or upstream.username or "kubeconfig") if self._injects else "client"
        self._caller = self.caller.encode()[:LARGEST_NAME]

    def judge(self, head: RequestHead, peer: Peer | None = None) -> Verdict:  # noqa: ARG002 - Judge's signature
        """What becomes of a request."""
        if refused := check_target(head):
            return refused
        if self._expected is not None:
            shown = head.values(b"authorization")
            if len(shown) != 1 or not hmac.compare_digest(shown[0], self._expected):
                return status_answer(401, _UNAUTHORIZED, head.method)
        if self._local is not None and self._injects:
            refusal = check_plain(head, self._local, allow_exec=self._allow_exec)
            if refusal:
                return status_answer(403, refusal, head.method)
        if self._credentials.due:
            return renewed(self._credentials)
        try:
            return self._rewritten(head)
        except ConfigError as error:
            return status_answer(500, str(error), head.method)

    def refused(self) -> bool:
        """The server has answered 401: a plugin's answer may be old, a client's certificate ended here."""
        if self.mode is IdentityMode.PASS and not self._told:
            self._told = True
            logger.warning(
                "the api-server answered 401 to a client: a bearer token passes through kproxy, a client "
                "certificate cannot (--identity front-proxy and impersonate take it)"
            )
        return self._credentials.refused()

    def _rewritten(self, head: RequestHead) -> Admitted:
        """The head with the upstream's Host, and with kproxy's credentials in the place of the client's."""
        authorization = self._credentials.authorization() if self._injects else None
        fields = self._known_tails.get(head.fields_raw)
        if fields is None or fields[0] != authorization:
            added = authorization_field(authorization)
            if not any(name.startswith(b"impersonate-") for name, *_ in head.fields):
                added += self._impersonate
            fields = authorization, self._writer.fields(head, self._dropped, added)
            if len(self._known_tails) >= KNOWN_TAILS:
                self._known_tails.clear()
            if len(head.fields_raw) <= LARGEST_TAIL:
                self._known_tails[head.fields_raw] = fields
        return Admitted(self._writer.head(head, fields[1]), self._altered, self._caller)


def renewed(credentials: Credentials) -> Pending:
    """What a request waits for while a plugin is asked."""
    pending = Pending()
    credentials.renew().add_done_callback(lambda _: pending.resolve())
    return pending


def check_target(head: RequestHead) -> OwnAnswer | None:
    """The refusal of a target that is no path."""
    if head.target.startswith(b"/") or head.target == b"*":
        return None
    return status_answer(400, "A request's target must be a path: kproxy is no forward proxy.", head.method)
