"""Writing keys into a fresh etcd, as they stood in another one."""

import asyncio
from collections.abc import Iterable

from kproxy.etcd.client import Etcd, connect
from kproxy.etcd.settings import EtcdSettings
from kproxy.etcd.txn import Put
from kproxy.model.start import StoredKey

_LONGEST_LEASE = 9_000_000_000
"""Seconds that etcd grants a lease for at most."""


async def write_keys(settings: EtcdSettings, keys: Iterable[StoredKey]) -> None:
    """Writes them one after the other, so that their revisions are in this order; leases are granted anew. EtcdError.

    Again after an error writes the same.
    """
    async with await connect(settings) as etcd:
        leases: dict[int, int] = {0: 0}
        for each in keys:
            if each.lease not in leases:
                leases[each.lease] = await _granted(etcd, each.ttl)
            await etcd.txn((), (Put(key=each.key, value=each.value, lease=leases[each.lease]),))
            await asyncio.sleep(0)


async def _granted(etcd: Etcd, ttl: int) -> int:
    """A lease; 0, no lease, for one whose seconds are not known."""
    return await etcd.grant(min(ttl, _LONGEST_LEASE)) if ttl > 0 else 0
