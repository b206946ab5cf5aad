"""`python -m kproxy.lab.emulated CONFIG`: the emulated api-server as a process of its own.

CONFIG is a JSON file: port, etcd (URL), certificate and key (PEM files), audit_log, users [{name, token, groups}].
"""

import asyncio
import json
import secrets
import signal
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO, TypedDict
from uuid import uuid4

from aiohttp import web

from kproxy.errors import EtcdError
from kproxy.etcd import Etcd, EtcdSettings, connect
from kproxy.lab.emulated.audit import AuditLog
from kproxy.lab.emulated.call import Call
from kproxy.lab.emulated.etcd_store import EtcdStore
from kproxy.lab.emulated.resources import NAMESPACES, SYSTEM_NAMESPACES
from kproxy.lab.emulated.server import Server, make_application
from kproxy.lab.emulated.status import StatusError
from kproxy.lab.emulated.store import Store
from kproxy.lab.emulated.writing import Chance, Writes
from kproxy.lab.users import User

_SUFFIX_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # k8s.io/apimachinery/pkg/util/rand
_ETCD_PATIENCE = 60.0  # seconds until an etcd that was just started must answer
GOODBYE = 0.5  # seconds that open answers get at the end


class Config(TypedDict):
    """The configuration file."""

    port: int
    etcd: str
    certificate: str
    key: str
    audit_log: str
    users: list["ConfiguredUser"]


class ConfiguredUser(TypedDict):
    """One of its users."""

    name: str
    token: str
    groups: list[str]


def real_chance() -> Chance:
    """Today's time, random uids."""
    return Chance(
        now=lambda: datetime.now(UTC),
        uid=lambda: str(uuid4()),
        suffix=lambda length: "".join(secrets.choice(_SUFFIX_ALPHABET) for _ in range(length)),
    )


async def make_namespaces(store: Store, chance: Chance) -> None:
    """The system's namespaces, where they are not there yet."""
    writes = Writes(store, chance)
    for name in SYSTEM_NAMESPACES:
        call = Call(resource=NAMESPACES, manager="kube-apiserver")
        try:
            await writes.create(call, {"metadata": {"name": name}})
        except StatusError as error:
            if error.reason != "AlreadyExists":
                raise


async def _wait_for_etcd(url: str) -> Etcd:
    """A client, as soon as etcd answers. EtcdError if it does not."""
    settings = EtcdSettings(endpoints=(url,))
    deadline = asyncio.get_running_loop().time() + _ETCD_PATIENCE
    while True:
        try:
            return await connect(settings)
        except EtcdError:
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.05)


@asynccontextmanager
async def served(config: Config, store: Store, audit: AuditLog) -> AsyncIterator[None]:
    """The server, listening on loopback."""
    users = tuple(
        User(name=user["name"], token=user["token"], groups=tuple(user["groups"])) for user in config["users"]
    )
    server = Server(store, real_chance(), users, audit, f"127.0.0.1:{config['port']}")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(config["certificate"], config["key"])
    runner = web.AppRunner(
        make_application(server), handler_cancellation=True, access_log=None, shutdown_timeout=GOODBYE
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", config["port"], ssl_context=tls).start()
        yield
    finally:
        await runner.cleanup()


async def run(config: Config, log: TextIO) -> None:
    """Serves until SIGTERM, which cancels it."""
    task = asyncio.current_task()
    if task is not None:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    async with await _wait_for_etcd(config["etcd"]) as etcd:
        store = EtcdStore(etcd)
        await make_namespaces(store, real_chance())
        async with served(config, store, AuditLog(log)):
            await asyncio.Event().wait()


def main() -> None:
    """Exit code 1 and one line on standard error (the lab's log) if it cannot go on."""
    config: Config = json.loads(Path(sys.argv[1]).read_bytes())
    try:
        with Path(config["audit_log"]).open("a", encoding="utf-8") as log, suppress(asyncio.CancelledError):
            asyncio.run(run(config, log))
    except (EtcdError, OSError) as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
