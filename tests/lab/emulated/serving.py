"""An emulated server in this process, over a store in memory, with a clock and uids of its own."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from kproxy.lab.emulated.__main__ import make_namespaces
from kproxy.lab.emulated.server import Server, make_application
from kproxy.lab.emulated.store import Store
from kproxy.lab.emulated.writing import Chance
from kproxy.lab.users import ADMIN, MASTERS, VIEWER, User
from kproxy.model.jsontypes import JSON, JSONObject
from tests.lab.emulated.memory import MemoryStore

ADMIN_TOKEN = "admin-token"
USERS = (User(name=ADMIN, token=ADMIN_TOKEN, groups=(MASTERS,)), User(name=VIEWER, token="viewer-token"))
NOW = datetime(2026, 11, 23, 7, 0, 1, tzinfo=UTC)
PODS = "/api/v1/namespaces/default/pods"
MAPS = "/api/v1/namespaces/default/configmaps"


def chance() -> Chance:
    """A clock that stands still, uids and suffixes that count."""
    uids, suffixes = itertools.count(1), itertools.count(1)
    return Chance(
        now=lambda: NOW,
        uid=lambda: f"00000000-0000-4000-8000-{next(uids):012x}",
        suffix=lambda length: f"{next(suffixes):0{length}d}",
    )


@dataclass
class Reply:
    """What came back; `body` is JSON where it is some."""

    status: int
    body: JSON
    headers: dict[str, str]
    data: bytes

    @property
    def object(self) -> JSONObject:
        """The body, which must be an object."""
        assert isinstance(self.body, dict), self.body
        return self.body


class Api:
    """Sends requests to a server."""

    def __init__(self, client: TestClient[web.Request, web.Application], store: Store) -> None:
        self.client = client
        self.store = store

    async def __call__(  # noqa: PLR0913 - a request's parts, by name
        self,
        method: str,
        path: str,
        body: JSON | bytes = None,
        *,
        content_type: str = "application/json",
        token: str = ADMIN_TOKEN,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """One request."""
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        sent = {"Content-Type": content_type, "User-Agent": "test/1"} | (headers or {})
        if token:
            sent["Authorization"] = f"Bearer {token}"
        # As it is written: the client would make the path canonical.
        url = URL(str(self.client.make_url("/")).rstrip("/") + path, encoded=True)
        async with self.client.session.request(method, url, data=data, headers=sent) as answer:
            received = await answer.read()
            try:
                parsed: JSON = json.loads(received)
            except ValueError:
                parsed = None
            return Reply(answer.status, parsed, dict(answer.headers), received)


@asynccontextmanager
async def serving(store: Store | None = None) -> AsyncIterator[Api]:
    """A server with the system's namespaces."""
    over = MemoryStore() if store is None else store
    makes = chance()
    await make_namespaces(over, makes)
    server = TestServer(make_application(Server(over, makes, USERS, None, "127.0.0.1:1")))
    async with TestClient(server) as client:
        yield Api(client, over)


def with_api(test: Callable[[Api], Awaitable[None]]) -> None:
    """Runs a test against a server of its own."""

    async def run() -> None:
        async with serving() as api:
            await test(api)

    asyncio.run(run())


def pod(name: str, **spec: JSON) -> JSONObject:
    """A pod with one container."""
    container: JSONObject = {"name": "main", "image": "nginx:1.27"}
    containers: JSONObject = {"containers": [container]}
    return {"metadata": {"name": name}, "spec": containers | spec}


def configmap(name: str, **data: JSON) -> JSONObject:
    """A ConfigMap."""
    return {"metadata": {"name": name}, "data": dict(data)}
