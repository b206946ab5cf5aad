"""A client goes on as who it is, and as nobody else, whatever it claims."""

from dataclasses import replace

import pytest

from kproxy.config.upstream import Tls, Upstream
from kproxy.model.exchange import Altered, IdentityMode
from kproxy.proxy.identity.caller import Caller, Peer, peer_of
from kproxy.proxy.identity.forwarder import TAIL_SECONDS, Forwarder
from kproxy.proxy.identity.judge import Admitted, Verdict
from kproxy.proxy.identity.reviewed import NOBODY, Denied, Tokens
from kproxy.proxy.pending import Pending
from kproxy.proxy.status import OwnAnswer
from kproxy.wire.http1_head import parse_request_head
from tests.support.authority import Authority

UPSTREAM = Upstream(
    url="https://real:6443", host="real", port=6443, tls=Tls(), token="kubeconfigs", context="c", user="admin"
)
BARE = UPSTREAM.without_credentials()
AUTHORITY = Authority()
EVE = peer_of(AUTHORITY.client("eve", "ops").der)


class KnownTokens(Tokens):
    """Knows one token, has not heard of another."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.pending = Pending()
        self.caller_of_ada: Caller | Denied = Caller(name="ada", groups=("dev",))

    def caller(self, token: bytes) -> Caller | Denied | Pending:
        self.asked.append(token)
        return {b"ada": self.caller_of_ada, b"new": self.pending}.get(token, NOBODY)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def front_proxy(tokens: Tokens | None = None, clock: Clock | None = None) -> Forwarder:
    return Forwarder(BARE, IdentityMode.FRONT_PROXY, tokens or KnownTokens(), clock=clock or Clock())


def impersonating(tokens: Tokens | None = None) -> Forwarder:
    return Forwarder(UPSTREAM, IdentityMode.IMPERSONATE, tokens or KnownTokens())


def judged(forwarder: Forwarder, *fields: str, peer: Peer | None = None, target: str = "/api") -> Verdict:
    lines = "".join(f"{field}\r\n" for field in fields)
    return forwarder.judge(parse_request_head(f"GET {target} HTTP/1.1\r\nHost: kproxy\r\n{lines}\r\n".encode()), peer)


def lines_of(verdict: Verdict) -> list[str]:
    assert isinstance(verdict, Admitted)
    return verdict.head.decode().split("\r\n")


def refusal(verdict: Verdict) -> tuple[int, str]:
    assert isinstance(verdict, OwnAnswer)
    return verdict.status, verdict.message


def test_through_the_front_proxy_the_caller_stands_where_its_token_was() -> None:
    verdict = judged(front_proxy(), "Accept: */*", "authorization: bearer  ada", "X-After: 1")

    assert lines_of(verdict) == [
        "GET /api HTTP/1.1",
        "Host: real:6443",
        "Accept: */*",
        "X-Remote-User: ada",
        "X-Remote-Group: dev",
        "X-After: 1",
        "",
        "",
    ]
    assert isinstance(verdict, Admitted)
    assert (verdict.caller, verdict.forwarded) == (b"ada", b"ada [dev]")
    assert verdict.altered == Altered.HOST | Altered.AUTHORIZATION | Altered.REMOTE_USER


def test_impersonation_goes_with_the_kubeconfigs_credentials() -> None:
    verdict = judged(impersonating(), "Authorization: Bearer ada")

    assert lines_of(verdict)[1:5] == [
        "Host: real:6443",
        "Authorization: Bearer kubeconfigs",
        "Impersonate-User: ada",
        "Impersonate-Group: dev",
    ]
    assert isinstance(verdict, Admitted)
    assert verdict.altered == Altered.HOST | Altered.AUTHORIZATION | Altered.IMPERSONATION


def test_what_a_client_claims_of_itself_never_goes_on() -> None:
    claims = ("x-remote-user: admin", "X-Remote-Group: system:masters", "X-REMOTE-EXTRA-x: y", "X-Remote-Uid: 0")

    for forwarder in (front_proxy(), impersonating()):
        lines = lines_of(judged(forwarder, *claims, "Authorization: Bearer ada"))
        assert not [line for line in lines if "masters" in line or "admin" in line or "EXTRA" in line or ": 0" in line]


def test_an_impersonation_is_not_nested_but_a_front_proxy_lets_the_api_server_decide() -> None:
    claims = ("impersonate-User: admin", "Authorization: Bearer ada")

    status, sentence = refusal(judged(impersonating(), *claims))
    assert status == 403
    assert "not nested" in sentence
    assert "impersonate-User: admin" in lines_of(judged(front_proxy(), *claims))


@pytest.mark.parametrize("named", ["Impersonate-User", "close, X-Remote-User", "keep-alive,impersonate-group"])
def test_a_connection_that_names_kproxys_fields_is_refused(named: str) -> None:
    for forwarder in (front_proxy(), impersonating()):
        assert refusal(judged(forwarder, f"Connection: {named}", "Authorization: Bearer ada"))[0] == 403
    assert lines_of(judged(front_proxy(), "Connection: keep-alive, Upgrade", "Authorization: Bearer ada"))


@pytest.mark.parametrize(
    "fields",
    [
        (),
        ("Authorization: Basic YTpi",),
        ("Authorization: Bearer",),
        ("Authorization: Bearer eve",),
        ("Authorization: Bearer ada", "Authorization: Bearer ada"),
        ("X-Remote-User: ada",),
    ],
)
def test_nobody_goes_on_without_credentials(fields: tuple[str, ...]) -> None:
    for forwarder in (front_proxy(), impersonating()):
        assert refusal(judged(forwarder, *fields))[0] == 401


def test_a_certificate_counts_before_a_token_and_the_token_goes_no_further() -> None:
    tokens = KnownTokens()

    lines = lines_of(judged(front_proxy(tokens), "Authorization: Bearer ada", peer=EVE))

    assert "X-Remote-User: eve" in lines
    assert "X-Remote-Group: ops" in lines
    assert not [line for line in lines if line.startswith("Authorization")]
    assert tokens.asked == []


def test_a_certificate_that_expires_on_an_open_connection_counts_no_longer() -> None:
    forwarder = Forwarder(BARE, IdentityMode.FRONT_PROXY, None, wall=lambda: EVE.expires + 1)

    assert refusal(judged(forwarder, peer=EVE))[0] == 401


def test_a_certificate_of_nobody_says_why() -> None:
    assert refusal(judged(front_proxy(), peer=replace(EVE, caller=None, problem="No name."))) == (401, "No name.")


def test_the_same_fields_on_connections_of_others_are_not_the_same_caller() -> None:
    forwarder = front_proxy()
    other = peer_of(AUTHORITY.client("mallory").der)

    named = [lines_of(judged(forwarder, peer=peer))[2] for peer in (EVE, other, EVE)]
    named.append(lines_of(judged(forwarder, "Authorization: Bearer ada"))[2])

    assert named == ["X-Remote-User: eve", "X-Remote-User: mallory", "X-Remote-User: eve", "X-Remote-User: ada"]
    assert refusal(judged(forwarder))[0] == 401


def test_a_known_head_asks_nobody_until_it_is_old() -> None:
    tokens, clock = KnownTokens(), Clock()
    forwarder = front_proxy(tokens, clock)
    for _ in range(3):
        judged(forwarder, "Authorization: Bearer ada")
    assert len(tokens.asked) == 1

    clock.now += TAIL_SECONDS + 0.1
    tokens.caller_of_ada = Denied(401, "gone")

    assert refusal(judged(forwarder, "Authorization: Bearer ada"))[0] == 401


def test_a_token_that_is_being_asked_about_has_to_wait() -> None:
    assert isinstance(judged(front_proxy(), "Authorization: Bearer new"), Pending)


def test_no_token_stays_in_what_the_forwarder_remembers() -> None:
    forwarder = front_proxy()
    judged(forwarder, "Authorization: Bearer ada")

    assert b"Bearer" not in repr(forwarder._tails).encode()


def test_a_path_is_a_path_here_too() -> None:
    assert refusal(judged(front_proxy(), "Authorization: Bearer ada", target="http://elsewhere/"))[0] == 400
