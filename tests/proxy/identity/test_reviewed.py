"""Tokens and whom they name: asked once, kept for a while, bounded, never in clear."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from kproxy.errors import ProxyError
from kproxy.proxy.identity import reviewed
from kproxy.proxy.identity.caller import Caller, NoCallerError
from kproxy.proxy.identity.reviewed import DENIED_SECONDS, KNOWN_SECONDS, NOBODY, Denied, Tokens
from kproxy.proxy.pending import Pending

ADA = Caller(name="ada")


class Asked:
    """An api-server that knows the token "ada", and a clock."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.now = 0.0
        self.error: Exception | None = None

    async def review(self, token: str) -> Caller | None:
        self.tokens.append(token)
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return ADA if token == "ada" else None

    def clock(self) -> float:
        return self.now


def playing(script: Callable[[Tokens, Asked], Awaitable[None]]) -> None:
    async def play() -> None:
        asked = Asked()
        tokens = Tokens(asked.review, asked.clock)
        await script(tokens, asked)
        await tokens.close()

    asyncio.run(play())


async def answer(tokens: Tokens, token: bytes) -> Caller | Denied:
    """What becomes of it at last."""
    while isinstance(found := tokens.caller(token), Pending):
        over = asyncio.Event()
        found.then(over.set)
        await asyncio.wait_for(over.wait(), 60)
    return found


def test_a_token_is_asked_about_once_for_all_who_wait_and_again_when_it_is_old() -> None:
    async def script(tokens: Tokens, asked: Asked) -> None:
        assert await asyncio.gather(*(answer(tokens, b"ada") for _ in range(5))) == [ADA] * 5
        asked.now = KNOWN_SECONDS - 0.1
        assert tokens.caller(b"ada") == ADA
        assert asked.tokens == ["ada"]
        asked.now = KNOWN_SECONDS + 0.1
        assert await answer(tokens, b"ada") == ADA
        assert asked.tokens == ["ada", "ada"]

    playing(script)


def test_a_token_of_nobody_is_remembered_for_a_short_time_only() -> None:
    async def script(tokens: Tokens, asked: Asked) -> None:
        assert await answer(tokens, b"eve") == NOBODY
        assert tokens.caller(b"eve") == NOBODY
        asked.now = DENIED_SECONDS + 0.1
        assert isinstance(tokens.caller(b"eve"), Pending)

    playing(script)


@pytest.mark.parametrize(
    ("error", "status"),
    [(ProxyError("no server"), 503), (NoCallerError("no name"), 401), (RuntimeError("the-token"), 500)],
)
def test_what_goes_wrong_is_an_answer_and_no_silence(error: Exception, status: int) -> None:
    async def script(tokens: Tokens, asked: Asked) -> None:
        asked.error = error
        found = await answer(tokens, b"ada")
        assert isinstance(found, Denied)
        assert found.status == status
        assert "the-token" not in found.sentence

    playing(script)


@pytest.mark.parametrize("token", [b"", b"\xff", b"x" * (reviewed.MAX_TOKEN + 1)])
def test_what_is_no_token_is_not_asked_about(token: bytes) -> None:
    async def script(tokens: Tokens, asked: Asked) -> None:
        assert tokens.caller(token) == NOBODY
        assert asked.tokens == []

    playing(script)


def test_neither_what_is_known_nor_what_is_asked_grows_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reviewed, "MAX_KNOWN", 4)
    monkeypatch.setattr(reviewed, "MAX_ASKED", 3)

    async def script(tokens: Tokens, asked: Asked) -> None:
        found = [tokens.caller(b"t%d" % number) for number in range(5)]
        assert [isinstance(each, Pending) for each in found] == [True, True, True, False, False]
        assert isinstance(found[4], Denied)
        assert found[4].status == 503
        assert [await answer(tokens, b"t%d" % number) for number in range(3)] == [NOBODY] * 3
        for number in range(10):
            await answer(tokens, b"u%d" % number)
        assert len(tokens._known) <= 4
        assert b"u9" not in repr(tokens._known).encode()
        assert asked.tokens.count("u9") == 1

    playing(script)
