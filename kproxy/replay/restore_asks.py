"""What a restore asks of the target's API: one request, its answer, what is awaited there."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

from kproxy.errors import ReplayError
from kproxy.model.api import metadata_of
from kproxy.model.jsontypes import JSON, JSONObject, text
from kproxy.replay.answers import read_all
from kproxy.replay.transport import Transport, WireRequest

SECONDS = 60.0
"""As long as a definition is awaited, or a namespace's account."""
_POLL = 0.1


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer of the target's: its status, and its object ({} where it holds none)."""

    status: int
    document: JSONObject

    @property
    def reason(self) -> str:
        """Why it is no success."""
        return f"the target answered {self.status}: {text(self.document.get('message'))[:200]}".rstrip(": ")


async def ask(transport: Transport, method: str, path: str, document: JSONObject | None = None) -> Answered:
    """One request of kproxy's own to the target. ReplayError if there is no answer."""
    body = b"" if document is None else json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")
    headers = (
        ("Host", ""),
        ("User-Agent", "kproxy-restore"),
        ("Accept", "application/json"),
        *((("Content-Type", "application/json"),) if body else ()),
    )
    try:
        async with asyncio.timeout(SECONDS):
            reply = await transport.send(WireRequest(method=method, target=path, headers=headers, body=body))
            data = await read_all(reply)
            transport.done(reply)
    except TimeoutError as error:
        raise ReplayError(f"The target did not answer {method} {path} within {SECONDS:.0f} s.") from error
    try:
        value: JSON = json.loads(data) if data else None
    except ValueError:
        value = None
    return Answered(reply.status, value if isinstance(value, dict) else {})


async def service_names(transport: Transport) -> frozenset[tuple[str, str]]:
    """Namespace and name of each service of the target, as far as it lists them. ReplayError."""
    listed = (await ask(transport, "GET", "/api/v1/services?limit=5000")).document.get("items")
    items = [metadata_of(each) for each in listed] if isinstance(listed, list) else []
    return frozenset((text(each.get("namespace")), text(each.get("name"))) for each in items)


async def attempts() -> AsyncIterator[None]:
    """Until SECONDS are over."""
    loop = asyncio.get_running_loop()
    end = loop.time() + SECONDS
    while loop.time() < end:
        yield None
        await asyncio.sleep(_POLL)
