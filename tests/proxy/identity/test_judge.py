from dataclasses import replace
from pathlib import Path

import pytest

from kproxy.config.upstream import Tls, Upstream, upstream_from_url
from kproxy.model.exchange import Altered
from kproxy.proxy.identity.judge import Admitted, Identity
from kproxy.proxy.pending import Pending
from kproxy.proxy.status import OwnAnswer
from kproxy.wire.http1_head import parse_request_head

WITH_TOKEN = Upstream(
    url="https://real:6443", host="real", port=6443, tls=Tls(), token="real-token", context="c", user="ada"
)


def judged(identity: Identity, *fields: str, target: str = "/api/v1/pods") -> Admitted | OwnAnswer:
    lines = "".join(f"{field}\r\n" for field in fields)
    verdict = identity.judge(parse_request_head(f"GET {target} HTTP/1.1\r\n{lines}\r\n".encode()))
    assert not isinstance(verdict, Pending)
    return verdict


def head_of(verdict: Admitted | OwnAnswer) -> list[str]:
    assert isinstance(verdict, Admitted)
    return verdict.head.decode().split("\r\n")


def listener(upstream: Upstream = WITH_TOKEN) -> Identity:
    return Identity(upstream, token="ours", local=None, allow_exec=False)


def test_kproxys_token_is_taken_off_and_the_kubeconfigs_set() -> None:
    verdict = judged(listener(), "Host: kproxy", "authorization: Bearer ours", "Accept: */*")

    assert head_of(verdict) == [
        "GET /api/v1/pods HTTP/1.1",
        "Host: real:6443",
        "Authorization: Bearer real-token",
        "Accept: */*",
        "",
        "",
    ]
    assert isinstance(verdict, Admitted)
    assert verdict.altered == Altered.HOST | Altered.AUTHORIZATION
    assert listener().caller == "ada"


@pytest.mark.parametrize(
    "fields",
    [
        (),
        ("Authorization: Bearer wrong",),
        ("Authorization: Bearer ours ",),
        ("Authorization: bearer ours",),
        ("Authorization: Basic b3Vycw==",),
        ("Authorization: Bearer ours", "Authorization: Bearer ours"),
        ("Authorization: Bearer wrong", "Authorization: Bearer ours"),
        ("Proxy-Authorization: Bearer ours",),
        ("Authorization: Bearer our\u00e9",),
    ],
)
def test_without_kproxys_token_nothing_goes_on(fields: tuple[str, ...]) -> None:
    verdict = judged(listener(), "Host: kproxy", *fields)

    if fields == ("Authorization: Bearer ours ",):  # white space around a value is not part of it
        assert isinstance(verdict, Admitted)
        return
    assert isinstance(verdict, OwnAnswer)
    assert verdict.status == 401


def test_with_a_client_certificate_alone_no_authorization_is_set() -> None:
    upstream = replace(WITH_TOKEN, token=None, tls=Tls(client_cert_pem="C", client_key_pem="K"))

    verdict = judged(listener(upstream), "Host: kproxy", "Authorization: Bearer ours")

    assert not [line for line in head_of(verdict) if line.startswith("Authorization")]


def test_an_upstream_without_credentials_gets_the_clients_own() -> None:
    verdict = judged(listener(upstream_from_url("http://up:1")), "Host: kproxy", "Authorization: Bearer mine")

    assert head_of(verdict)[:3] == ["GET /api/v1/pods HTTP/1.1", "Host: up:1", "Authorization: Bearer mine"]
    assert isinstance(verdict, Admitted)
    assert verdict.altered == Altered.HOST


def test_a_path_prefix_comes_before_the_path() -> None:
    upstream = replace(WITH_TOKEN, path_prefix="/k8s/c-1")
    verdict = judged(listener(upstream), "Authorization: Bearer ours")

    assert head_of(verdict)[0] == "GET /k8s/c-1/api/v1/pods HTTP/1.1"
    assert isinstance(verdict, Admitted)
    assert Altered.PATH in Altered(verdict.altered)


def test_the_kubeconfigs_impersonation_is_set_unless_the_client_has_its_own() -> None:
    upstream = replace(WITH_TOKEN, impersonate=(("Impersonate-User", "bob"),))
    token = "Authorization: Bearer ours"

    assert "Impersonate-User: bob" in head_of(judged(listener(upstream), token))
    own = head_of(judged(listener(upstream), token, "impersonate-user: eve"))
    assert "Impersonate-User: bob" not in own
    assert "impersonate-user: eve" in own


def test_a_token_file_that_cannot_be_read_is_a_500_that_says_so(tmp_path: Path) -> None:
    upstream = replace(WITH_TOKEN, token=None, token_file=tmp_path / "gone")

    verdict = judged(listener(upstream), "Authorization: Bearer ours")

    assert isinstance(verdict, OwnAnswer)
    assert verdict.status == 500
    assert str(tmp_path / "gone") in verdict.message


def test_a_request_in_a_forward_proxys_form_is_refused() -> None:
    verdict = judged(listener(), "Authorization: Bearer ours", target="http://elsewhere/api")

    assert isinstance(verdict, OwnAnswer)
    assert verdict.status == 400
