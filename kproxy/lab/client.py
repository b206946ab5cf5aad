"""The lab's own requests to the server it has started: few, small, blocking, standard library."""

import http.client
import json
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from kproxy.lab.users import User
from kproxy.model.jsontypes import JSON, JSONObject

TIMEOUT = 5.0  # seconds; whoever waits for a server asks again
MAX_ANSWER = 4 * 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class LabAnswer:
    """A status and a body: JSON if it is some, else text."""

    status: int
    body: JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class LabClient:
    """Sends requests as the lab's probe, on behalf of another user where one is named.

    `host` and `prefix`: where the server is reached, a path of it.
    """

    port: int
    ca: Path
    probe: User
    host: str = "127.0.0.1"
    prefix: str = ""
    context: ssl.SSLContext = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "context", ssl.create_default_context(cafile=str(self.ca)))

    def send(self, method: str, path: str, body: JSONObject | None = None, *, behalf: User | None = None) -> LabAnswer:
        """One request on a connection of its own. OSError or http.client.HTTPException if it gets no answer."""
        headers = {
            "Authorization": f"Bearer {self.probe.token}",
            "User-Agent": "kproxy-lab",
            "Accept": "application/json",
        }
        connection = http.client.HTTPSConnection(self.host, self.port, timeout=TIMEOUT, context=self.context)
        try:
            connection.putrequest(method, self.prefix + path)
            data = b"" if body is None else json.dumps(body).encode()
            if body is not None:
                headers |= {"Content-Type": "application/json", "Content-Length": str(len(data))}
            for name, value in headers.items():
                connection.putheader(name, value)
            if behalf is not None:
                connection.putheader("Impersonate-User", behalf.name)
                for group in behalf.groups:
                    connection.putheader("Impersonate-Group", group)
            connection.endheaders(data or None)
            answer = connection.getresponse()
            return LabAnswer(answer.status, _content(answer.read(MAX_ANSWER)))
        finally:
            connection.close()


def _content(data: bytes) -> JSON:
    try:
        content: JSON = json.loads(data)
    except ValueError:
        return data.decode("utf-8", "replace")
    return content
