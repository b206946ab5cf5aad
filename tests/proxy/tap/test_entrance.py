"""What a way in adds to a request is taken off before it is judged, recorded and sent on."""

import asyncio
from dataclasses import replace

import pytest

from kproxy.config.upstream import upstream_from_url
from kproxy.errors import ConfigError
from kproxy.model.exchange import Altered, End
from kproxy.proxy.tap.entrance import listening_prefix
from kproxy.wire.handoff import unpack_head
from tests.proxy.stage import OK, stage

LISTEN = "http://127.0.0.1:0/some/prefix"


def get(target: bytes) -> bytes:
    return b"GET %b HTTP/1.1\r\nHost: kproxy\r\n\r\n" % target


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        (b"/some/prefix/api/v1/pods?watch=1", b"/api/v1/pods?watch=1"),
        (b"/some/prefix", b"/"),
        (b"/some/prefix/", b"/"),
        (b"/some/prefix?x", b"/?x"),
        (b"/some/prefix/some/prefix/api", b"/some/prefix/api"),
    ],
)
def test_a_prefix_is_taken_off_and_the_recording_says_so(asked: bytes, sent: bytes) -> None:
    async def play() -> None:
        async with stage(listen=LISTEN) as on:
            assert on.proxy.url.endswith("/some/prefix")
            assert await on.talk(get(asked)) == OK
            assert on.server.received[0].split()[1] == sent
            [told] = await on.record.exchanges(1)
            head = unpack_head(told.head)
            assert head.raw == get(sent)
            assert Altered.PATH in head.altered

    asyncio.run(play())


@pytest.mark.parametrize("asked", [b"/", b"/api", b"/some/prefixes/api", b"/some", b"*", b"/other/some/prefix/api"])
def test_what_is_not_below_the_prefix_is_not_found(asked: bytes) -> None:
    async def play() -> None:
        async with stage(listen=LISTEN) as on:
            answer = await on.talk(get(asked))
            assert answer.startswith(b"HTTP/1.1 404 Not Found\r\n")
            assert b'"reason": "NotFound"' in answer
            assert b"below /some/prefix only" in answer
            assert on.server.received == []
            [told] = await on.record.exchanges(1)
            assert told.end is End.REFUSED

    asyncio.run(play())


def test_a_prefix_of_ours_gives_way_to_one_of_the_api_servers() -> None:
    async def play() -> None:
        async with stage(listen=LISTEN, to=lambda server: upstream_from_url(f"{server.url}/k8s/c1")) as on:
            assert await on.talk(get(b"/some/prefix/api") * 2) == OK * 2
            assert bytes(on.server.received[0]).count(b"GET /k8s/c1/api HTTP/1.1\r\n") == 2

    asyncio.run(play())


def test_exec_is_refused_below_a_prefix_too() -> None:
    async def play() -> None:
        async with stage(listen=LISTEN, to=lambda server: replace(upstream_from_url(server.url), token="t")) as on:
            target = b"/some/prefix/api/v1/namespaces/a/pods/b/exec"
            answer = await on.talk(get(target).replace(b"kproxy", b"localhost"))
            assert answer.startswith(b"HTTP/1.1 403")

    asyncio.run(play())


@pytest.mark.parametrize("path", ["/a b", "/a/../b", "/.", "/a//b", "/ä", "/a%2fb"])
def test_a_path_that_clients_could_write_in_two_ways_is_no_prefix(path: str) -> None:
    with pytest.raises(ConfigError, match="cannot be served below"):
        listening_prefix(path, f"http://h{path}")
