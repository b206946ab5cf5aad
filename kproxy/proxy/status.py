"""Answers of kproxy's own, as Kubernetes clients expect them: a Status object (apimachinery, meta/v1)."""

import json
from dataclasses import dataclass

REASONS = {
    400: ("Bad Request", "BadRequest"),
    401: ("Unauthorized", "Unauthorized"),
    403: ("Forbidden", "Forbidden"),
    407: ("Proxy Authentication Required", "Unauthorized"),
    404: ("Not Found", "NotFound"),
    500: ("Internal Server Error", "InternalError"),
    502: ("Bad Gateway", "ServiceUnavailable"),
    503: ("Service Unavailable", "ServiceUnavailable"),
    504: ("Gateway Timeout", "Timeout"),
}
"""HTTP's reason phrase and Kubernetes's StatusReason."""


@dataclass(frozen=True, slots=True)
class OwnAnswer:
    """An answer that kproxy gives itself; the connection is closed after it."""

    status: int
    message: str
    head: bytes
    body: bytes

    @property
    def wire(self) -> bytes:
        """What goes to the client."""
        return self.head + self.body


def status_answer(status: int, message: str, method: bytes = b"GET", *, extra: str = "") -> OwnAnswer:
    """A Failure Status with this code and sentence; without its body as the answer to a HEAD. `extra`: more fields."""
    phrase, reason = REASONS[status]
    document = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": reason,
        "code": status,
    }
    body = json.dumps(document).encode()
    head = (
        f"HTTP/1.1 {status} {phrase}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"{extra}X-Kproxy: this answer is kproxy's own\r\nConnection: close\r\n\r\n"
    ).encode("latin-1")
    return OwnAnswer(status, message, head, b"" if method == b"HEAD" else body)
