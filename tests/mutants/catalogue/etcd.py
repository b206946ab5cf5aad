"""Edits of etcd behind the server's back, during the replay and after its last write."""

import json
from collections.abc import Callable
from dataclasses import replace

from kproxy.etcd import Etcd
from kproxy.model.etcd import EtcdKey
from tests.mutants.catalogue.made import by_etcd
from tests.mutants.lies import Asked, Before, Behind, Lie, Of
from tests.mutants.mutant import Mutant, Place
from tests.mutants.session import CONFIGMAPS

FOLDER = "/registry/configmaps/dense/"
WARNED, HELD = f"{FOLDER}warned", f"{FOLDER}held"
AT_THE_END = Of("GET", "/version", "last")
BEFORE_IT_IS_READ = Of("GET", f"{CONFIGMAPS}/held")


def edit(of: Of, act: Callable[[Etcd], object]) -> Callable[[], Lie]:
    """A lie that edits etcd before a request goes on; `act` gives what is to be awaited."""

    async def acted(_: Asked, behind: Behind) -> None:
        await act(behind.etcd)  # type: ignore[misc] # each of them gives an awaitable

    return lambda: Before(of=of, act=acted)


async def _value(etcd: Etcd, key: str) -> bytes:
    found = await etcd.get(EtcdKey(key.encode()))
    if found is None:
        raise LookupError(key)
    return found.value


async def _put(etcd: Etcd, key: str, value: bytes, *, lease: int = 0) -> None:
    await etcd.put(EtcdKey(key.encode()), value, lease=lease)


async def _delete(etcd: Etcd, key: str) -> None:
    await etcd.delete(EtcdKey(key.encode()))


async def _changed(etcd: Etcd, key: str) -> None:
    value = json.loads(await _value(etcd, key))
    value["data"] = {"k": "edited"}
    await _put(etcd, key, json.dumps(value, separators=(",", ":")).encode())


async def _again(etcd: Etcd, key: str) -> None:
    await _put(etcd, key, await _value(etcd, key))


async def _leased(etcd: Etcd, key: str) -> None:
    await _put(etcd, key, await _value(etcd, key), lease=await etcd.grant(3600))


async def _moved(etcd: Etcd, key: str, to: str) -> None:
    value = await _value(etcd, key)
    await _delete(etcd, key)
    await _put(etcd, to, value)


async def _older_version(etcd: Etcd, key: str) -> None:
    value = json.loads(await _value(etcd, key))
    value["apiVersion"] = "v1beta1"
    await _put(etcd, key, json.dumps(value, separators=(",", ":")).encode())


def _at(path: str) -> Place:
    return Place("", "", "etcd", path)


def _real(mutant: Mutant) -> Mutant:
    return replace(mutant, name=f"{mutant.name}-real", server="kube-apiserver")


GHOST = by_etcd(
    "ghost-key",
    "a key appears that no request made",
    _at(r"/registry/configmaps/dense/ghost\[0\].*"),
    edit(AT_THE_END, lambda etcd: _put(etcd, f"{FOLDER}ghost", b'{"kind":"ConfigMap","apiVersion":"v1"}')),
)
LOST = by_etcd(
    "key-lost",
    "a key is gone that no request deleted",
    _at(r"/registry/configmaps/dense/warned\[1\].*"),
    edit(AT_THE_END, lambda etcd: _delete(etcd, WARNED)),
)
REWRITTEN = by_etcd(
    "key-written-again",
    "a key is written again with the same value",
    _at(r"/registry/configmaps/dense/warned\[1\].*"),
    edit(AT_THE_END, lambda etcd: _again(etcd, WARNED)),
)

MUTANTS: tuple[Mutant, ...] = (
    GHOST,
    _real(GHOST),
    LOST,
    _real(LOST),
    REWRITTEN,
    _real(REWRITTEN),
    by_etcd(
        "foreign-key",
        "a key appears outside of the api-server's prefix",
        _at(r"/elsewhere/key\[0\].*"),
        edit(AT_THE_END, lambda etcd: _put(etcd, "/elsewhere/key", b"x")),
    ),
    by_etcd(
        "value-edited",
        "a value is another one, that no request wrote",
        _at(r"/registry/configmaps/dense/warned\[1\].*"),
        edit(AT_THE_END, lambda etcd: _changed(etcd, WARNED)),
    ),
    by_etcd(
        "lease-given",
        "a key gets a lease that no request gave it",
        _at(r"/registry/configmaps/dense/warned\[1\].*"),
        edit(AT_THE_END, lambda etcd: _leased(etcd, WARNED)),
    ),
    by_etcd(
        "key-moved",
        "a key is moved to another namespace's folder",
        _at(r"/registry/configmaps/(dense|other)/warned\[[01]\].*"),
        edit(AT_THE_END, lambda etcd: _moved(etcd, WARNED, "/registry/configmaps/other/warned")),
    ),
    by_etcd(
        "version-edited",
        "a value is of another storage version, that no request wrote",
        _at(r"/registry/configmaps/dense/warned\[1\].*"),
        edit(AT_THE_END, lambda etcd: _older_version(etcd, WARNED)),
    ),
    by_etcd(
        "value-edited-and-read",
        "a value is edited between its write and its read",
        Place("GET", f"{CONFIGMAPS}/held", "body", r"\$\.data\.k"),
        edit(BEFORE_IT_IS_READ, lambda etcd: _changed(etcd, HELD)),
    ),
    by_etcd(
        "key-lost-and-read",
        "a key is deleted between its write and its read",
        Place("GET", f"{CONFIGMAPS}/held", "status", "status"),
        edit(BEFORE_IT_IS_READ, lambda etcd: _delete(etcd, HELD)),
    ),
)
