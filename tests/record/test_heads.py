"""Credentials in heads."""

import base64

import pytest

from kproxy.record.heads import HeadRedactor
from kproxy.record.literals import Literals
from kproxy.record.pseudonyms import Pseudonyms

PSEUDONYMS = Pseudonyms(b"1" * 32)
HEADS = HeadRedactor(PSEUDONYMS, Literals(PSEUDONYMS, ["known-literal-secret"]))
MADE = PSEUDONYMS.text("hunter22")


def header(name: str, value: str) -> str:
    """What becomes of a header field's value."""
    ((kept, cleaned),) = HEADS.headers(((name, value),), f"{name}: {value}".encode("latin-1"))
    assert kept == name
    assert HEADS.headers(((name, cleaned),), f"{name}: {cleaned}".encode("latin-1")) == ((name, cleaned),)
    return cleaned


@pytest.mark.parametrize(
    ("name", "value", "cleaned"),
    [
        ("Authorization", "Bearer hunter22", f"Bearer {MADE}"),
        ("AUTHORIZATION", "hunter22", MADE),
        ("Proxy-Authorization", "Basic hunter22", f"Basic {MADE}"),
        ("Cookie", "a=hunter22; b=hunter22", f"a={MADE}; b={MADE}"),
        ("Cookie", "hunter22", MADE),
        ("Set-Cookie", "a=hunter22; Path=/; HttpOnly", f"a={MADE}; Path=/; HttpOnly"),
        ("X-Auth-Token", "hunter22", MADE),
        ("Location", "/x?token=hunter22&y=1", f"/x?token={MADE}&y=1"),
        ("X-Other", "see known-literal-secret", f"see {PSEUDONYMS.text('known-literal-secret')}"),
        ("Accept", "application/json", "application/json"),
        ("Audit-Id", "\xff", "\xff"),
        ("Sec-WebSocket-Protocol", "v5.channel.k8s.io, v4.channel.k8s.io", "v5.channel.k8s.io, v4.channel.k8s.io"),
    ],
)
def test_credentials_are_replaced_and_the_rest_stays(name: str, value: str, cleaned: str) -> None:
    assert header(name, value) == cleaned


def test_a_websocket_client_s_token_is_the_same_pseudonym_as_in_a_header() -> None:
    prefix = "base64url.bearer.authorization.k8s.io."
    token = base64.urlsafe_b64encode(b"hunter22").decode().rstrip("=")
    cleaned = header("Sec-WebSocket-Protocol", f"{prefix}{token}, v4.channel.k8s.io")
    first, second = cleaned.split(", ")
    encoded = first.removeprefix(prefix)
    assert base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode() == MADE
    assert second == "v4.channel.k8s.io"
    assert "hunter" not in header("Sec-WebSocket-Protocol", f"{prefix}hunter22é")


@pytest.mark.parametrize(
    ("target", "cleaned"),
    [
        ("/api/v1/pods?limit=5", "/api/v1/pods?limit=5"),
        ("/x?token=hunter22", f"/x?token={MADE}"),
        ("/x?a=1&access_token=hunter22&b=2", f"/x?a=1&access_token={MADE}&b=2"),
        ("/x?continue=token=abc", "/x?continue=token=abc"),
        ("/known-literal-secret/x", f"/{PSEUDONYMS.text('known-literal-secret')}/x"),
        ("", ""),
    ],
)
def test_parameters_that_carry_credentials_are_replaced(target: str, cleaned: str) -> None:
    assert HEADS.target(target) == cleaned
    assert HEADS.target(cleaned) == cleaned
