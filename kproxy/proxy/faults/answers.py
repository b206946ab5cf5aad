"""What a rule of --fault answers in the server's place: a Status as kube-apiserver sends it, the connection kept.

Reasons, messages and details are those of k8s.io/apimachinery/pkg/api/errors/errors.go.
"""

import json

from kproxy.model.api import RequestInfo
from kproxy.model.jsontypes import JSONObject
from kproxy.proxy.status import OwnAnswer

REASONS = {
    400: ("Bad Request", "BadRequest"),
    401: ("Unauthorized", "Unauthorized"),
    403: ("Forbidden", "Forbidden"),
    404: ("Not Found", "NotFound"),
    409: ("Conflict", "Conflict"),
    410: ("Gone", "Expired"),
    413: ("Request Entity Too Large", "RequestEntityTooLarge"),
    422: ("Unprocessable Entity", "Invalid"),
    429: ("Too Many Requests", "TooManyRequests"),
    500: ("Internal Server Error", "InternalError"),
    502: ("Bad Gateway", "InternalError"),
    503: ("Service Unavailable", "ServiceUnavailable"),
    504: ("Gateway Timeout", "Timeout"),
}
"""HTTP's reason phrase and Kubernetes's StatusReason."""

_EXPIRED_WATCH = "The resourceVersion for the provided watch is too old."
"""What the api-server's watch cache says (k8s.io/apiserver/pkg/storage/cacher, apierrors.NewResourceExpired)."""

_EXPIRED_LIST = "The provided continue parameter is too old to display a consistent list result."

_CONFLICT = "the object has been modified; please apply your changes to the latest version and try again"

_OF_RESOURCES = {
    (403, ""): "WHAT is forbidden: a fault on purpose",
    (404, ""): "WHAT not found",
    (409, ""): f"Operation cannot be fulfilled on WHAT: {_CONFLICT}",
    (409, "create"): "WHAT already exists",
    (422, ""): "WHAT is invalid: a fault on purpose",
}

_MESSAGES = {
    400: "the request is not valid",
    401: "Unauthorized",
    403: "forbidden",
    404: "the server could not find the requested resource",
    409: _CONFLICT,
    422: "the request is invalid",
    413: "Request entity too large: limit is 3145728",
    429: "Too many requests, please try again later.",
    500: "Internal error occurred: a fault on purpose",
    502: "Bad gateway",
    503: "the server is currently unable to handle the request",
    504: "the server was unable to return a response in the time allotted",
}


def fault_answer(status: int, info: RequestInfo, method: bytes, retry_after: int | None) -> OwnAnswer:
    """The answer with this status to a request; without its body to a HEAD. `retry_after`: seconds."""
    phrase, _ = REASONS[status]
    document = status_object(status, info, retry_after)
    body = json.dumps(document).encode() + b"\n"
    retry = f"Retry-After: {retry_after}\r\n" if retry_after is not None else ""
    head = (
        f"HTTP/1.1 {status} {phrase}\r\nCache-Control: no-cache, private\r\nContent-Type: application/json\r\n"
        f"{retry}X-Kproxy: a fault on purpose\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode("latin-1")
    return OwnAnswer(status, str(document["message"]), head, b"" if method == b"HEAD" else body)


def status_object(status: int, info: RequestInfo, retry_after: int | None = None) -> JSONObject:
    """The Status itself."""
    _, reason = REASONS[status]
    if status == 409 and info.verb == "create":
        reason = "AlreadyExists"
    document: JSONObject = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": _message(status, info),
        "reason": reason,
        "code": status,
    }
    if details := _details(status, info, retry_after):
        document["details"] = details
    return document


def _details(status: int, info: RequestInfo, retry_after: int | None) -> JSONObject:
    details: JSONObject = {}
    if status in {403, 404, 409, 422} and info.is_resource:
        named: JSONObject = {"name": info.name, "group": info.group, "kind": info.resource}
        details = {key: value for key, value in named.items() if value}
    if status == 500:
        details["causes"] = [{"message": "a fault on purpose"}]
    if retry_after is not None:
        details["retryAfterSeconds"] = retry_after
    return details


def _message(status: int, info: RequestInfo) -> str:
    if status == 410:
        return _EXPIRED_WATCH if info.verb == "watch" else _EXPIRED_LIST
    said = _OF_RESOURCES.get((status, "create" if status == 409 and info.verb == "create" else ""))
    if not info.is_resource or said is None:
        return _MESSAGES[status]
    resource = f"{info.resource}.{info.group}" if info.group and status != 422 else info.resource
    return said.replace("WHAT", f'{resource} "{info.name}"')
