"""watch: a list's objects, then their changes from etcd's history, as events."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, suppress
from typing import Literal

from kproxy.lab.emulated.call import Call, is_true, options_error
from kproxy.lab.emulated.objects import decode_value, present
from kproxy.lab.emulated.reading import parse_selector
from kproxy.lab.emulated.resources import Resource
from kproxy.lab.emulated.selectors import Selector
from kproxy.lab.emulated.status import StatusError, expired
from kproxy.lab.emulated.store import Change, CompactedError, Store
from kproxy.model.jsontypes import JSONObject

type EventType = Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"]
type Event = tuple[EventType, JSONObject]

INITIAL_EVENTS_END = "k8s.io/initial-events-end"


class Watch:
    """One watch. Made, it has checked what the client asks for (StatusError)."""

    def __init__(self, store: Store, call: Call) -> None:
        self._store = store
        self._call = call
        self._selector = parse_selector(call)
        self._initial = is_true(call.query.get("sendInitialEvents", ""))
        self._bookmarks = is_true(call.query.get("allowWatchBookmarks", ""))
        self._revision = _start(call)
        self.timeout = call.number("timeoutSeconds")
        match = call.query.get("resourceVersionMatch", "")
        if "sendInitialEvents" in call.query and match != "NotOlderThan":
            message = "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
            raise options_error("ListOptions", "resourceVersionMatch", message)
        if "sendInitialEvents" not in call.query and match:
            message = "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
            raise options_error("ListOptions", "resourceVersionMatch", message)

    async def events(self) -> AsyncGenerator[Event, None]:
        """The events, without end. An ERROR is the last one."""
        prefix = self._call.resource.prefix(self._call.namespace)
        revision = self._revision
        if self._initial or ("sendInitialEvents" not in self._call.query and revision == 0):
            page = await self._store.page(prefix)
            revision = page.revision
            for item in page.items:
                value = decode_value(item.value)
                if self._selector.matches(value):
                    yield "ADDED", present(value, item.revision, self._call.resource)
            if self._initial and self._bookmarks:
                yield "BOOKMARK", bookmark(self._call.resource, revision, initial=True)
        elif revision == 0:
            revision = (await self._store.page(prefix, limit=1)).revision
        try:
            async with self._store.watch(prefix, revision) as changes:
                async for change in changes:
                    event = _event_of(change, self._selector, self._call.resource)
                    if event is not None:
                        yield event
        except CompactedError as error:
            oldest = f" ({error.oldest})" if error.oldest else ""
            yield "ERROR", expired(f"too old resource version: {revision}{oldest}").status()


def _event_of(change: Change, selector: Selector, resource: Resource) -> Event | None:
    """What a change of a key is to a watch that selects; None if nothing."""
    new = decode_value(change.value) if change.value is not None else None
    old = decode_value(change.previous) if change.previous is not None else None
    is_selected = new is not None and selector.matches(new)
    was_selected = old is not None and selector.matches(old)
    if new is not None and is_selected:
        return ("MODIFIED" if was_selected else "ADDED"), present(new, change.revision, resource)
    if old is not None and was_selected:
        return "DELETED", present(old, change.revision, resource)
    return None


def bookmark(resource: Resource, revision: int, *, initial: bool) -> JSONObject:
    """A bookmark's object: an empty one of the kind, with the revision."""
    metadata: JSONObject = {"resourceVersion": str(revision)}
    if initial:
        metadata["annotations"] = {INITIAL_EVENTS_END: "true"}
    empty: JSONObject = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata}
    return empty | resource.bookmark


async def send_events(watch: Watch, send: Callable[[Event], Awaitable[None]]) -> None:
    """Hands on a watch's events until its timeout; leaves nothing of it behind."""
    async with aclosing(watch.events()) as events:
        with suppress(TimeoutError):
            async with asyncio.timeout(watch.timeout):
                async for event in events:
                    await send(event)


def _start(call: Call) -> int:
    text = call.query.get("resourceVersion", "")
    if text and not (text.isascii() and text.isdigit()):
        message = f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
        raise StatusError(500, "", message)
    return int(text or "0")
