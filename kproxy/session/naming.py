"""How people name an object: as the docs do, as kubectl does, or by its key in etcd."""

from kproxy.errors import UsageError
from kproxy.model.api import ObjectRef
from kproxy.model.etcd import EtcdKey, key_text
from kproxy.wire.storage import group_of

_SHORT = {
    "cj": "cronjobs",
    "cm": "configmaps",
    "crd": "customresourcedefinitions",
    "crds": "customresourcedefinitions",
    "csr": "certificatesigningrequests",
    "deploy": "deployments",
    "ds": "daemonsets",
    "ep": "endpoints",
    "ev": "events",
    "hpa": "horizontalpodautoscalers",
    "ing": "ingresses",
    "limits": "limitranges",
    "netpol": "networkpolicies",
    "no": "nodes",
    "ns": "namespaces",
    "pc": "priorityclasses",
    "pdb": "poddisruptionbudgets",
    "po": "pods",
    "pv": "persistentvolumes",
    "pvc": "persistentvolumeclaims",
    "quota": "resourcequotas",
    "rc": "replicationcontrollers",
    "rs": "replicasets",
    "sa": "serviceaccounts",
    "sc": "storageclasses",
    "sts": "statefulsets",
    "svc": "services",
}
"""kubectl's short names (`kubectl api-resources`); a custom resource is named by its whole name."""

_OTHER_GROUPS = {"customresourcedefinitions": "apiextensions.k8s.io", "apiservices": "apiregistration.k8s.io"}

_KEY = "key:"

type Target = ObjectRef | EtcdKey


def parse_object(words: str, namespace: str = "") -> Target:
    """`/an/etcd/key`, `key:compact_rev_key`, or `RESOURCE[.GROUP]/[NAMESPACE/]NAME`, also as kubectl has it (`deploy`).

    `namespace` is taken where the words name none. UsageError for anything else.
    """
    if words.startswith(("/", _KEY)):
        return EtcdKey(words.removeprefix(_KEY).encode("utf-8", "surrogateescape"))
    parts = words.split("/")
    if len(parts) not in {2, 3} or not all(parts):
        raise UsageError(
            f"{words!r} names no object: it is RESOURCE[.GROUP]/NAMESPACE/NAME (pods/default/hello-demo), "
            "RESOURCE[.GROUP]/NAME without a namespace, or a key in etcd that begins with a slash"
        )
    resource, _, group = parts[0].partition(".")
    if not group:
        resource, group = _known(resource)
    inner = parts[1] if len(parts) == 3 else namespace
    return ObjectRef(group=group, resource=resource, namespace=inner, name=parts[-1])


def target_text(target: Target) -> str:
    """The target as people name it."""
    return key_text(target) if isinstance(target, bytes) else str(target)


def _known(word: str) -> tuple[str, str]:
    """The plural resource that a word means, and its group; the word itself, of no group, where nobody knows it."""
    lower = word.lower()
    plain = _SHORT.get(lower, lower)
    plurals = (plain, f"{plain}s", f"{plain}es", f"{plain.removesuffix('y')}ies")
    for resource in plurals:
        group = _OTHER_GROUPS.get(resource) or group_of(resource)
        if group is not None:
            return resource, group
    return word, ""
