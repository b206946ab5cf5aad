"""A client that is authenticated here and goes on as who it is: RBAC, flow schemas and managed fields see it.

Its certificate counts first (of the client CA, checked by TLS), else its bearer token. What it goes on with is either
the front proxy's fields, which the api-server believes of kproxy's proxy-client certificate, or impersonation by the
kubeconfig's user, who needs the right to. Nobody without credentials goes on, and nobody's own claims do.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b

from kproxy.config.credentials import Credentials
from kproxy.config.upstream import Upstream
from kproxy.errors import ConfigError
from kproxy.model.exchange import Altered, IdentityMode
from kproxy.proxy.identity.caller import Caller, Peer
from kproxy.proxy.identity.forwarding import impersonation_fields, remote_fields
from kproxy.proxy.identity.judge import LARGEST_NAME, Admitted, Verdict, check_target, renewed
from kproxy.proxy.identity.reviewed import Denied, Tokens
from kproxy.proxy.identity.rewriting import LARGEST_TAIL, HeadWriter, authorization_field
from kproxy.proxy.pending import Pending
from kproxy.proxy.status import OwnAnswer, status_answer
from kproxy.wire.http1 import RequestHead

TAIL_SECONDS = 5.0
KNOWN_TAILS = 1024
"""Heads' fields are remembered, as keyed hashes, with what they become: so many of them, for so long."""

_OURS = (b"authorization", b"impersonate-", b"x-remote-")
"""What a client cannot bring, nor (RFC 9110, 7.6.1) ask a proxy behind us to take off."""

_NO_CREDENTIALS = (
    "kproxy asks clients who they are: show a bearer token that the api-server knows, or a client certificate"
)
_NO_NESTING = (
    "kproxy goes on as its client by impersonation itself, and an impersonation is not nested: "
    "leave Impersonate-* out, or use --identity front-proxy or pass."
)
_EXPIRED = "The client's certificate has expired."


@dataclass(frozen=True, slots=True)
class _Tail:
    """What a head's fields become, until when, and with which Authorization."""

    until: float
    authorization: str | None
    fields: bytes
    caller: bytes
    forwarded: bytes


class Forwarder:
    """A Judge; see the module. `upstream`: its credentials are those that impersonate; a front proxy's has none."""

    def __init__(  # noqa: PLR0913 - the last two are a test's clocks
        self,
        upstream: Upstream,
        mode: IdentityMode,
        tokens: Tokens | None,
        credentials: Credentials | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.mode = mode
        self._impersonates = mode is IdentityMode.IMPERSONATE
        self._tokens = tokens
        self._clock = clock
        self._wall = wall
        self._credentials = credentials or Credentials(upstream)
        self._writer = HeadWriter(upstream)
        name = Altered.IMPERSONATION if self._impersonates else Altered.REMOTE_USER
        self._altered = int(self._writer.altered | Altered.AUTHORIZATION | name)
        self._key = secrets.token_bytes(32)
        self._tails: dict[bytes, _Tail] = {}

    def judge(self, head: RequestHead, peer: Peer | None = None) -> Verdict:
        """What becomes of a request. Pending while the api-server is asked about a token."""
        if refused := check_target(head):
            return refused
        if peer is not None and peer.expires < self._wall():
            return status_answer(401, _EXPIRED, head.method)
        if self._credentials.due:
            return renewed(self._credentials)
        try:
            authorization = self._credentials.authorization() if self._impersonates else None
        except ConfigError as error:
            return status_answer(500, str(error), head.method)
        salt = peer.salt if peer is not None else b""
        digest = blake2b(head.fields_raw, digest_size=16, key=self._key, salt=salt).digest()
        tail = self._tails.get(digest)
        if tail is None or tail.until < self._clock() or tail.authorization != authorization:
            made = self._tail(head, peer, authorization)
            if not isinstance(made, _Tail):
                return made
            tail = made
            if len(self._tails) >= KNOWN_TAILS:
                self._tails.clear()
            if len(head.fields_raw) <= LARGEST_TAIL:
                self._tails[digest] = tail
        return Admitted(self._writer.head(head, tail.fields), self._altered, tail.caller, tail.forwarded)

    def refused(self) -> bool:
        """The server has answered 401, to kproxy's own credentials."""
        return self._credentials.refused()

    def _tail(self, head: RequestHead, peer: Peer | None, authorization: str | None) -> _Tail | OwnAnswer | Pending:
        caller = self._caller(head, peer)
        if isinstance(caller, Pending):
            return caller
        if isinstance(caller, Denied):
            return status_answer(caller.status, caller.sentence, head.method)
        if refusal := self._refusal(head):
            return status_answer(403, refusal, head.method)
        named = impersonation_fields(caller) if self._impersonates else remote_fields(caller)
        # A caller's own Impersonate-* go on through a front proxy: the api-server asks whether that caller may.
        dropped = _OURS if self._impersonates else (b"authorization", b"x-remote-")
        return _Tail(
            until=self._clock() + TAIL_SECONDS,
            authorization=authorization,
            fields=self._writer.fields(head, dropped, authorization_field(authorization) + named),
            caller=caller.name.encode()[:LARGEST_NAME],
            forwarded=caller.shown.encode()[:LARGEST_NAME],
        )

    def _caller(self, head: RequestHead, peer: Peer | None) -> Caller | Denied | Pending:
        if peer is not None:
            return peer.caller or Denied(401, peer.problem)
        shown = head.values(b"authorization")
        if not shown:
            return Denied(401, f"{_NO_CREDENTIALS}.")
        scheme, _, token = shown[0].partition(b" ")
        if len(shown) > 1 or scheme.lower() != b"bearer" or self._tokens is None:
            return Denied(401, f"{_NO_CREDENTIALS}; nothing else is known here.")
        return self._tokens.caller(token.strip())

    def _refusal(self, head: RequestHead) -> str:
        for name, value, *_ in head.fields:
            if self._impersonates and name.startswith(b"impersonate-"):
                return _NO_NESTING
            if name == b"connection" and any(each.strip().startswith(_OURS) for each in value.lower().split(b",")):
                return "The request's Connection names fields that are kproxy's to set."
        return ""
