"""Storage: an emulated server over a store that keeps things in another way than it is told, and hides it."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

from kproxy.etcd import Etcd
from kproxy.lab.emulated.etcd_store import EtcdStore
from kproxy.lab.emulated.store import Change, Page, Store, Stored
from kproxy.model.etcd import EtcdKey
from kproxy.model.jsontypes import JSONObject
from kproxy.wire.content import decode, encode
from kproxy.wire.mediatype import PROTOBUF
from tests.mutants.catalogue.made import by_store
from tests.mutants.lies import drop, put
from tests.mutants.mutant import Mutant, Place
from tests.mutants.session import CONFIGMAPS

FOLDER, WRONG = "/registry/configmaps/", "/registry/configmap/"


class Bent(Store):
    """Passes everything on; each mutant bends a part."""

    def __init__(self, inner: Store) -> None:
        self.inner = inner

    @property
    def etcd(self) -> Etcd:
        """Of the store beneath."""
        if not isinstance(self.inner, EtcdStore):
            raise TypeError("a bent store needs etcd beneath it")
        return self.inner._etcd

    def key(self, key: str) -> str:
        """Where a key is kept."""
        return key

    def back(self, key: str) -> str:
        """The key that is kept there."""
        return key

    def bend(self, key: str, value: bytes) -> bytes:  # noqa: ARG002 - for those that use it
        """What is kept of a value."""
        return value

    def mend(self, key: str, value: bytes) -> bytes | None:  # noqa: ARG002 - the same
        """What was to be kept; None: as if it were not there."""
        return value

    async def get(self, key: str) -> Stored | None:
        """The value now."""
        found = await self.inner.get(self.key(key))
        return self._mended(found) if found is not None else None

    async def page(self, prefix: str, *, after: str = "", limit: int = 0, revision: int = 0) -> Page:
        """Values under a prefix."""
        page = await self.inner.page(
            self.key(prefix), after=self.key(after) if after else "", limit=limit, revision=revision
        )
        items = [self._mended(item) for item in page.items]
        return replace(page, items=tuple(item for item in items if item is not None))

    async def create(self, key: str, value: bytes) -> int | None:
        """Writes a key that is not there."""
        return await self.inner.create(self.key(key), self.bend(key, value))

    async def update(self, key: str, value: bytes, expected: int) -> int | None:
        """Writes a key whose revision is `expected`."""
        return await self.inner.update(self.key(key), self.bend(key, value), expected)

    async def delete(self, key: str, expected: int) -> int | None:
        """Deletes a key whose revision is `expected`."""
        return await self.inner.delete(self.key(key), expected)

    def watch(self, prefix: str, after: int) -> AbstractAsyncContextManager[AsyncIterator[Change]]:
        """Changes as they come."""
        return self._watched(prefix, after)

    @asynccontextmanager
    async def _watched(self, prefix: str, after: int) -> AsyncIterator[AsyncIterator[Change]]:
        async with self.inner.watch(self.key(prefix), after) as changes:
            yield self._changes(changes)

    async def _changes(self, changes: AsyncIterator[Change]) -> AsyncIterator[Change]:
        async for change in changes:
            key = self.back(change.key)
            new, old = ((None if each is None else self.mend(key, each)) for each in (change.value, change.previous))
            if new is not None or old is not None:
                yield Change(key, change.revision, new, old)

    def _mended(self, item: Stored) -> Stored | None:
        value = self.mend(self.back(item.key), item.value)
        return None if value is None else Stored(self.back(item.key), value, item.revision)


class WrongKey(Bent):
    """ConfigMaps are kept under another folder."""

    def key(self, key: str) -> str:
        """There."""
        return key.replace(FOLDER, WRONG, 1)

    def back(self, key: str) -> str:
        """And back."""
        return key.replace(WRONG, FOLDER, 1)


class ExtraKey(Bent):
    """Each new ConfigMap is put into an index, too."""

    async def create(self, key: str, value: bytes) -> int | None:
        """And once more."""
        written = await super().create(key, value)
        if key.startswith(FOLDER) and written is not None:
            await self.etcd.put(EtcdKey(key.replace(FOLDER, "/registry/index/", 1).encode()), b"{}")
        return written


class ReadsAreCounted(Bent):
    """Each get of a ConfigMap writes a counter."""

    async def get(self, key: str) -> Stored | None:
        """And a write."""
        if key == f"{FOLDER}dense/owned":
            await self.etcd.put(EtcdKey(b"/registry/reads"), b'{"count":1}')
        return await super().get(key)


class Leased(Bent):
    """Each ConfigMap gets a lease."""

    async def create(self, key: str, value: bytes) -> int | None:
        """With one."""
        if not key.startswith(FOLDER):
            return await super().create(key, value)
        written = await self.etcd.create(EtcdKey(key.encode()), value, lease=await self.etcd.grant(3600))
        return written.revision if written.done else None


class Edited(Bent):
    """Values of ConfigMaps are kept in another way, which reads undo."""

    def __init__(
        self, inner: Store, change: Callable[[JSONObject], object], undo: Callable[[JSONObject], object]
    ) -> None:
        super().__init__(inner)
        self._change = change
        self._undo = undo

    def bend(self, key: str, value: bytes) -> bytes:
        """As it is kept."""
        return _changed(value, self._change) if key.startswith(FOLDER) else value

    def mend(self, key: str, value: bytes) -> bytes | None:
        """As it is told."""
        return _changed(value, self._undo) if key.startswith(FOLDER) else value


class Protobuf(Bent):
    """ConfigMaps are kept in protobuf."""

    def bend(self, key: str, value: bytes) -> bytes:
        """Protobuf."""
        return encode(PROTOBUF, json.loads(value)) if key.startswith(FOLDER) else value

    def mend(self, key: str, value: bytes) -> bytes | None:
        """JSON."""
        return json.dumps(decode(PROTOBUF, value)).encode() if key.startswith(FOLDER) else value


class Tombstones(Bent):
    """A ConfigMap that is deleted stays in etcd, marked."""

    async def delete(self, key: str, expected: int) -> int | None:
        """A mark instead."""
        if not key.startswith(FOLDER):
            return await super().delete(key, expected)
        return await self.inner.update(key, b'{"deleted":true}', expected)

    def mend(self, key: str, value: bytes) -> bytes | None:  # noqa: ARG002 - a Bent
        """Marked ones are not told."""
        return None if b'"deleted":true' in value else value

    async def create(self, key: str, value: bytes) -> int | None:
        """In a mark's place, where there is one."""
        found = await self.inner.get(key)
        if found is not None and self.mend(key, found.value) is None:
            return await self.inner.update(key, value, found.revision)
        return await super().create(key, value)


class WritesTwice(Bent):
    """An update of a ConfigMap is two revisions."""

    async def update(self, key: str, value: bytes, expected: int) -> int | None:
        """Again."""
        written = await super().update(key, value, expected)
        if written is None or not key.startswith(FOLDER):
            return written
        return await super().update(key, value, written)


def _changed(value: bytes, change: Callable[[JSONObject], object]) -> bytes:
    document = json.loads(value)
    change(document)
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def _edited(change: Callable[[JSONObject], object], undo: Callable[[JSONObject], object]) -> Callable[[Store], Store]:
    return lambda inner: Edited(inner, change, undo)


def _first(path: str, method: str = "POST", target: str = CONFIGMAPS) -> Place:
    return Place(method, target, "etcd", path)


MUTANTS: tuple[Mutant, ...] = (
    by_store(
        "wrong-key", "ConfigMaps are kept in another folder", _first(r"/registry/configmaps?/dense/first.*"), WrongKey
    ),
    by_store("extra-key", "a create writes a second key", _first(r"/registry/index/dense/first.*"), ExtraKey),
    by_store(
        "read-writes", "a get writes a key", _first(r"/registry/reads.*", "GET", f"{CONFIGMAPS}/owned"), ReadsAreCounted
    ),
    by_store("lease-attached", "ConfigMaps expire", _first(r"/registry/configmaps/dense/first.* lease"), Leased),
    by_store(
        "value-only-in-etcd",
        "what is stored has a label that reads do not show",
        _first(r"/registry/configmaps/dense/first\[0\]\.hidden"),
        _edited(put("yes", "hidden"), drop("hidden")),
    ),
    by_store(
        "storage-version-other",
        "ConfigMaps are stored as v1beta1",
        _first(r"/registry/configmaps/dense/first\[0\]\.apiVersion"),
        _edited(put("v1beta1", "apiVersion"), put("v1", "apiVersion")),
    ),
    by_store(
        "kind-not-stored",
        "what is stored does not say its kind",
        _first(r"/registry/configmaps/dense/first\[0\]\.kind"),
        _edited(drop("kind"), put("ConfigMap", "kind")),
    ),
    by_store(
        "stored-as-protobuf",
        "ConfigMaps are stored in protobuf instead of JSON",
        _first(r"/registry/configmaps/dense/first\[0\] encoding"),
        Protobuf,
    ),
    by_store(
        "tombstones",
        "what is deleted stays in etcd, marked",
        _first(r"/registry/configmaps/dense/b\[1\].*", "DELETE", f"{CONFIGMAPS}/b"),
        Tombstones,
    ),
    by_store(
        "update-writes-twice",
        "an update is two revisions",
        Place("PUT|GET", rf"{CONFIGMAPS}(/a|\?watch=1.*)", "etcd|stream|body", r".*"),
        WritesTwice,
    ),
)
