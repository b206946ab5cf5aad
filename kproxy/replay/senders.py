"""As whom each recorded request is sent again: over which transport, with which fields beside its own."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from kproxy.errors import ReplayError
from kproxy.model.exchange import Exchange, Headers, IdentityMode, header
from kproxy.model.many import frozen_by_type
from kproxy.renaming.kinds import Kind
from kproxy.renaming.renaming import Renaming
from kproxy.replay.issued import PSEUDONYM
from kproxy.replay.transport import Transport

KNOWN = frozenset({IdentityMode.FRONT_PROXY, IdentityMode.IMPERSONATE})
"""Modes of recording in which a caller's Kubernetes name and groups are known, because kproxy asked for them."""

_SHOWN_GROUPS = re.compile(r" \[(.*)\]", re.DOTALL)


@frozen_by_type(frozen=True, slots=True)
class Sender:
    """How one request goes out. `authorization`: its own, "": the transport's."""

    transport: Transport
    fields: Headers = ()
    authorization: str = field(default="", repr=False)


class Senders(Protocol):
    """Who sends."""

    def of(self, exchange: Exchange) -> Sender:
        """Who sends this one. ReplayError for a caller that nobody stands for."""

    def close(self) -> None:
        """Close all connections."""


@dataclass(frozen=True, slots=True)
class One:
    """Everybody is the same user: the one whose credentials the transport has."""

    transport: Transport

    def of(self, exchange: Exchange) -> Sender:  # noqa: ARG002 - Senders' signature
        """The same for all."""
        return Sender(self.transport)

    def close(self) -> None:
        """Close all connections."""
        self.transport.close()


@dataclass(frozen=True, slots=True)
class Impersonating:
    """Each recorded caller by impersonation, with the transport's credentials.

    Callers of a recording that knows no Kubernetes names (all went on with one user's credentials) are that user. A
    client that impersonated somebody by itself goes on doing so.
    """

    transport: Transport

    def of(self, exchange: Exchange) -> Sender:
        """Impersonate-User and -Group of its caller."""
        if exchange.identity not in KNOWN:
            return Sender(self.transport)
        name, groups = caller_of(exchange)
        fields = (("Impersonate-User", name), *(("Impersonate-Group", group) for group in groups))
        return Sender(self.transport, tuple((field, value.encode().decode("latin-1")) for field, value in fields))

    def close(self) -> None:
        """Close all connections."""
        self.transport.close()


@dataclass(frozen=True, slots=True)
class Mapped:
    """Each recorded caller with the credentials that somebody gave for it."""

    transports: Mapping[str, Transport]

    def of(self, exchange: Exchange) -> Sender:
        """Its caller's."""
        transport = self.transports.get(exchange.caller)
        if transport is None:
            raise ReplayError(
                f"Nobody stands for the caller {exchange.caller!r} of exchange {exchange.seq}; "
                "add it to the file of --as-map."
            )
        return Sender(transport)

    def close(self) -> None:
        """Close all connections."""
        for transport in {id(each): each for each in self.transports.values()}.values():
            transport.close()


@dataclass(frozen=True, slots=True)
class WithTokens:
    """Whoever showed a token that the recorded server had issued shows the one that the target issued in its place.

    Tokens are bound to the pseudonyms that the recording has of them, in memory only. `bare`: sets no credentials.
    """

    others: Senders
    bare: Transport
    renaming: Renaming

    def of(self, exchange: Exchange) -> Sender:
        """By its own token, where that was issued in the session."""
        shown = header(exchange.request.headers, "authorization")
        if shown:
            match = PSEUDONYM.search(shown)
            issued = self.renaming.image(Kind.PSEUDONYM, match[0]) if match is not None else None
            if match is not None and issued is not None and PSEUDONYM.fullmatch(issued) is None:
                return Sender(self.bare, authorization=shown.replace(match[0], issued))
        return self.others.of(exchange)

    def close(self) -> None:
        """Close all connections."""
        self.bare.close()
        self.others.close()


def caller_of(exchange: Exchange) -> tuple[str, tuple[str, ...]]:
    """A caller's name and groups, as the recording shows them: `ada [dev, ops]`. ReplayError if they are cut."""
    name, shown = exchange.caller, exchange.forwarded
    if not shown.startswith(name):
        shown = name
    match = _SHOWN_GROUPS.fullmatch(shown[len(name) :])
    if not name or (shown != name and match is None):
        raise ReplayError(f"The caller of exchange {exchange.seq} is not wholly known: {exchange.forwarded[:60]!r}.")
    return name, tuple(match[1].split(", ")) if match is not None else ()
