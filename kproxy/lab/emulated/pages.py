"""What is no resource: health, version, discovery, OpenAPI, and the page that is not there."""

from collections.abc import Callable
from functools import partial

from aiohttp import web

from kproxy.lab.emulated import discovery, openapi
from kproxy.lab.emulated.negotiation import write_body
from kproxy.lab.emulated.routes import GROUP_VERSIONS
from kproxy.lab.emulated.status import no_such_resource
from kproxy.model.api import RequestInfo
from kproxy.model.jsontypes import JSONObject
from kproxy.wire.mediatype import JSON as JSON_TYPE
from kproxy.wire.mediatype import parse_media_type

_HEALTH = ("healthz", "livez", "readyz")
CORE = tuple(each for each in GROUP_VERSIONS if "/" not in each)
NAMED = tuple(each for each in GROUP_VERSIONS if "/" in each)


def answer_page(request: web.Request, info: RequestInfo, address: str, *, pretty: bool) -> web.Response:
    """The answer to a request that is none for a resource."""
    parts = info.path.strip("/").split("/")
    reads = request.method in {"GET", "HEAD"}
    if reads and parts[0] in _HEALTH and len(parts) < 3:
        return web.Response(text="ok", headers={"X-Content-Type-Options": "nosniff"})
    document = _document(parts, address) if reads else None
    if document is None:
        return _missing(parts)
    if parts in (["api"], ["apis"]) and _wants_aggregated(request.headers.get("Accept", "")):
        document = discovery.aggregated(CORE if parts == ["api"] else NAMED)
        return _answer(document, pretty=pretty, content_type=discovery.AGGREGATED)
    response = _answer(document, pretty=parts[0] == "version" or (pretty and parts[0] != "openapi"))
    if parts[0] == "openapi":
        response.enable_compression()
    return response


def _document(parts: list[str], address: str) -> JSONObject | None:
    pages: dict[str, Callable[[], JSONObject]] = {
        "": lambda: {"paths": [f"/{path}" for path in sorted(pages) if path]},
        "version": discovery.version,
        "api": lambda: discovery.api_versions(address),
        "apis": discovery.api_groups,
        "openapi/v3": lambda: openapi.index(CORE + NAMED),
        **{f"api/{each}": partial(discovery.resource_list, each) for each in CORE},
        **{f"openapi/v3/api/{each}": partial(openapi.document, each) for each in CORE},
    }
    page = pages.get("/".join(parts))
    return None if page is None else page()


def _missing(parts: list[str]) -> web.Response:
    """Below /api the server speaks JSON, elsewhere it has Go's plain page."""
    if parts[0] == "api":
        error = no_such_resource()
        _, body = write_body(JSON_TYPE, error.status(), pretty=False)
        return web.Response(status=error.code, body=body, headers={"Content-Type": JSON_TYPE})
    return web.Response(status=404, text="404 page not found\n", headers={"X-Content-Type-Options": "nosniff"})


def _wants_aggregated(accept: str) -> bool:
    first = parse_media_type(accept.split(",", 1)[0])
    return first.parameter("as") == "APIGroupDiscoveryList" and first.parameter("v") == "v2"


def _answer(document: JSONObject, *, pretty: bool, content_type: str = JSON_TYPE) -> web.Response:
    _, body = write_body(JSON_TYPE, document, pretty=pretty)
    return web.Response(body=body, headers={"Content-Type": content_type})
