"""The guard before the first write: a replay goes to a fresh server, and never to the one that was recorded.

Fresh means: no namespace beyond the system's own, and in the resources that the recording writes (and the common ones)
no object that a server does not make by itself. The lists are bounded: a few objects are enough to refuse.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from urllib.parse import urlsplit

from kproxy.errors import NotFreshError, ReplayError, SameServerError
from kproxy.model.api import WRITE_VERBS, ObjectRef, metadata_of
from kproxy.model.etcd import ClusterId
from kproxy.model.jsontypes import JSON, JSONObject, text
from kproxy.model.recording import Recording
from kproxy.model.session import Server
from kproxy.replay.answers import read_all
from kproxy.replay.transport import Transport, WireRequest
from kproxy.wire.ownkeys import is_made_anew_object

_PATIENCE_SECONDS = 30.0
"""No server takes that long for a hundred objects; one that accepts and says nothing would be waited for forever."""
_LIMIT = 100
_NAMED = 5
_SYSTEM_NAMESPACES = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})
_SYSTEM_OBJECTS = frozenset({("services", "kubernetes"), ("endpoints", "kubernetes"), ("endpointslices", "kubernetes")})
_SYSTEM_NAMES = frozenset({"kube-root-ca.crt", "default"})
_COMMON = (
    ("", "v1", "namespaces"),
    ("", "v1", "pods"),
    ("", "v1", "services"),
    ("", "v1", "configmaps"),
    ("", "v1", "secrets"),
    ("", "v1", "nodes"),
    ("", "v1", "persistentvolumes"),
    ("apps", "v1", "deployments"),
    ("apps", "v1", "statefulsets"),
    ("apps", "v1", "daemonsets"),
    ("apiextensions.k8s.io", "v1", "customresourcedefinitions"),
)

type Resource = tuple[str, str, str]
"""Group, version, plural resource."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFacts:
    """What a target says of itself. `objects`: some that the system did not make; `unread`: resources it kept back."""

    url: str
    system_uid: str = ""
    etcd_cluster: ClusterId | None = None
    objects: tuple[ObjectRef, ...] = ()
    unread: tuple[str, ...] = ()


def check_target(
    recorded: Server,
    facts: TargetFacts,
    *,
    allow_existing: bool = False,
    restored: AbstractSet[ObjectRef] = frozenset(),
    ours: bool = False,
) -> None:
    """SameServerError for the recorded server itself; NotFreshError, naming some objects, unless `allow_existing`.

    `restored`: the start state's objects of the resources that were looked at: a target may hold exactly these.
    `ours`: it was started for this replay, so that its address says nothing of it.
    """
    same_uid = bool(facts.system_uid) and facts.system_uid == recorded.system_uid
    same_etcd = facts.etcd_cluster is not None and facts.etcd_cluster == recorded.etcd_cluster
    if same_uid or same_etcd:
        ground = "the uid of its namespace kube-system" if same_uid else "its etcd cluster's id"
        raise SameServerError(
            f"The target {facts.url} is the server that was recorded ({ground} is the recording's): "
            "replay on another one, for example --on fresh."
        )
    if not ours and not both_known(recorded, facts) and _place(facts.url) == _place(recorded.url):
        raise SameServerError(
            f"The target {facts.url} is where the recorded server was, and which cluster it is of cannot be told: "
            "use a user who may read the namespace kube-system, or --etcd, or another server, for example --on fresh."
        )
    if allow_existing:
        return
    if facts.unread:
        raise NotFreshError(
            f"The target {facts.url} does not let us list {', '.join(facts.unread[:_NAMED])}, so it cannot be told to "
            "be fresh: use another user, or --allow-existing."
        )
    if facts.objects and not _holds_exactly(facts.objects, restored):
        names = ", ".join(str(each) for each in facts.objects[:_NAMED])
        more = " and more" if len(facts.objects) > _NAMED else ""
        raise NotFreshError(
            f"The target {facts.url} is not fresh, it holds {names}{more}: replay on a fresh server, or with "
            "--allow-existing."
        )


def both_known(recorded: Server, facts: TargetFacts) -> bool:
    """Whether recording and target both say which cluster they are of: then they could be told apart."""
    uids = bool(facts.system_uid) and bool(recorded.system_uid)
    return uids or (facts.etcd_cluster is not None and recorded.etcd_cluster is not None)


def _place(url: str) -> tuple[str, int | None, str]:
    """Where an api-server is; a URL that is none is nowhere in particular."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return url, None, ""
    return parts.hostname or "", port, parts.path.rstrip("/")


def _holds_exactly(found: Sequence[ObjectRef], wanted: AbstractSet[ObjectRef]) -> bool:
    """Whether all that was found is wanted, and all that is wanted was found, as far as lists were read."""
    there = set(found)
    listed = Counter((each.group, each.resource) for each in wanted)
    return there <= wanted and all(each in there or listed[each.group, each.resource] >= _LIMIT // 2 for each in wanted)


def written_resources(recording: Recording) -> tuple[Resource, ...]:
    """The resources that a recording writes, and the common ones."""
    found = dict.fromkeys(_COMMON)
    for exchange in recording.exchanges():
        info = exchange.info
        if info.is_resource and info.verb in WRITE_VERBS and info.resource:
            found[info.group, info.version, info.resource] = None
    return tuple(found)


async def gather_facts(
    transport: Transport, resources: Iterable[Resource], *, etcd_cluster: ClusterId | None = None
) -> TargetFacts:
    """Ask a target (directly, not through a proxy that records) what it is and what it holds. ReplayError."""
    system = await _get(transport, "/api/v1/namespaces/kube-system")
    objects: list[ObjectRef] = []
    unread: list[str] = []
    for resource in resources:
        status, listed = await _list(transport, resource)
        if status in {404, 405}:
            continue  # the target does not have the resource, or it cannot be listed: then it holds none
        if status != 200:
            unread.append(f"{resource[2]} ({status})")
            continue
        objects += [ref for item in _items(listed) if (ref := _foreign(resource, item)) is not None]
    return TargetFacts(
        url=transport.target.url,
        system_uid=text(metadata_of(system[1]).get("uid")),
        etcd_cluster=etcd_cluster,
        objects=tuple(objects),
        unread=tuple(unread),
    )


async def _list(transport: Transport, resource: Resource) -> tuple[int, JSON]:
    group, version, plural = resource
    root = f"/apis/{group}/{version}" if group else f"/api/{version}"
    return await _get(transport, f"{root}/{plural}?limit={_LIMIT}")


async def _get(transport: Transport, target: str) -> tuple[int, JSON]:
    headers = (("Accept", "application/json"), ("User-Agent", "kproxy-guard"), ("Host", ""))
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            reply = await transport.send(WireRequest(method="GET", target=target, headers=headers))
            data = await read_all(reply)
    except TimeoutError as error:
        raise ReplayError(
            f"The target {transport.target.url} did not answer {target} within {_PATIENCE_SECONDS:g} seconds."
        ) from error
    transport.done(reply)
    try:
        return reply.status, json.loads(data) if reply.status == 200 else None
    except ValueError as error:
        raise ReplayError(f"The target {transport.target.url} answered {target} with what is no JSON.") from error


def _foreign(resource: Resource, item: JSONObject) -> ObjectRef | None:
    """An object that no server makes by itself, or None."""
    group, _, plural = resource
    metadata = metadata_of(item)
    namespace, name = text(metadata.get("namespace")), text(metadata.get("name"))
    ref = ObjectRef(group=group, resource=plural, namespace=namespace, name=name)
    if plural == "namespaces":
        ours = name in _SYSTEM_NAMESPACES
    elif namespace:
        ours = namespace in _SYSTEM_NAMESPACES - {"default"} or _made_in_default(plural, name)
    else:
        ours = _made_by_server(ref, item)
    return None if ours else ref


def _made_in_default(plural: str, name: str) -> bool:
    return (plural, name) in _SYSTEM_OBJECTS or name in _SYSTEM_NAMES


def _made_by_server(ref: ObjectRef, item: JSONObject) -> bool:
    """Cluster-wide objects: bootstrap RBAC, what is on the closed list of wire.ownkeys, addresses of services."""
    labels = metadata_of(item).get("labels")
    marked = isinstance(labels, dict) and not _MARKS.isdisjoint(labels)
    return marked or ref.name.startswith(_OWN_PREFIXES) or is_made_anew_object(ref, item)


_MARKS = frozenset({"kubernetes.io/bootstrapping", "ipaddress.kubernetes.io/managed-by"})
_OWN_PREFIXES = ("system:", "kubeadm:", "kubernetes.io:")
"""Reserved for Kubernetes: RBAC's names, kubeadm's bindings, bundles of the server's own signers."""


def _items(listed: JSON) -> list[JSONObject]:
    items = listed.get("items") if isinstance(listed, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
