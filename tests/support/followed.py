"""A follower in this process, over a real recording's writer: for tests of what etcd and the way to it do."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from kproxy.etcd.settings import EtcdOverride, EtcdSettings
from kproxy.model.session import Server, SessionEnd
from kproxy.record.committer import Committer
from kproxy.record.followers import Followers
from kproxy.record.literals import Literals
from kproxy.record.news import EtcdNews, News
from kproxy.record.pseudonyms import Pseudonyms
from kproxy.record.redact import Redactor
from kproxy.record.settings import Followed, RecorderSettings
from kproxy.session.etcds import Stores, begin_etcds
from kproxy.store.writer import Writer
from tests.support.made import a_session


@dataclass
class Following:
    """`news`: what the session would hear."""

    writer: Writer
    followers: Followers
    etcds: tuple[Followed, ...]
    news: list[EtcdNews] = field(default_factory=list)
    abandoned: bool = False

    def abandon(self) -> None:
        """At the end of the block the recording is left as a recorder leaves it that is killed."""
        self.abandoned = True


@asynccontextmanager
async def following(  # noqa: PLR0913 - a session's own options, by name
    path: Path,
    etcd: EtcdSettings,
    *,
    through: EtcdSettings | None = None,
    history: bool = False,
    overrides: tuple[EtcdOverride, ...] = (),
    patience: float = 60.0,
    after: Following | None = None,
) -> AsyncIterator[Following]:
    """A recording that follows `etcd` from now on, `through` this way to it; finished at the end of the block.

    `after`: the recorder that was abandoned before this one.
    """
    server, etcds = await begin_etcds(etcd, Stores(history=history, overrides=overrides), Server())
    if after is not None:
        server, etcds = after.writer.session.server, after.etcds
    if through is not None:
        etcds = (Followed(settings=through, store=etcds[0].store, history=history), *etcds[1:])
    session = a_session(end=SessionEnd.RECORDING, server=server, etcd_start=etcds[0].store.start)
    settings = RecorderSettings(
        recording=path,
        session=session,
        epoch=time.monotonic_ns(),
        handoffs=(),
        key=path.with_suffix(".key"),
        etcds=etcds,
        etcd_patience=patience,
    )
    pseudonyms = Pseudonyms(bytes(32))
    news: list[EtcdNews] = []

    def say(said: News) -> None:
        assert isinstance(said, EtcdNews)
        news.append(said)

    with Writer.create(path, session) if after is None else Writer.resume(path) as writer:
        redactor = Redactor(pseudonyms, Literals(pseudonyms, ()))
        async with Followers(settings, Committer(writer, lambda _: None), redactor, say) as followers:
            made = Following(writer, followers, etcds, news)
            yield made
            if not made.abandoned:
                await followers.finish()
        if made.abandoned:
            return
        writer.close(a_session(server=server, etcd_start=etcds[0].store.start, etcd_end=writer.etcds()[0].end))
