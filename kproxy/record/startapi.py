"""The start state through the API, as the upstream's user: where etcd cannot be reached.

All lists are asked for at one revision, that of the moment before the first exchange, where the server has it still;
else each is consistent by itself.
"""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

from kproxy.errors import KproxyError, RecordingError
from kproxy.model.api import ObjectRef, RequestInfo, metadata_of
from kproxy.model.etcd import Revision
from kproxy.model.exchange import Body
from kproxy.model.jsontypes import JSON, JSONObject, text
from kproxy.model.start import StartObject
from kproxy.record.apiclient import ApiClient, ApiRefusedError
from kproxy.record.committer import Commit
from kproxy.record.contents import stored
from kproxy.record.redact import Redactor
from kproxy.record.settings import ApiPlace, StartWish
from kproxy.store.writer import Batch
from kproxy.wire.ownkeys import is_made_anew_object, is_with_namespaces

PAGE = 250
TRIES = 3
"""Times that a list is begun again because its pages expired."""
_UNKNOWN = frozenset({403, 404, 405})
"""Answers that say that this user has no such list."""
_TWICE = frozenset({("events.k8s.io", "events"), ("extensions", "ingresses")})
"""What another group lists, too."""
_JSON = "application/json"


class Getter(Protocol):
    """What asks the API."""

    def get(self, path: str) -> JSONObject:
        """The JSON object there. ApiRefusedError, RecordingError."""

    def close(self) -> None:
        """Lets go of the connection."""


@dataclass(frozen=True, slots=True)
class Listable:
    """A resource that can be listed, and made again."""

    group: str
    version: str
    resource: str
    kind: str
    status: bool

    @property
    def api_version(self) -> str:
        """As objects name it."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def name(self) -> str:
        """As `kubectl` takes it: `deployments.apps`."""
        return f"{self.resource}.{self.group}" if self.group else self.resource

    @property
    def path(self) -> str:
        """Of its list in all namespaces."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        return f"{root}/{self.resource}"


class ApiStart:
    """Reads all that can be listed. Lists that the user may not have are said together, and not taken."""

    def __init__(
        self,
        wish: StartWish,
        place: ApiPlace,
        commit: Commit,
        redactor: Redactor,
        client: Callable[[ApiPlace], Getter] = ApiClient,
    ) -> None:
        self._wish = wish
        self._client = client(place)
        self._commit = commit
        self._redactor = redactor
        self._revision = ""
        self._bytes = self._count = 0
        self._used = not wish.if_used
        self.refused: list[str] = []
        """What the user may not list."""

    async def begin(self) -> None:
        """Which revision it is now. KproxyError."""
        listed = await asyncio.to_thread(self._client.get, "/api/v1/namespaces?limit=1")
        self._revision = text(metadata_of(listed).get("resourceVersion"))

    async def read(self) -> bool:
        """As Source."""
        try:
            for resource in await asyncio.to_thread(listable, self._client):
                await self._list(resource)
        finally:
            self._client.close()
        return self._used

    async def _list(self, resource: Listable) -> None:
        for attempt in range(TRIES):
            revision = self._revision if attempt == 0 else ""
            try:
                await self._pages(resource, revision)
            except ApiRefusedError as error:
                if error.status in _UNKNOWN:
                    self.refused += [resource.name] if error.status == 403 else []
                    return
                if attempt == TRIES - 1:
                    raise
            else:
                return

    async def _pages(self, resource: Listable, revision: str) -> None:
        asked = {"limit": str(PAGE)}
        exact = {"resourceVersion": revision, "resourceVersionMatch": "Exact"} if revision else {}
        token = ""
        while True:
            query = {**asked, **({"continue": token} if token else exact)}
            listed = await asyncio.to_thread(self._client.get, f"{resource.path}?{urlencode(query)}")
            items = listed.get("items")
            await self._commit(self._batch(resource, items if isinstance(items, list) else []))
            token = text(metadata_of(listed).get("continue"))
            if not token:
                return

    def _batch(self, resource: Listable, items: list[JSON]) -> Batch:
        made = Batch()
        for item in items:
            if isinstance(item, dict) and (found := self._object(resource, item, made)) is not None:
                made.start.append(found)
                if _is_used(found.ref, item):
                    self._used = True
        self._count += len(made.start)
        if self._bytes > self._wish.max_bytes or self._count > self._wish.max_keys:
            raise RecordingError("the server holds more than --start-state-limit takes")
        return made

    def _object(self, resource: Listable, item: JSONObject, made: Batch) -> StartObject | None:
        metadata = metadata_of(item)
        name, revision = text(metadata.get("name")), text(metadata.get("resourceVersion"))
        if not name or not revision.isascii() or not revision.isdecimal() or len(revision) > 18:
            return None
        document = {"apiVersion": resource.api_version, "kind": resource.kind, **item}
        data = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        self._bytes += len(data)
        return StartObject(
            group=resource.group,
            version=resource.version,
            resource=resource.resource,
            kind=resource.kind,
            namespace=text(metadata.get("namespace")),
            name=name,
            revision=Revision(int(revision)),
            value=self._body(resource, data, made),
            status=resource.status,
        )

    def _body(self, resource: Listable, data: bytes, made: Batch) -> Body:
        info = RequestInfo(
            verb="get", path=resource.path, is_resource=True,
            group=resource.group, version=resource.version, resource=resource.resource,
        )  # fmt: skip
        return stored(self._redactor.content(self._redactor.secrecy(info), _JSON, data), len(data), made.bodies)


def _is_used(ref: ObjectRef, value: JSON) -> bool:
    """Whether an object says that somebody uses the server."""
    own = ref.namespace in {"kube-system", "kube-public", "kube-node-lease"} or ref.resource == "events"
    return not own and not is_made_anew_object(ref, value) and not is_with_namespaces(ref)


def listable(client: Getter) -> Iterator[Listable]:
    """What the server's discovery says can be listed and made, each once, in the version that it prefers.

    Aggregated APIs are other servers': left out. KproxyError.
    """
    yield from list(_resources(client, "", "v1", "/api/v1", set()))
    aggregated = _aggregated(client)
    for group in _dicts(client.get("/apis").get("groups")):
        name = text(group.get("name"))
        preferred = group.get("preferredVersion")
        first = text(preferred.get("version")) if isinstance(preferred, dict) else ""
        versions = [first, *(text(each.get("version")) for each in _dicts(group.get("versions")))]
        seen: set[str] = set()
        for version in dict.fromkeys(each for each in versions if each):
            if (name, version) not in aggregated:
                yield from _resources(client, name, version, f"/apis/{name}/{version}", seen)


def _resources(client: Getter, group: str, version: str, path: str, seen: set[str]) -> Iterator[Listable]:
    try:
        found = _dicts(client.get(path).get("resources"))
    except ApiRefusedError:  # a definition's version that is gone by now
        return
    names = {text(each.get("name")) for each in found}
    for each in found:
        name, verbs = text(each.get("name")), each.get("verbs")
        if not isinstance(verbs, list) or not {"list", "create"} <= {str(verb) for verb in verbs} or "/" in name:
            continue
        if name not in seen and (group, name) not in _TWICE:
            seen.add(name)
            yield Listable(group, version, name, text(each.get("kind")), f"{name}/status" in names)


def _aggregated(client: Getter) -> set[tuple[str, str]]:
    """Groups and versions that other servers serve."""
    try:
        listed = _dicts(client.get("/apis/apiregistration.k8s.io/v1/apiservices").get("items"))
    except KproxyError:  # a server without them, or a user without the right: then none is known
        return set()
    specs = (each.get("spec") for each in listed)
    return {
        (text(spec.get("group")), text(spec.get("version")))
        for spec in specs
        if isinstance(spec, dict) and spec.get("service")
    }


def _dicts(value: JSON) -> list[JSONObject]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
