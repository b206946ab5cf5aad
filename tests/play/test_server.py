import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp import web

from kproxy.errors import ReplayError
from kproxy.model.exchange import Headers
from kproxy.play.server import Asked, Elsewhere, FromElsewhere, Player, application
from kproxy.play.tape import Tape
from kproxy.store.reader import open_recording

GOLDEN = Path(__file__).parents[2] / "recordings" / "hello-demo"
PODS = "/api/v1/namespaces/default/pods"


@asynccontextmanager
async def played(elsewhere: Elsewhere | None = None) -> AsyncIterator[tuple[aiohttp.ClientSession, Tape]]:
    with open_recording(str(GOLDEN)) as recording:
        tape = Tape([recording])
        runner = web.AppRunner(application(Player(tape, patience=0.1, elsewhere=elsewhere)), handler_cancellation=True)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        try:
            async with aiohttp.ClientSession(f"http://{host}:{port}") as client:
                yield client, tape
        finally:
            await runner.cleanup()


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(60):
            await test()

    asyncio.run(bounded())


def test_the_walkthrough_is_played_without_a_server_as_it_was_recorded() -> None:
    async def test() -> None:
        async with played() as (client, tape):
            async with client.post(PODS, json={}) as answer:
                made = await answer.json()
                assert (answer.status, made["metadata"]["name"]) == (201, "hello-demo")
                assert "Server" not in answer.headers
                assert answer.headers["Audit-Id"]
            async with client.get(f"{PODS}/hello-demo") as answer:
                assert (await answer.json())["metadata"]["uid"] == made["metadata"]["uid"]
            async with client.delete(f"{PODS}/hello-demo") as answer:
                assert answer.status == 200
            async with client.get(f"{PODS}/hello-demo") as answer:
                assert (answer.status, (await answer.json())["reason"]) == (404, "NotFound")
            assert not tape.missing

    run(test)


def test_what_is_not_recorded_is_refused_in_the_api_s_words_and_named() -> None:
    async def test() -> None:
        async with played() as (client, tape):
            async with client.delete("/api/v1/namespaces/default/secrets/x?a=%3Cb%3E") as answer:
                status = await answer.json()
                assert (answer.status, status["kind"], status["code"]) == (501, "Status", 501)
                assert "no such request" in status["message"]
            assert tape.missing == ["DELETE /api/v1/namespaces/default/secrets/x?a=%3Cb%3E"]

    run(test)


def test_what_is_not_recorded_is_asked_elsewhere_where_there_is_a_place() -> None:
    seen: list[Asked] = []

    async def pieces() -> AsyncIterator[bytes]:
        yield json.dumps({"kind": "Secret"}).encode()

    async def elsewhere(asked: Asked) -> FromElsewhere:
        seen.append(asked)
        headers: Headers = (("Content-Type", "application/json"), ("Content-Length", "17"))
        return FromElsewhere(200, headers, pieces())

    async def test() -> None:
        async with played(elsewhere) as (client, tape):
            async with client.put("/api/v1/namespaces/default/secrets/x", data=b"abc") as answer:
                assert (await answer.json())["kind"] == "Secret"
            assert not tape.missing

    run(test)
    assert [(each.method, each.target, each.body) for each in seen] == [
        ("PUT", "/api/v1/namespaces/default/secrets/x", b"abc")
    ]


def test_a_host_that_is_not_ours_is_lent_no_credentials() -> None:
    async def elsewhere(_: Asked) -> FromElsewhere:
        raise AssertionError

    async def test() -> None:
        headers = {"Host": "evil.example:80"}
        async with played(elsewhere) as (client, _), client.get("/api/v1/nodes", headers=headers) as answer:
            assert answer.status == 403

    run(test)


def test_a_server_that_is_gone_is_a_bad_gateway() -> None:
    async def elsewhere(_: Asked) -> FromElsewhere:
        raise ReplayError("The target http://x cannot be reached: refused.")

    async def test() -> None:
        async with played(elsewhere) as (client, _), client.get("/api/v1/nodes") as answer:
            assert (answer.status, (await answer.json())["reason"]) == (502, "BadGateway")

    run(test)


def test_what_is_compressed_elsewhere_stays_so() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield gzip.compress(b'{"kind": "NodeList"}')

    async def elsewhere(_: Asked) -> FromElsewhere:
        return FromElsewhere(200, (("Content-Type", "application/json"), ("Content-Encoding", "gzip")), pieces())

    async def test() -> None:
        async with played(elsewhere) as (client, _), client.get("/api/v1/nodes") as answer:
            assert (answer.headers["Content-Encoding"], await answer.json()) == ("gzip", {"kind": "NodeList"})

    run(test)
