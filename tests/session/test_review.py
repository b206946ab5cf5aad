"""A TokenReview as it goes out, and what comes of its answers."""

import asyncio
import json
from dataclasses import replace

import pytest

from kproxy.config.credentials import Credentials
from kproxy.config.upstream import upstream_from_url
from kproxy.errors import ProxyError
from kproxy.proxy.identity.caller import Caller, NoCallerError
from kproxy.session.review import reviewer
from tests.proxy.stage import TeeReader, upstream

TOKEN = "a-clients-token"
ADA = {"authenticated": True, "user": {"username": "ada", "groups": ["dev"]}}


def reviewed(status: int, content: bytes) -> tuple[Caller | None, bytes]:
    """Whom the token names when the server answers so, and what it was asked."""

    async def script(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.head()
        await reader.exactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]))
        writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%b" % (status, len(content), content))

    async def play() -> tuple[Caller | None, bytes]:
        async with upstream(script) as server:
            place = replace(upstream_from_url(server.url), token="kproxys", context="c", user="admin")
            return await reviewer(place, Credentials(place))(TOKEN), bytes(server.received[0])

    return asyncio.run(play())


def test_the_token_goes_in_the_content_and_kproxys_own_in_the_head() -> None:
    caller, asked = reviewed(201, json.dumps({"status": ADA}).encode())

    assert caller == Caller(name="ada", groups=("dev",))
    head, _, content = asked.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /apis/authentication.k8s.io/v1/tokenreviews HTTP/1.1\r\n")
    assert b"Authorization: Bearer kproxys" in head
    assert json.loads(content)["spec"] == {"token": TOKEN}


def test_a_token_of_nobody_is_nobodys() -> None:
    assert reviewed(201, b'{"status": {"authenticated": false, "error": "expired"}}')[0] is None


@pytest.mark.parametrize(
    ("status", "content", "sentence"),
    [
        (403, b"{}", 'it answers 403; user "admin" needs the right to create tokenreviews'),
        (500, b"{}", "it answers 500"),
        (201, b"a-clients-token", "is no JSON"),
    ],
)
def test_a_server_that_does_not_say_is_an_error_without_the_token(status: int, content: bytes, sentence: str) -> None:
    with pytest.raises(ProxyError, match=sentence) as raised:
        reviewed(status, content)
    assert TOKEN not in str(raised.value)


def test_an_answer_without_a_status_is_not_taken_for_a_no() -> None:
    with pytest.raises(NoCallerError):
        reviewed(201, b"{}")
