"""The api-server's HTTP side: aiohttp in front of the verbs."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote
from uuid import uuid4

from aiohttp import web

from kproxy.errors import EtcdError
from kproxy.etcd.trace import Metadata, traced
from kproxy.lab.emulated import reading
from kproxy.lab.emulated.audit import AuditLog, Entry
from kproxy.lab.emulated.auth import Identity, authenticate, authorize, impersonate
from kproxy.lab.emulated.call import Call, Result, is_true
from kproxy.lab.emulated.deleting import Deletes
from kproxy.lab.emulated.managed import manager_name
from kproxy.lab.emulated.negotiation import accepted, is_pretty, read_body, read_patch, write_body, write_event
from kproxy.lab.emulated.pages import answer_page
from kproxy.lab.emulated.patch import PATCH_TYPES
from kproxy.lab.emulated.routes import Route, find_route, is_served_group
from kproxy.lab.emulated.status import StatusError, internal, too_large, unsupported_media_type
from kproxy.lab.emulated.store import Store
from kproxy.lab.emulated.watching import Event, Watch, send_events
from kproxy.lab.emulated.writing import Chance, Writes
from kproxy.lab.users import User
from kproxy.model.api import RequestInfo
from kproxy.wire.mediatype import JSON as JSON_TYPE
from kproxy.wire.mediatype import PROTOBUF, parse_media_type
from kproxy.wire.requestinfo import first_values, request_info
from kproxy.wire.tracecontext import client_trace

MAX_BODY = 3 * 1024 * 1024
"""Bytes (k8s.io/apiserver/pkg/server/config.go, MaxRequestBodyBytes)."""

_MAX_AUDIT_ID = 64
_KNOWN_PATCHES = (
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
    "application/apply-patch+cbor",
)


_FAIRNESS_HEADERS = ("X-Kubernetes-Pf-Flowschema-Uid", "X-Kubernetes-Pf-Prioritylevel-Uid")


@dataclass(slots=True)
class Who:
    """Whom a request came from, as far as it is known yet, and what it was answered (500: nothing)."""

    user: Identity | None = None
    on_behalf_of: Identity | None = None
    status: int = 500


class Server:
    """Answers requests. `address`: host and port that discovery names."""

    def __init__(
        self, store: Store, chance: Chance, users: tuple[User, ...], audit: AuditLog | None, address: str
    ) -> None:
        self._store = store
        self._chance = chance
        self._users = users
        self._audit = audit
        self._address = address
        self._writes = Writes(store, chance)
        self._deletes = Deletes(store, chance)
        # which flow schema and priority level a request got: here all get the same, as one user of the real one does
        self._fairness = {name: chance.uid() for name in _FAIRNESS_HEADERS}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request, whatever it is."""
        received = self._chance.now()
        audit_id = request.headers.get("Audit-ID", "")[:_MAX_AUDIT_ID] or str(uuid4())
        info = request_info(request.method, request.raw_path)
        who = Who()
        try:
            with traced(_trace_of(request)):
                answer = await self._answer(request, info, who, audit_id)
            who.status = answer.status
        finally:
            self._log(request, info, who, audit_id, received)
        return answer

    async def _answer(self, request: web.Request, info: RequestInfo, who: Who, audit_id: str) -> web.StreamResponse:
        query = first_values(request.raw_path.partition("?")[2])
        pretty = is_pretty(query, request.headers.get("User-Agent", ""))
        media_type = JSON_TYPE
        try:
            self._admit(request, info, who)
            if not info.is_resource or not is_served_group(info.path):
                return self._finish(answer_page(request, info, self._address, pretty=pretty), who, audit_id)
            media_type = accepted(request.headers.get("Accept", ""))
            route = find_route(request.method, info)
            call = _call(route, query, request)
            if route.action == "list" and is_true(query.get("watch", "")):
                return await self._watch(request, call, who, audit_id)
            # What has begun to write goes on when its client leaves: a pod's delete takes two steps.
            result = await asyncio.shield(asyncio.ensure_future(self._act(route, call, request)))
        except StatusError as error:
            result = Result(value=error.status(), status=error.code)
        except EtcdError as error:
            failed = internal(str(error))
            result = Result(value=failed.status(), status=failed.code)
        content_type, body = write_body(media_type, result.value, pretty=pretty)
        response = web.Response(status=result.status, body=body, headers={"Content-Type": content_type})
        for warning in result.warnings:
            response.headers.add("Warning", _warning(warning))
        return self._finish(response, who, audit_id)

    def _admit(self, request: web.Request, info: RequestInfo, who: Who) -> None:
        """Authentication, impersonation, authorization. StatusError."""
        who.user = authenticate(request.headers.get("Authorization", ""), self._users)
        acting = impersonate(who.user, request.headers, request.headers.getall("Impersonate-Group", []), info)
        if acting is not who.user:
            who.on_behalf_of = acting
        authorize(acting, info)

    def _act(self, route: Route, call: Call, request: web.Request) -> Awaitable[Result]:
        actions: dict[str, Callable[[Call, web.Request], Awaitable[Result]]] = {
            "get": lambda call, _request: reading.get(self._store, call),
            "list": lambda call, _request: reading.list_objects(self._store, call),
            "create": self._create,
            "update": self._update,
            "patch": self._patch,
            "delete": self._delete,
            "deletecollection": self._delete_collection,
        }
        return actions[route.action](call, request)

    async def _create(self, call: Call, request: web.Request) -> Result:
        body = read_body(request.headers.get("Content-Type", ""), await _read(request), call.resource.kind)
        return await self._writes.create(call, body)

    async def _update(self, call: Call, request: web.Request) -> Result:
        body = read_body(request.headers.get("Content-Type", ""), await _read(request), call.resource.kind)
        return await self._writes.update(call, body)

    async def _patch(self, call: Call, request: web.Request) -> Result:
        media_type = parse_media_type(request.headers.get("Content-Type", "")).name
        if media_type in _KNOWN_PATCHES:
            raise unsupported_media_type(PATCH_TYPES)
        if media_type not in PATCH_TYPES:
            raise StatusError(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})
        return await self._writes.patch(call, media_type, read_patch(await _read(request)))

    async def _delete(self, call: Call, request: web.Request) -> Result:
        data = await _read(request)
        body = read_body(request.headers.get("Content-Type", ""), data, "") if data else {}
        return await self._deletes.delete(call, body)

    async def _delete_collection(self, call: Call, request: web.Request) -> Result:
        data = await _read(request)
        body = read_body(request.headers.get("Content-Type", ""), data, "") if data else {}
        return await self._deletes.delete_collection(call, body)

    async def _watch(self, request: web.Request, call: Call, who: Who, audit_id: str) -> web.StreamResponse:
        media_type = accepted(request.headers.get("Accept", ""))
        watch = Watch(self._store, call)
        content_type = f"{PROTOBUF};stream=watch" if media_type == PROTOBUF else JSON_TYPE
        response = self._finish(web.StreamResponse(headers={"Content-Type": content_type}), who, audit_id)
        response.enable_chunked_encoding()
        await response.prepare(request)
        who.status = response.status

        async def send(event: Event) -> None:
            await response.write(write_event(media_type, *event))

        await send_events(watch, send)
        await response.write_eof()
        return response

    def _finish[R: web.StreamResponse](self, response: R, who: Who, audit_id: str) -> R:
        """The headers that every answer has; whom it does not know it gives no place in a queue."""
        response.headers["Audit-Id"] = quote(audit_id, safe="-_.~:+/=@, ")
        response.headers["Cache-Control"] = "no-cache, private"
        if who.user is not None:
            response.headers.update(self._fairness)
        return response

    def _log(self, request: web.Request, info: RequestInfo, who: Who, audit_id: str, received: datetime) -> None:
        if self._audit is None:
            return
        self._audit.write(
            Entry(
                audit_id=audit_id,
                target=request.raw_path,
                info=info,
                user=who.user,
                on_behalf_of=who.on_behalf_of,
                source=request.remote or "",
                user_agent=request.headers.get("User-Agent", ""),
                status=who.status,
                received=received,
                answered=self._chance.now(),
            )
        )


def _trace_of(request: web.Request) -> Metadata:
    """The client's trace, which the real server, too, hands on to etcd where it does not trace itself."""
    named = [value.encode("utf-8", "surrogateescape") for value in request.headers.getall("traceparent", [])]
    trace = client_trace(named)
    if trace is None:
        return ()
    return (("traceparent", f"00-{trace.trace_id.decode()}-{trace.parent_id.decode()}-{trace.flags.decode()}"),)


async def _read(request: web.Request) -> bytes:
    """The body. StatusError (413) if it is too long."""
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise too_large(MAX_BODY) from None


def _call(route: Route, query: dict[str, str], request: web.Request) -> Call:
    return Call(
        resource=route.resource,
        namespace=route.namespace,
        name=route.name,
        subresource=route.subresource,
        query=query,
        manager=manager_name(query.get("fieldManager", ""), request.headers.get("User-Agent", "")),
    )


def _warning(text: str) -> str:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'299 - "{quoted}"'


async def _hide_software(_request: web.Request, response: web.StreamResponse) -> None:
    """The real server does not name its software."""
    response.headers.pop("Server", None)


def make_application(server: Server) -> web.Application:
    """The aiohttp application."""
    application = web.Application(client_max_size=MAX_BODY)
    application.router.add_route("*", "/{path:.*}", server.handle)
    application.on_response_prepare.append(_hide_software)
    return application
