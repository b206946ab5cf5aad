"""Who a client is: the user that called, as far as the recording knows, and the program that did it."""

from dataclasses import dataclass

from kproxy.model.exchange import Exchange, IdentityMode, header

MAX_NAME = 200
"""Characters of a user's or a program's name that are told apart."""

NO_CREDENTIAL = "no credential"
CREDENTIAL = "credential "
"""What stands before the pseudonym of a credential."""

_PSEUDONYM = "kproxy-redacted-"
_SHOWN = 8  # hex digits of a pseudonym: enough to tell a session's credentials apart


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Client:
    """A user and a User-Agent, both as the recording has them; `agent` is "" where none was said."""

    user: str
    agent: str

    @property
    def program(self) -> str:
        """The User-Agent's name and version, and what client-go's programs put at its end: the part that calls.

        Of a service account's name there only the last part counts:
        `kube-controller-manager/v1.37.2 (linux/amd64) kubernetes/unknown/leader-election` is
        `kube-controller-manager/v1.37.2 leader-election`.
        """
        words = self.agent.split()
        if not words:
            return "-"
        part = "/".join(words[-1].split("/")[2:]).rpartition(":")[2] if len(words) > 1 else ""
        return f"{words[0]} {part}" if part else words[0]

    def __str__(self) -> str:
        """For people."""
        return f"{self.user}, {self.program}"


OTHERS = Client(user="(others)", agent="")
"""Whom it is counted for when there are more clients than are told apart."""


def client_of(exchange: Exchange) -> Client:
    """The client of an exchange."""
    user = user_of(exchange)
    if impersonated := header(exchange.request.headers, "impersonate-user"):
        user = f"{user} as {impersonated}"
    return Client(user=user[:MAX_NAME], agent=header(exchange.request.headers, "user-agent")[:MAX_NAME])


def user_of(exchange: Exchange) -> str:
    """Who called; where only the server can tell, the credential that was shown, by its pseudonym."""
    if exchange.identity is not IdentityMode.PASS:
        return exchange.caller or "nobody"
    shown = header(exchange.request.headers, "authorization")
    at = shown.find(_PSEUDONYM)
    if at < 0:
        return NO_CREDENTIAL
    start = at + len(_PSEUDONYM)
    return f"{CREDENTIAL}{shown[start : start + _SHOWN]}"
