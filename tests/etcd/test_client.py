"""etcd's client, against a real etcd."""

import asyncio
import os
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from kproxy.errors import EtcdError
from kproxy.etcd import Compacted, Compare, Delete, Etcd, EtcdSettings, Get, Put, connect
from kproxy.etcd.messages import request
from kproxy.model.etcd import EtcdKey, Revision
from tests.support.etcd_server import Certificates, EtcdServer, free_port, running_etcd


def run[T](settings: EtcdSettings, body: Callable[[Etcd], Awaitable[T]]) -> T:
    """What `body` gives with a connected client."""

    async def main() -> T:
        async with await connect(settings) as etcd:
            return await body(etcd)

    return asyncio.run(main())


def failure(settings: EtcdSettings) -> str:
    """The sentence that connecting ends with."""

    async def body(etcd: Etcd) -> None:
        await etcd.status()

    with pytest.raises(EtcdError) as caught:
        run(settings, body)
    return str(caught.value)


def a_key() -> EtcdKey:
    return EtcdKey(f"/test/{uuid.uuid4()}".encode())


@pytest.mark.process
def test_status_names_cluster_version_and_revision(etcd_server: EtcdServer) -> None:
    async def body(etcd: Etcd) -> None:
        status = await etcd.status()
        assert len(status.cluster) == 16
        assert status.version.startswith("3.")
        assert status.db_size > 0
        assert await etcd.put(a_key(), b"x") > status.revision
        assert await etcd.revision() > status.revision

    run(etcd_server.settings, body)


@pytest.mark.process
def test_a_key_is_read_as_it_is_and_as_it_was(etcd_server: EtcdServer) -> None:
    async def body(etcd: Etcd) -> None:
        key = a_key()
        assert await etcd.get(key) is None
        first = await etcd.put(key, b"one")
        second = await etcd.put(key, b"two")
        now, then = await etcd.get(key), await etcd.get(key, at=first)
        assert now is not None
        assert then is not None
        assert (now.value, now.create_revision, now.mod_revision, now.version) == (b"two", first, second, 2)
        assert (then.value, then.mod_revision, then.version) == (b"one", first, 1)
        deleted = await etcd.delete(key)
        assert deleted is not None
        assert deleted.value == b"two"
        assert await etcd.delete(key) is None

    run(etcd_server.settings, body)


@pytest.mark.process
def test_a_prefix_is_read_in_pages_at_one_revision(etcd_server: EtcdServer) -> None:
    async def body(etcd: Etcd) -> None:
        prefix = a_key() + b"/"
        for number in range(5):
            await etcd.put(EtcdKey(prefix + b"%d" % number), b"v")
        page = await etcd.prefix(prefix, limit=3)
        assert (len(page.items), page.more, page.count) == (3, True, 5)
        await etcd.put(EtcdKey(prefix + b"9"), b"later")
        rest = await etcd.prefix(prefix, limit=3, at=page.revision, after=page.items[-1].key)
        assert [item.key[-1:] for item in rest.items] == [b"3", b"4"]
        assert not rest.more

    run(etcd_server.settings, body)


@pytest.mark.process
def test_a_creation_is_refused_where_the_key_is(etcd_server: EtcdServer) -> None:
    async def body(etcd: Etcd) -> None:
        key = a_key()
        created = await etcd.create(key, b"one")
        again = await etcd.create(key, b"two")
        assert (created.done, created.current) == (True, None)
        assert not again.done
        assert again.current is not None
        assert (again.current.value, again.current.mod_revision) == (b"one", created.revision)

    run(etcd_server.settings, body)


@pytest.mark.process
def test_a_write_of_a_stale_revision_changes_nothing_and_says_what_is_there(etcd_server: EtcdServer) -> None:
    async def body(etcd: Etcd) -> None:
        key = a_key()
        first = (await etcd.create(key, b"one")).revision
        second = await etcd.replace(key, b"two", first)
        assert second.done
        stale = await etcd.replace(key, b"three", first)
        assert not stale.done
        assert stale.current is not None
        assert stale.current.value == b"two"
        assert not (await etcd.remove(key, first)).done
        removed = await etcd.remove(key, second.revision)
        assert removed.done
        assert removed.current is not None
        assert removed.current.value == b"two"
        gone = await etcd.remove(key, second.revision)
        assert (gone.done, gone.current) == (False, None)

    run(etcd_server.settings, body)


@pytest.mark.process
def test_a_transaction_answers_for_each_operation(etcd_server: EtcdServer) -> None:
    async def body(etcd: Etcd) -> None:
        one, two = a_key(), a_key()
        await etcd.put(one, b"before")
        answer = await etcd.txn(
            (Compare(two, Revision(0)),),
            (Put(key=one, value=b"after"), Put(key=two, value=b"new"), Get(key=one)),
            (Delete(key=one),),
        )
        assert answer.succeeded
        assert [[found.value for found in one_answer] for one_answer in answer.answers] == [[b"before"], [], [b"after"]]

    run(etcd_server.settings, body)


@pytest.mark.process
def test_a_lease_takes_its_keys_along(etcd_server: EtcdServer) -> None:
    async def body(etcd: Etcd) -> None:
        key = a_key()
        lease = await etcd.grant(60)
        await etcd.put(key, b"leased", lease=lease)
        found = await etcd.get(key)
        assert found is not None
        assert found.lease == lease
        await etcd.revoke(lease)
        assert await etcd.get(key) is None

    run(etcd_server.settings, body)


@pytest.mark.process
def test_answers_of_more_than_four_mebibytes_arrive(etcd_server: EtcdServer) -> None:
    async def body(etcd: Etcd) -> None:
        prefix = a_key() + b"/"
        values = [os.urandom(1_000_000) for _ in range(6)]
        for number, value in enumerate(values):
            await etcd.put(EtcdKey(prefix + b"%d" % number), value)
        answer = await etcd.prefix(prefix)
        assert [item.value for item in answer.items] == values

    run(etcd_server.settings, body)


@pytest.mark.process
def test_a_compacted_revision_has_a_name(tmp_path: Path) -> None:
    async def body(etcd: Etcd) -> None:
        key = a_key()
        first = await etcd.put(key, b"one")
        await etcd.compact(await etcd.put(key, b"two"))
        with pytest.raises(Compacted):
            await etcd.get(key, at=first)

    with running_etcd(tmp_path) as server:
        run(server.settings, body)


def test_an_etcd_that_is_not_there_is_named_with_the_reason() -> None:
    sentence = failure(EtcdSettings(endpoints=(f"http://127.0.0.1:{free_port()}",)))
    assert sentence.startswith("etcd at http://127.0.0.1:")
    assert sentence.endswith("cannot be reached: connection refused")


@pytest.mark.process
def test_another_endpoint_takes_the_place_of_one_that_is_not_there(etcd_server: EtcdServer) -> None:
    async def body(etcd: Etcd) -> None:
        assert (await etcd.status()).revision

    dead = f"http://127.0.0.1:{free_port()}"
    run(replace(etcd_server.settings, endpoints=(dead, etcd_server.url)), body)


@pytest.mark.process
def test_client_certificates_open_an_etcd_that_demands_them(tmp_path: Path, certificates: Certificates) -> None:
    async def body(etcd: Etcd) -> None:
        await etcd.put(a_key(), b"x")

    with running_etcd(tmp_path, certificates) as server:
        run(server.settings, body)
        good = server.settings
        assert "not to be trusted" in failure(replace(good, cacert=certificates.stranger))
        assert "wants a client certificate" in failure(replace(good, cert=None, key=None))
        assert "cannot be reached" in failure(replace(good, endpoints=(good.endpoints[0].replace("https", "http"),)))


def test_a_missing_certificate_file_and_a_senseless_endpoint_are_named(tmp_path: Path) -> None:
    missing = tmp_path / "none.crt"
    assert str(missing) in failure(EtcdSettings(endpoints=("https://127.0.0.1:1",), cacert=missing))
    assert "'ftp://x' is no address" in failure(EtcdSettings(endpoints=("ftp://x",)))
    assert "no etcd endpoint" in failure(EtcdSettings(endpoints=()))
    assert "go together" in failure(EtcdSettings(endpoints=("x",), cert=missing))


@pytest.mark.process
def test_user_and_password_open_an_etcd_and_an_expired_token_is_renewed(tmp_path: Path) -> None:
    async def protect(etcd: Etcd) -> None:
        channel = etcd._channel
        await channel.call("Auth/UserAdd", request("AuthUserAddRequest", name="root", password="secret"))
        await channel.call("Auth/RoleAdd", request("AuthRoleAddRequest", name="root"))
        await channel.call("Auth/UserGrantRole", request("AuthUserGrantRoleRequest", user="root", role="root"))
        await channel.call("Auth/AuthEnable", request("AuthEnableRequest"))

    async def body(etcd: Etcd) -> None:
        revision = await etcd.put(EtcdKey(b"/a"), b"1")
        batches = (batch async for batch in etcd.watch(revision) if batch.events)
        assert (await anext(batches)).revision == revision
        await asyncio.sleep(2.5)  # longer than the token lives
        assert await etcd.put(EtcdKey(b"/a"), b"2") == revision + 1
        assert (await anext(batches)).revision == revision + 1
        await asyncio.sleep(2.5)
        again = (batch async for batch in etcd.watch(revision) if batch.events)
        assert (await anext(again)).events[0].value == b"1"

    with running_etcd(tmp_path, flags=("--auth-token-ttl=1",)) as server:
        run(server.settings, protect)
        run(replace(server.settings, user="root", password="secret"), body)
        assert "authentication failed" in failure(replace(server.settings, user="root", password="wrong"))
        with pytest.raises(EtcdError):
            run(server.settings, lambda etcd: etcd.put(a_key(), b"x"))
