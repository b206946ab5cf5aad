"""The plain listener's rules, through the identity that applies them."""

import pytest

from kproxy.config.upstream import Tls, Upstream
from kproxy.proxy.identity.judge import Admitted, Identity
from kproxy.proxy.pending import Pending
from kproxy.proxy.status import OwnAnswer
from kproxy.wire.http1_head import parse_request_head

UPSTREAM = Upstream(url="https://real:6443", host="real", port=6443, tls=Tls(), token="real-token", context="c")
LOCAL = ("127.0.0.1", 8080)


def plain(*, allow_exec: bool = False) -> Identity:
    return Identity(UPSTREAM, token=None, local=LOCAL, allow_exec=allow_exec)


def judged(identity: Identity, *fields: str, target: str = "/api/v1/pods") -> Admitted | OwnAnswer:
    lines = "".join(f"{field}\r\n" for field in fields)
    verdict = identity.judge(parse_request_head(f"GET {target} HTTP/1.1\r\n{lines}\r\n".encode()))
    assert not isinstance(verdict, Pending)
    return verdict


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:8080", "localhost", "[::1]:8080", "LOCALHOST:1"])
def test_the_plain_listener_serves_local_hosts(host: str) -> None:
    assert isinstance(judged(plain(), f"Host: {host}"), Admitted)


@pytest.mark.parametrize(
    "fields",
    [
        (),
        ("Host: evil.example:8080",),
        ("Host: 127.0.0.1.evil.example",),
        ("Host: localhost:8080@evil.example",),
        ("Host: localhost", "Origin: http://evil.example"),
        ("Host: localhost", "Origin: https://localhost:8080"),
        ("Host: localhost", "Origin: http://localhost:9999"),
        ("Host: localhost", "Origin: null"),
        ("Host: localhost", "Origin: http://localhost:8080", "Origin: http://evil.example"),
    ],
)
def test_the_plain_listener_refuses_what_a_web_page_could_send(fields: tuple[str, ...]) -> None:
    verdict = judged(plain(), *fields)

    assert isinstance(verdict, OwnAnswer)
    assert verdict.status == 403


def test_the_plain_listener_serves_a_page_of_its_own_origin() -> None:
    assert isinstance(judged(plain(), "Host: localhost:8080", "Origin: http://localhost:8080"), Admitted)


EXEC = [
    "/api/v1/namespaces/d/pods/p/exec?command=sh",
    "/api/v1/namespaces/d/pods/p/attach",
    "/api/v1/namespaces/d/pods/p/portforward",
    "/api/v1/namespaces/d/pods/p/ex%65c",
    "/api/v1/namespaces/d%2Fpods%2Fp%2Fexec",
    "//api//v1/namespaces/d/pods/p//exec",
    "/api/v1/namespaces/d/pods/p/exec/",
    "/api/v1/nodes/n/proxy/exec/d/p/c",
    "/api/v1/nodes/n/proxy/run/d/p/c",
]


@pytest.mark.parametrize("target", EXEC)
def test_the_plain_listener_refuses_exec_however_it_is_written(target: str) -> None:
    verdict = judged(plain(), "Host: localhost", target=target)

    assert isinstance(verdict, OwnAnswer)
    assert verdict.status == 403
    assert "--allow-exec" in verdict.message
    assert isinstance(judged(plain(allow_exec=True), "Host: localhost", target=target), Admitted)


@pytest.mark.parametrize("target", ["/api/v1/namespaces/d/pods/exec", "/api/v1/pods?fieldSelector=/pods/p/exec"])
def test_a_pod_may_be_called_exec(target: str) -> None:
    assert isinstance(judged(plain(), "Host: localhost", target=target), Admitted)
