"""The same requests to two servers, and what they answer, apart from what a server chooses."""

import http.client
import json
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from kproxy.model.jsontypes import JSON

JSON_TYPE = "application/json"
MERGE = "application/merge-patch+json"
OPERATIONS = "application/json-patch+json"

_MASKS = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "UID"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "TIME"),
    (re.compile(r"gen-[a-z0-9]{5}"), "gen-RANDOM"),
    (re.compile(r"in record \(\d+\)"), "in record (N)"),
    (re.compile(r"current: \d+"), "current: N"),
)


@dataclass(frozen=True)
class Step:
    """One request. `body`: text as it is sent; `user`: admin, viewer, nobody (no token), stranger (a wrong one)."""

    method: str
    path: str
    body: str = ""
    content_type: str = JSON_TYPE
    headers: dict[str, str] = field(default_factory=dict)
    user: str = "admin"

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.body[:120]} {self.user}"


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    content_type: str
    body: JSON
    warnings: tuple[str, ...] = ()


@dataclass
class Target:
    """A lab's server, from the folder of the lab."""

    folder: Path

    def __post_init__(self) -> None:
        self.context = ssl.create_default_context(cafile=str(self.folder / "ca.crt"))
        self.tokens = {
            name: self._token(file) for name, file in (("admin", "kubeconfig"), ("viewer", "user-kubeconfig"))
        }
        server = yaml.safe_load((self.folder / "kubeconfig").read_text())["clusters"][0]["cluster"]["server"]
        self.port = int(server.rpartition(":")[2])

    def _token(self, file: str) -> str:
        return str(yaml.safe_load((self.folder / file).read_text())["users"][0]["user"]["token"])

    def send(self, step: Step) -> Reply:
        """One request on a connection of its own."""
        headers = {"User-Agent": "parity/1", "Content-Type": step.content_type} | step.headers
        token = self.tokens.get(step.user, "wrong")
        if step.user != "nobody":
            headers["Authorization"] = f"Bearer {token}"
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=self.context, timeout=60)
        try:
            connection.request(step.method, step.path, step.body.encode() or None, headers)
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        warnings = tuple(answer.headers.get_all("Warning") or ())
        return Reply(answer.status, answer.headers.get("Content-Type", ""), _content(data), warnings)


def masked(reply: Reply) -> Reply:
    """A reply without what the server chooses."""
    return Reply(reply.status, reply.content_type, _mask(reply.body), reply.warnings)


def _content(data: bytes) -> JSON:
    try:
        content: JSON = json.loads(data)
    except ValueError:
        lines = data.decode("utf-8", "replace").splitlines()
        if lines and lines[0].startswith('{"type"'):
            return [json.loads(line) for line in lines]
        return "\n".join(lines)
    return content


def _mask(value: JSON) -> JSON:
    if isinstance(value, dict):
        return {key: _masked_field(key, item) for key, item in value.items()}
    if isinstance(value, list):
        return [_mask(item) for item in value]
    if isinstance(value, str):
        for pattern, image in _MASKS:
            value = pattern.sub(image, value)
    return value


def _masked_field(key: str, value: JSON) -> JSON:
    if key == "resourceVersion" and isinstance(value, str) and value:
        return "N"
    if key == "managedFields" and isinstance(value, list):
        # Their order follows their times, which have a resolution of a second.
        return sorted((_mask(entry) for entry in value), key=json.dumps)
    if key in {"serverAddress", "gitVersion", "goVersion", "compiler"}:
        return key
    if key == "continue" and isinstance(value, str):
        return "TOKEN"
    return _mask(value)


def differences(left: JSON, right: JSON, path: str = "$") -> Iterator[str]:
    """Where two values differ, one line each."""
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted(left.keys() | right.keys()):
            if key not in left or key not in right:
                side = f"only {json.dumps(left[key])}" if key in left else f"but {json.dumps(right[key])}"
                yield f"{path}.{key}: {side}"
            else:
                yield from differences(left[key], right[key], f"{path}.{key}")
    elif isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        for index, (one, other) in enumerate(zip(left, right, strict=True)):
            yield from differences(one, other, f"{path}[{index}]")
    elif left != right:
        yield f"{path}: {json.dumps(left)[:400]} but {json.dumps(right)[:400]}"
