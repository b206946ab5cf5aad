"""The start state from etcd: each key under the api-server's prefix, as it stood at the session's start revision."""

from kproxy.errors import EtcdError, RecordingError
from kproxy.etcd.client import Etcd, connect
from kproxy.etcd.records import Anchor, KeyValue
from kproxy.model.etcd import EtcdKey, Revision
from kproxy.model.start import StartKey
from kproxy.record.changes import body_of
from kproxy.record.committer import Commit
from kproxy.record.redact import Redactor
from kproxy.record.settings import Followed, RecorderSettings
from kproxy.record.stores import raw_cluster
from kproxy.store.writer import Batch
from kproxy.wire.ownkeys import is_beyond

PAGE = 100
"""Keys that are asked for at once: their values may have 1.5 MiB each."""
NAMES = 2000
"""The same without their values."""


class EtcdStart:
    """Reads all followed etcds. What an etcd was when the session began was asked before: its start revision."""

    def __init__(self, settings: RecorderSettings, commit: Commit, redactor: Redactor) -> None:
        self._etcds = settings.etcds
        self._prefix = settings.session.etcd_prefix
        self._wish = settings.start
        self._commit = commit
        self._redactor = redactor
        self._bytes = 0

    async def begin(self) -> None:
        """Nothing more."""

    async def read(self) -> bool:
        """As Source. RecordingError where it is too large, EtcdError."""
        keys = 0
        used = not self._wish.if_used
        for followed in self._etcds:
            async with await connect(followed.settings) as etcd:
                await etcd.check(Anchor(cluster=raw_cluster(followed.store.cluster), revision=Revision(0)))
                keys += await self._count(etcd, followed)
                if keys > self._wish.max_keys:
                    raise RecordingError(
                        f"etcd holds more than {self._wish.max_keys} keys (--start-state-limit takes more)"
                    )
                used = used or await self._is_used(etcd, followed)
        if not used:
            return False
        for followed in self._etcds:
            async with await connect(followed.settings) as etcd:
                await self._all(etcd, followed)
        return True

    @property
    def _root(self) -> bytes:
        return self._prefix.rstrip("/").encode() + b"/"

    async def _count(self, etcd: Etcd, followed: Followed) -> int:
        return (await etcd.prefix(self._root, at=_start(followed), limit=1, keys_only=True)).count

    async def _is_used(self, etcd: Etcd, followed: Followed) -> bool:
        after: EtcdKey | None = None
        while True:
            page = await etcd.prefix(self._root, at=_start(followed), limit=NAMES, after=after, keys_only=True)
            if any(is_beyond(found.key, self._prefix) for found in page.items):
                return True
            if not page.more or not page.items:
                return False
            after = page.items[-1].key

    async def _all(self, etcd: Etcd, followed: Followed) -> None:
        leases: dict[int, int] = {0: 0}
        after: EtcdKey | None = None
        while True:
            page = await etcd.prefix(self._root, at=_start(followed), limit=PAGE, after=after)
            for found in page.items:
                if found.lease not in leases:
                    leases[found.lease] = await etcd.granted(found.lease)
            await self._commit(self._batch(followed, page.items, leases))
            if not page.more or not page.items:
                return
            after = page.items[-1].key

    def _batch(self, followed: Followed, items: tuple[KeyValue, ...], leases: dict[int, int]) -> Batch:
        made = Batch()
        for found in items:
            self._bytes += len(found.value)
            made.start.append(
                StartKey(
                    cluster=followed.store.cluster,
                    key=found.key,
                    value=body_of(self._redactor, found.key, found.value, self._prefix, made.bodies),
                    create_revision=found.create_revision,
                    mod_revision=found.mod_revision,
                    version=found.version,
                    lease=found.lease,
                    ttl=leases[found.lease],
                )
            )
        if self._bytes > self._wish.max_bytes:
            raise RecordingError(
                f"etcd holds more than {self._wish.max_bytes} bytes of values (--start-state-limit takes more)"
            )
        return made


def _start(followed: Followed) -> Revision:
    if followed.store.start is None:
        raise EtcdError("it is not known at which revision the session began; record again, or with --start-state api")
    return followed.store.start
