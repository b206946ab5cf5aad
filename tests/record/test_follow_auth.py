"""Following an etcd whose users have passwords, and whose tokens live shorter than the session."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from kproxy.etcd.client import Etcd, connect
from kproxy.etcd.messages import request
from kproxy.etcd.settings import EtcdSettings
from kproxy.store.reader import open_recording
from kproxy.wire.descriptors import message_class
from tests.record.test_follow_faults import come_to, put, until
from tests.support.etcd_server import running_etcd
from tests.support.etcd_truth import check_complete, check_recorded, etcdctl_binary
from tests.support.followed import following
from tests.support.loop import in_loop

pytestmark = pytest.mark.process


async def protect(etcd: Etcd) -> None:
    """Root, and a reader of the whole keyspace."""
    channel = etcd._channel
    for user, role in (("root", "root"), ("reader", "readers")):
        await channel.call("Auth/UserAdd", request("AuthUserAddRequest", name=user, password=f"{user}'s word"))
        await channel.call("Auth/RoleAdd", request("AuthRoleAddRequest", name=role))
        await channel.call("Auth/UserGrantRole", request("AuthUserGrantRoleRequest", user=user, role=role))
    grant = message_class("authpb.Permission")(permType=0, key=b"\0", range_end=b"\0")  # to read everything
    await channel.call(
        "Auth/RoleGrantPermission", request("AuthRoleGrantPermissionRequest", name="readers", perm=grant)
    )
    await channel.call("Auth/AuthEnable", request("AuthEnableRequest"))


def simple(_: Path) -> tuple[str, ...]:
    """Tokens that etcd holds in memory: they end after a second, and with etcd's process."""
    return ("--auth-token-ttl=1",)


def jwt(folder: Path) -> tuple[str, ...]:
    """Tokens that etcd signs, for a second."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    encoding = serialization.Encoding.PEM
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "jwt.key").write_bytes(private)
    public = key.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / "jwt.pub").write_bytes(public)
    keys = f"pub-key={folder / 'jwt.pub'},priv-key={folder / 'jwt.key'}"
    return (f"--auth-token=jwt,{keys},sign-method=RS256,ttl=1s",)


@in_loop
@pytest.mark.parametrize("tokens", [simple, jwt])
async def test_a_session_outlives_its_tokens_and_etcd_its_restarts(
    tmp_path: Path, tokens: Callable[[Path], tuple[str, ...]]
) -> None:
    path = tmp_path / "a.kproxy"
    with running_etcd(tmp_path, flags=tokens(tmp_path)) as server:
        async with await connect(server.settings) as etcd:
            await protect(etcd)
        root = replace(server.settings, user="root", password="root's word")
        reader = replace(server.settings, user="reader", password="reader's word")
        async with await connect(root) as etcd, following(path, reader) as follow:
            await come_to(follow, await put(etcd, 5))
            for graceful in (True, False):
                await asyncio.sleep(2.5)  # longer than a token lives
                await come_to(follow, await put(etcd, 5))
                await asyncio.to_thread(server.stop if graceful else server.kill)
                await asyncio.to_thread(server.start)
                await until_it_answers(root)
                await come_to(follow, await put(etcd, 5))
            await asyncio.sleep(2.5)
        with open_recording(str(path)) as recording:
            flags = ("--user=reader:reader's word",)
            assert check_complete(recording, etcdctl=etcdctl_binary(), flags=flags) == 25
        assert b"reader's word" not in path.read_bytes()


async def until_it_answers(settings: EtcdSettings) -> None:
    """A write is never sent twice by our client, so it waits for an etcd that has a leader."""
    async with await connect(settings) as etcd:
        await etcd.revision()


@in_loop
async def test_a_user_who_may_not_read_everything_is_told_so_and_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "a.kproxy"
    with running_etcd(tmp_path) as server:
        async with await connect(server.settings) as etcd:
            await protect(etcd)
        root = replace(server.settings, user="root", password="root's word")
        reader = replace(server.settings, user="reader", password="reader's word")
        async with await connect(root) as etcd, following(path, reader) as follow:
            await come_to(follow, await put(etcd, 3))
            revoke = request("AuthUserRevokeRoleRequest", name="reader", role="readers")
            await etcd._channel.call("Auth/UserRevokeRole", revoke)
            await asyncio.to_thread(server.stop)
            await asyncio.to_thread(server.start)
            await until(lambda: not follow.news[-1].following)
            assert "permission denied" in follow.news[-1].reason
            await until_it_answers(root)
            last = await put(etcd, 3)
            grant = request("AuthUserGrantRoleRequest", user="reader", role="readers")
            await etcd._channel.call("Auth/UserGrantRole", grant)
            await come_to(follow, last)
            assert follow.news[-1].again
        assert check_recorded(path, flags=("--user=root:root's word",)) == 6
