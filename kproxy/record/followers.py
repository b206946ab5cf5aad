"""All etcds that a session follows."""

import asyncio
import itertools
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

from kproxy.model.etcd import Revision
from kproxy.record.committer import Committer
from kproxy.record.etcd import Follower
from kproxy.record.news import News, Say
from kproxy.record.redact import Redactor
from kproxy.record.settings import RecorderSettings
from kproxy.store.writer import Batch


class Followers:
    """A follower for each etcd.

    The session waits for the first news of all of them: `say` hears none before each has said something.
    """

    def __init__(self, settings: RecorderSettings, committer: Committer, redactor: Redactor, say: Say) -> None:
        self._settings = settings
        self._committer = committer
        self._redactor = redactor
        self._say = say
        self._early: dict[int, News] = {}
        self._followers: list[Follower] = []
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        etcds, writer = self._settings.etcds, self._committer.writer
        if not writer.etcds():
            await self._committer.commit(Batch(etcds=dict(enumerate(each.store for each in etcds))))
        places = itertools.chain(range(len(etcds)), itertools.count(max(writer.etcds(), default=0) + 1))
        for number, followed in enumerate(etcds):

            def say(news: News, number: int = number) -> None:
                self._heard(number, news)

            follower = Follower(followed, places, self._settings, self._committer, self._redactor, say)
            self._followers.append(follower)
            await self._stack.enter_async_context(follower.following())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def finish(self) -> Revision | None:
        """Everything that happened until now is in the recording; the main etcd's revision, None if it is not known."""
        await asyncio.gather(*(follower.finish() for follower in self._followers))
        return self._committer.writer.etcds()[0].end

    def _heard(self, number: int, news: News) -> None:
        if len(self._early) == len(self._settings.etcds):
            self._say(news)
            return
        self._early[number] = news
        if len(self._early) == len(self._settings.etcds):
            for early in self._early.values():
                self._say(early)
