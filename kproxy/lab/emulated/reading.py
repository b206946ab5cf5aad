"""get and list."""

import base64
import binascii
import json

from kproxy.lab.emulated.call import Call, Result, is_true, options_error
from kproxy.lab.emulated.objects import decode_value, present, read
from kproxy.lab.emulated.resources import Resource
from kproxy.lab.emulated.selectors import Selector, parse_fields, parse_labels
from kproxy.lab.emulated.status import StatusError, bad_request, expired, not_found
from kproxy.lab.emulated.store import CompactedError, Page, Store, Stored
from kproxy.model.jsontypes import JSONObject

_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without"
    " the continue parameter."
)
BATCH = 500
"""Values read at once while a selector leaves too few for a page."""


async def get(store: Store, call: Call) -> Result:
    """An object. StatusError."""
    stored = await store.get(call.key)
    wanted = _parse_revision(call.query.get("resourceVersion", ""))
    if wanted > (stored.revision if stored else 0):
        page = await store.page(call.key, limit=1)
        if wanted > page.revision:
            raise _too_large_revision(wanted, page.revision)
    if stored is None:
        raise not_found(call.resource.plural, call.name)
    return Result(value=read(stored, call.resource))


async def list_objects(store: Store, call: Call) -> Result:
    """A list, in pages where asked for. StatusError."""
    if "sendInitialEvents" in call.query:
        raise options_error("ListOptions", "sendInitialEvents", "Forbidden: sendInitialEvents is forbidden for list")
    selector = parse_selector(call)
    limit = max(0, call.number("limit") or 0)
    token = call.query.get("continue", "")
    prefix = call.resource.prefix(call.namespace)
    if token:
        revision, after = read_continue(token, prefix)
    else:
        revision, after = _exact_revision(call), ""
    wanted = 0 if token or revision else _parse_revision(call.query.get("resourceVersion", ""))
    page = await _selected(store, prefix, selector, limit=limit, after=after, revision=revision)
    if wanted > page.revision:
        raise _too_large_revision(wanted, page.revision)
    return Result(value=_list(page, call.resource, selector, prefix))


def parse_selector(call: Call) -> Selector:
    """What a list or watch is about. StatusError."""
    labels = parse_labels(call.query.get("labelSelector", ""))
    fields = parse_fields(call.query.get("fieldSelector", ""), call.resource.selectable)
    return Selector(labels, fields)


def _parse_revision(text: str) -> int:
    """A resourceVersion that a client sent, 0 for none. StatusError."""
    if text and not (text.isascii() and text.isdigit()):
        detail = f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
        raise bad_request(f"invalid resource version: {detail}")
    return int(text or "0")


def _too_large_revision(wanted: int, current: int) -> StatusError:
    """A revision that is not there yet."""
    details: JSONObject = {
        "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
        "retryAfterSeconds": 1,
    }
    message = f"Timeout: Too large resource version: {wanted}, current: {current}"
    return StatusError(504, "Timeout", message, details)


def make_continue(revision: int, last_key: str, prefix: str) -> str:
    """The token for what follows a page (k8s.io/apiserver/pkg/storage/continue.go)."""
    start = "/" + last_key.removeprefix(prefix) + "\0"
    document = {"v": "meta.k8s.io/v1", "rv": revision, "start": start}
    data = json.dumps(document, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def read_continue(token: str, prefix: str) -> tuple[int, str]:
    """Revision and last key of a token. StatusError."""
    try:
        data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        document = json.loads(data)
        revision, start = document["rv"], document["start"]
    except (binascii.Error, ValueError, KeyError, TypeError, RecursionError):
        raise bad_request("invalid continue token: continue key is not valid") from None
    if not isinstance(revision, int) or revision < 0 or not isinstance(start, str) or not start.startswith("/"):
        raise bad_request("invalid continue token: continue key is not valid")
    if "/../" in start or start.endswith("/..") or "//" in start:
        raise bad_request(f"invalid continue token: continue key is not valid: {start}")
    return revision, prefix + start.removeprefix("/").removesuffix("\0")


def _exact_revision(call: Call) -> int:
    """The past revision that a list is to be of, 0 for none."""
    revision = _parse_revision(call.query.get("resourceVersion", ""))
    match = call.query.get("resourceVersionMatch", "")
    if match and not call.query.get("resourceVersion"):
        message = "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided"
        raise options_error("ListOptions", "resourceVersionMatch", message)
    return revision if match == "Exact" else 0


async def _selected(  # noqa: PLR0913 - a list's options, by name
    store: Store, prefix: str, selector: Selector, *, limit: int, after: str, revision: int
) -> Page:
    """A page of what is selected; read on until it is full or there is no more."""
    found: list[Stored] = []
    while True:
        size = limit if selector.is_empty or not limit else max(BATCH, limit)
        try:
            page = await store.page(prefix, after=after, limit=size, revision=revision)
        except CompactedError:
            raise expired(_TOO_OLD) from None
        revision = page.revision
        for index, item in enumerate(page.items):
            if selector.is_empty or selector.matches(decode_value(item.value)):
                found.append(item)
            if limit and len(found) == limit:
                return Page(tuple(found), revision, page.remaining + len(page.items) - index - 1)
        if not page.remaining or not page.items:
            return Page(tuple(found), revision)
        after = page.items[-1].key


def _list(page: Page, resource: Resource, selector: Selector, prefix: str) -> JSONObject:
    metadata: JSONObject = {"resourceVersion": str(page.revision)}
    if page.remaining and page.items:
        metadata["continue"] = make_continue(page.revision, page.items[-1].key, prefix)
        if selector.is_empty:
            metadata["remainingItemCount"] = page.remaining
    items = [present(decode_value(item.value), item.revision, resource) for item in page.items]
    for item in items:
        item.pop("kind", None)
        item.pop("apiVersion", None)
    return {"kind": f"{resource.kind}List", "apiVersion": resource.api_version, "metadata": metadata, "items": [*items]}


__all__ = ["get", "is_true", "list_objects", "parse_selector"]
