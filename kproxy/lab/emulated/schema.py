"""What the JSON of these kinds does not tell of itself: which lists have keys, which objects are maps.

From the listType, listMapKey, mapType and structType markers of k8s.io/api/core/v1/types.go (1.37). A place is the path
of field names; "*" stands for any key of a map, list positions are left out.
"""

type Steps = tuple[str, ...]


def _places(*texts: str) -> frozenset[Steps]:
    return frozenset(tuple(text.split(".")) for text in texts)


_POD_CONTAINERS = ("spec.containers", "spec.initContainers", "spec.ephemeralContainers")
_CONTAINER_LISTS: dict[str, tuple[str, ...]] = {
    "env": ("name",),
    "ports": ("containerPort", "protocol"),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "resources.claims": ("name",),
}

LIST_KEYS: dict[Steps, tuple[str, ...]] = {
    tuple(text.split(".")): keys
    for text, keys in {
        "metadata.ownerReferences": ("uid",),
        **dict.fromkeys(_POD_CONTAINERS, ("name",)),
        **{f"{place}.{name}": keys for place in _POD_CONTAINERS for name, keys in _CONTAINER_LISTS.items()},
        "spec.hostAliases": ("ip",),
        "spec.imagePullSecrets": ("name",),
        "spec.resourceClaims": ("name",),
        "spec.schedulingGates": ("name",),
        "spec.topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
        "spec.volumes": ("name",),
        "status.conditions": ("type",),
        "status.hostIPs": ("ip",),
        "status.podIPs": ("ip",),
        "status.resourceClaimStatuses": ("name",),
    }.items()
}

SETS = _places("metadata.finalizers")

MAPS = _places(
    "metadata.labels",
    "metadata.annotations",
    "data",
    "binaryData",
    "stringData",
    "spec.overhead",
    *(f"{place}.resources.{kind}" for place in (*_POD_CONTAINERS,) for kind in ("limits", "requests")),
    "spec.resources.limits",
    "spec.resources.requests",
)

ATOMIC = _places(
    "spec.nodeSelector",
    *(
        f"{place}.env.valueFrom.{name}"
        for place in _POD_CONTAINERS
        for name in ("configMapKeyRef", "secretKeyRef", "fieldRef", "resourceFieldRef", "fileKeyRef")
    ),
    "spec.volumes.flexVolume.secretRef",
    "spec.topologySpreadConstraints.labelSelector",
    "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution",
)

ATOMIC_ITEMS = _places("spec.imagePullSecrets")
"""Keyed lists whose items have one owner each."""
