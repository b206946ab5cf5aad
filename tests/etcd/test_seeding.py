"""Keys for a fresh etcd."""

from pathlib import Path

import pytest

from kproxy.etcd.client import connect
from kproxy.etcd.seeding import write_keys
from kproxy.model.etcd import EtcdKey
from kproxy.model.start import StoredKey
from tests.support.etcd_server import running_etcd
from tests.support.loop import in_loop

pytestmark = pytest.mark.process


@in_loop
async def test_keys_are_written_in_their_order_and_share_leases_as_they_did(tmp_path: Path) -> None:
    keys = [
        StoredKey(key=EtcdKey(b"/b"), value=b"1", lease=7, ttl=600),
        StoredKey(key=EtcdKey(b"/a"), value=b"2", lease=7, ttl=600),
        StoredKey(key=EtcdKey(b"/c"), value=b"3", lease=8),
        StoredKey(key=EtcdKey(b"/d"), value=b""),
    ]
    with running_etcd(tmp_path) as server:
        await write_keys(server.settings, keys)
        async with await connect(server.settings) as etcd:
            found = {each.key: each for each in (await etcd.prefix(b"/")).items}
            b, a, c, d = (found[EtcdKey(name)] for name in (b"/b", b"/a", b"/c", b"/d"))
            assert b.mod_revision < a.mod_revision < c.mod_revision < d.mod_revision
            assert b.lease == a.lease != 0
            assert (c.lease, d.lease) == (0, 0)  # of one whose seconds nobody knows there is none
            assert await etcd.granted(b.lease) == 600
            assert await etcd.granted(12345) == 0
            assert (b.value, d.value) == (b"1", b"")
