"""Errors as the api-server words them: k8s.io/apimachinery/pkg/api/errors, seen on kube-apiserver 1.37.2."""

from dataclasses import dataclass

from kproxy.model.jsontypes import JSONObject


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that is wrong with an object: CauseType, what is said of it, and the field's path."""

    reason: str
    message: str
    field: str


class StatusError(Exception):
    """An answer that is a Status of failure. `details` is None where the real one has no such field."""

    def __init__(self, code: int, reason: str, message: str, details: JSONObject | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details

    def status(self) -> JSONObject:
        """The Status object."""
        document: JSONObject = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            document["reason"] = self.reason
        if self.details is not None:
            document["details"] = self.details
        return document | {"code": self.code}


def not_found(resource: str, name: str) -> StatusError:
    """There is no such object."""
    return StatusError(404, "NotFound", f'{resource} "{name}" not found', {"name": name, "kind": resource})


def no_such_resource() -> StatusError:
    """There is no such resource in a group and version that the server knows."""
    return StatusError(404, "NotFound", "the server could not find the requested resource", {})


def already_exists(resource: str, name: str) -> StatusError:
    """An object of this name is there."""
    return StatusError(409, "AlreadyExists", f'{resource} "{name}" already exists', {"name": name, "kind": resource})


MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


def conflict(resource: str, name: str, why: str = MODIFIED) -> StatusError:
    """The object is not what the writer took it for."""
    message = f'Operation cannot be fulfilled on {resource} "{name}": {why}'
    return StatusError(409, "Conflict", message, {"name": name, "kind": resource})


def invalid(kind: str, name: str, causes: list[Cause]) -> StatusError:
    """Validation found something."""
    words = [f"{cause.field}: {cause.message}" for cause in causes]
    details: JSONObject = {
        "name": name,
        "kind": kind,
        "causes": [{"reason": each.reason, "message": each.message, "field": each.field} for each in causes],
    }
    if not name:
        del details["name"]
    text = words[0] if len(words) == 1 else f"[{', '.join(words)}]"
    return StatusError(422, "Invalid", f'{kind} "{name}" is invalid: {text}', details)


def bad_request(message: str) -> StatusError:
    """The request cannot be meant."""
    return StatusError(400, "BadRequest", message)


def forbidden(resource: str, name: str, why: str, causes: list[Cause] | None = None) -> StatusError:
    """Neither authorization nor admission lets it through."""
    details: JSONObject = {"name": name, "kind": resource} if name else {"kind": resource}
    if causes:
        details["causes"] = [{"reason": each.reason, "message": each.message, "field": each.field} for each in causes]
    subject = f'{resource} "{name}"' if name else resource
    return StatusError(403, "Forbidden", f"{subject} is forbidden: {why}", details)


def unauthorized() -> StatusError:
    """The credentials are nobody's."""
    return StatusError(401, "Unauthorized", "Unauthorized")


def method_not_allowed() -> StatusError:
    """The path is known, the method is not."""
    return StatusError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})


def unsupported_media_type(accepted: tuple[str, ...]) -> StatusError:
    """The body's Content-Type is none that is read here."""
    message = f"the body of the request was in an unknown format - accepted media types include: {', '.join(accepted)}"
    return StatusError(415, "UnsupportedMediaType", message)


def not_acceptable(offered: tuple[str, ...]) -> StatusError:
    """The client accepts nothing that can be given."""
    return StatusError(406, "NotAcceptable", f"only the following media types are accepted: {', '.join(offered)}")


def too_large(limit: int) -> StatusError:
    """The body is longer than `limit` bytes."""
    message = f"Request entity too large: limit is {limit}"
    return StatusError(413, "RequestEntityTooLarge", message, {})


def expired(message: str) -> StatusError:
    """The revision asked for is compacted."""
    return StatusError(410, "Expired", message)


def internal(message: str) -> StatusError:
    """The server itself cannot."""
    details: JSONObject = {"causes": [{"message": message}]}
    return StatusError(500, "InternalError", f"Internal error occurred: {message}", details)


def success(resource: str, name: str, uid: str) -> JSONObject:
    """The answer to a DELETE that deleted at once."""
    details: JSONObject = {"name": name, "kind": resource, "uid": uid}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
