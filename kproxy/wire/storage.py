r"""What the api-server keeps in etcd: values and keys.

Values are `k8s\0` and protobuf, or JSON (custom resources, API services), which with CBORServingAndStorage is CBOR;
encrypted at rest they begin `k8s:enc:`.
Keys are PREFIX/RESOURCE[/NAMESPACE]/NAME for what Kubernetes itself serves (with a few names from its early days),
PREFIX/GROUP/RESOURCE[/NAMESPACE]/NAME for custom resources and for the two aggregated-in servers' own
(k8s.io/kubernetes/pkg/kubeapiserver/default_storage_factory_builder.go, k8s.io/apiextensions-apiserver).
"""

from collections.abc import Callable
from typing import NamedTuple

from kproxy.model.api import ObjectRef
from kproxy.model.etcd import EtcdKey
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.wire.content import decode, edit
from kproxy.wire.contenterror import ContentError
from kproxy.wire.mediatype import CBOR, CBOR_MAGIC, PROTOBUF
from kproxy.wire.mediatype import JSON as JSON_TYPE
from kproxy.wire.protoenvelope import MAGIC

PREFIX = "/registry"
"""Where the api-server keeps its keys unless --etcd-prefix says otherwise."""

_GROUPS = {
    "": (
        "configmaps endpoints events limitranges namespaces nodes persistentvolumeclaims persistentvolumes pods "
        "podtemplates replicationcontrollers resourcequotas secrets serviceaccounts services"
    ),
    "admissionregistration.k8s.io": (
        "mutatingadmissionpolicies mutatingadmissionpolicybindings mutatingwebhookconfigurations "
        "validatingadmissionpolicies validatingadmissionpolicybindings validatingwebhookconfigurations"
    ),
    "apps": "controllerrevisions daemonsets deployments replicasets statefulsets",
    "autoscaling": "horizontalpodautoscalers",
    "batch": "cronjobs jobs",
    "certificates.k8s.io": "certificatesigningrequests clustertrustbundles podcertificaterequests",
    "coordination.k8s.io": "leasecandidates leases",
    "discovery.k8s.io": "endpointslices",
    "flowcontrol.apiserver.k8s.io": "flowschemas prioritylevelconfigurations",
    "internal.apiserver.k8s.io": "storageversions",
    "networking.k8s.io": "ingressclasses ingresses ipaddresses networkpolicies servicecidrs",
    "node.k8s.io": "runtimeclasses",
    "policy": "poddisruptionbudgets podsecuritypolicies",
    "rbac.authorization.k8s.io": "clusterrolebindings clusterroles rolebindings roles",
    "resource.k8s.io": (
        "deviceclasses devicetaintrules resourceclaims resourceclaimtemplates resourcepoolstatusrequests resourceslices"
    ),
    "scheduling.k8s.io": "compositepodgroups podgroups priorityclasses workloads",
    "storage.k8s.io": (
        "csidrivers csinodes csistoragecapacities storageclasses volumeattachments volumeattributesclasses"
    ),
    "storagemigration.k8s.io": "storageversionmigrations",
}
_GROUP_OF = {resource: group for group, resources in _GROUPS.items() for resource in resources.split()}
_FOLDERS = {
    "endpoints": "services/endpoints",
    "ingresses": "ingress",
    "nodes": "minions",
    "podsecuritypolicies": "podsecuritypolicy",
    "replicationcontrollers": "controllers",
    "services": "services/specs",
}
_RESOURCE_IN = {folder: resource for resource, folder in _FOLDERS.items()}
_SAME_STORAGE = {
    ("events.k8s.io", "events"): "",
    ("extensions", "daemonsets"): "apps",
    ("extensions", "deployments"): "apps",
    ("extensions", "ingresses"): "networking.k8s.io",
    ("extensions", "networkpolicies"): "networking.k8s.io",
    ("extensions", "podsecuritypolicies"): "policy",
    ("extensions", "replicasets"): "apps",
    ("extensions", "replicationcontrollers"): "",
}
_KEPT_BY_GROUP = frozenset({"apiextensions.k8s.io", "apiregistration.k8s.io"})


def decode_value(data: bytes) -> JSONObject:
    """A stored object. ContentError for what is encrypted, and for what is none (`compact_rev_key`)."""
    value = decode(value_media_type(data), data)
    if isinstance(value, dict):
        return value
    raise ContentError("an etcd value that is no object")


def edit_value(data: bytes, change: Callable[[JSONObject], JSONObject]) -> bytes:
    """A stored object, changed; the same bytes if nothing is. ContentError as with decode_value."""
    return edit(value_media_type(data), data, change)


def value_media_type(data: bytes) -> str:
    """What a stored value is written in. ContentError for what is encrypted, and for what is no object."""
    if data.startswith(MAGIC):
        return PROTOBUF
    if data.startswith(b"k8s:enc:"):
        raise ContentError("an etcd value that is encrypted at rest")
    if data.startswith(CBOR_MAGIC):
        return CBOR
    if data.startswith(b"{"):
        return JSON_TYPE
    raise ContentError("an etcd value that is neither protobuf nor JSON nor CBOR")


class _Place(NamedTuple):
    """A key's folder, as a group and a resource, and what follows."""

    group: str
    resource: str
    rest: list[str]


def key_object(key: EtcdKey, prefix: str = PREFIX) -> ObjectRef | None:
    """The object that a key holds; None for keys that hold none of the API.

    Groups that share their storage have one answer: events are of "", ingresses of networking.k8s.io.
    """
    try:
        path = key.decode()
    except UnicodeDecodeError:
        return None
    root = f"{prefix.rstrip('/')}/"
    if not path.startswith(root):
        return None
    place = _place(path.removeprefix(root).split("/"))
    if place is None or not all(place.rest) or not 1 <= len(place.rest) <= 2:
        return None
    *namespace, name = place.rest
    return ObjectRef(group=place.group, resource=place.resource, namespace=namespace[0] if namespace else "", name=name)


def _place(parts: list[str]) -> _Place | None:
    for length in (2, 1):
        folder = "/".join(parts[:length])
        resource = _RESOURCE_IN.get(folder, folder)
        if resource in _GROUP_OF and _FOLDERS.get(resource, resource) == folder:
            return _Place(_GROUP_OF[resource], resource, parts[length:])
    if "." in parts[0] and len(parts) > 1 and parts[1]:
        return _Place(parts[0], parts[1], parts[2:])
    return None


def object_keys(ref: ObjectRef, prefix: str = PREFIX) -> tuple[EtcdKey, ...]:
    """The keys that may hold an object: one, in today's servers. Empty for what is not stored (reviews, bindings)."""
    group = _SAME_STORAGE.get((ref.group, ref.resource), ref.group)
    if _GROUP_OF.get(ref.resource) == group:
        folder = _FOLDERS.get(ref.resource, ref.resource)
    elif "." in group and (group in _KEPT_BY_GROUP or group not in _GROUPS):
        folder = f"{group}/{ref.resource}"
    else:
        return ()
    if not ref.name:
        return ()
    parts = [prefix.rstrip("/"), folder, ref.namespace, ref.name]
    return (EtcdKey("/".join(part for part in parts if part).encode("utf-8", "surrogateescape")),)


def group_of(resource: str) -> str | None:
    """The group in which Kubernetes itself serves a plural resource; None for one that it does not."""
    return _GROUP_OF.get(resource)


def object_of(value: JSON, resource: str) -> ObjectRef | None:
    """Which object a decoded one is, told that it is of `resource`; None if it has no name."""
    metadata = value.get("metadata") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(metadata, dict):
        return None
    api_version, name, namespace = value.get("apiVersion"), metadata.get("name"), metadata.get("namespace", "")
    if not isinstance(api_version, str) or not isinstance(name, str) or not isinstance(namespace, str):
        return None
    group = api_version.rpartition("/")[0]
    group = _SAME_STORAGE.get((group, resource), group)
    return ObjectRef(group=group, resource=resource, namespace=namespace, name=name)
