"""What a cluster holds before anybody uses it: a closed list of keys and objects that it makes by itself.

Sources: kubernetes/pkg/controlplane (kubernetesservice, defaultservicecidr, systemnamespaces, legacytokentracking,
clusterauthenticationtrust), plugin/pkg/auth/authorizer/rbac/bootstrappolicy, pkg/apis/flowcontrol/bootstrap,
pkg/apis/scheduling, kube-aggregator/pkg/controllers/autoregister, pkg/controlplane/reconcilers,
kube-controller-manager's serviceaccount and rootcacertpublisher; and what every kproxy lab is given (lab/users.py).
"""

import re

from kproxy.model.api import ObjectRef, metadata_of
from kproxy.model.etcd import EtcdKey
from kproxy.model.jsontypes import JSON, JSONObject

SYSTEM_NAMESPACES = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})

_MADE_ANEW = re.compile(
    r"/(?:masterleases|peerserverleases)/.+"
    r"|/leases/kube-system/(?:apiserver-.+|kube-controller-manager|kube-scheduler)"
    r"|/services/(?:specs|endpoints)/default/kubernetes|/endpointslices/default/kubernetes|/servicecidrs/kubernetes"
    r"|/namespaces/(?:default|kube-system|kube-public|kube-node-lease)"
    r"|/configmaps/kube-system/(?:extension-apiserver-authentication"
    r"|kube-apiserver-legacy-service-account-token-tracking)"
    r"|/clusterroles/(?:system:.+|cluster-admin|admin|edit|view)|/clusterrolebindings/(?:system:.+|cluster-admin)"
    r"|/roles/(?:kube-system|kube-public)/(?:system:.+|extension-apiserver-authentication-reader)"
    r"|/rolebindings/(?:kube-system|kube-public)/system:.+"
    r"|/flowschemas/(?:catch-all|exempt|global-default|kube-(?:controller-manager|scheduler|system-service-accounts)"
    r"|probes|service-accounts|system-(?:leader-election|node-high|nodes)|endpoint-controller|workload-leader-election)"
    r"|/prioritylevelconfigurations/(?:catch-all|exempt|global-default|leader-election|node-high|system"
    r"|workload-(?:high|low))"
    r"|/priorityclasses/system-(?:cluster|node)-critical"
    r"|/(?:roles|rolebindings)/default/kproxy-viewer"
)
_WITH_NAMESPACES = re.compile(r"/serviceaccounts/[^/]+/default|/configmaps/[^/]+/kube-root-ca\.crt")
_BOOKKEEPING = re.compile(
    r"/ranges/.+|/ipaddresses/.+|/events/.+|/apiregistration\.k8s\.io/apiservices/v[0-9a-z]*\.(?:[^.]*|.*\.k8s\.io)"
    r"|/[^/]+/(?:kube-system|kube-public|kube-node-lease)/.+"
    r"|/clusterrole(?:s|bindings)/kproxy-lab-kwok"  # of labs with controllers only: no other one makes them
)
_AUTOMANAGED = "kube-aggregator.kubernetes.io/automanaged"


def is_made_anew(key: EtcdKey, value: JSON, prefix: str) -> bool:
    """Whether a fresh server makes this key by itself; `value`: what it holds, None where that is not known."""
    path = relative(key, prefix)
    if path is None or _MADE_ANEW.fullmatch(path):
        return True
    if path.startswith("/ipaddresses/"):
        return _parent(value) == ("services", "default", "kubernetes")
    return path.startswith("/apiregistration.k8s.io/apiservices/") and is_automanaged(value)


def is_beyond(key: EtcdKey, prefix: str) -> bool:
    """Whether a key says that somebody uses the server: neither its own nor of its own namespaces."""
    path = relative(key, prefix)
    return path is not None and not any(rule.fullmatch(path) for rule in (_MADE_ANEW, _WITH_NAMESPACES, _BOOKKEEPING))


def is_made_anew_object(ref: ObjectRef, value: JSON) -> bool:
    """The same of an object as the API shows it."""
    path = "/" + "/".join(part for part in (_FOLDERS.get(ref.resource, ref.resource), ref.namespace, ref.name) if part)
    if ref.resource == "apiservices":
        return is_automanaged(value)
    if ref.resource == "ipaddresses":
        return _parent(value) == ("services", "default", "kubernetes")
    return _MADE_ANEW.fullmatch(path) is not None


def is_with_namespaces(ref: ObjectRef) -> bool:
    """Whether controllers make such an object in every namespace."""
    return (ref.resource, ref.name) in {("serviceaccounts", "default"), ("configmaps", "kube-root-ca.crt")}


def is_automanaged(value: JSON) -> bool:
    """Whether an APIService is registered by the server itself: for what it serves, and for each CRD."""
    labels = metadata_of(value).get("labels")
    return isinstance(labels, dict) and _AUTOMANAGED in labels


def is_identity(value: JSON) -> bool:
    """Whether an object is the lease by which an api-server tells who it is: it renews that every ten seconds.

    k8s.io/apiserver/pkg/server, pkg/controlplane/controller/apiserverleasegc.
    """
    metadata = metadata_of(value)
    labels = metadata.get("labels")
    component = labels.get("apiserver.kubernetes.io/identity") if isinstance(labels, dict) else None
    named = metadata.get("namespace") == "kube-system" and str(metadata.get("name")).startswith("apiserver-")
    return named and component == "kube-apiserver"


def relative(key: EtcdKey, prefix: str) -> str | None:
    """A key without the api-server's prefix, from its slash on; None for what is not below it."""
    text, root = key.decode("utf-8", "replace"), prefix.rstrip("/")
    return text.removeprefix(root) if text.startswith(f"{root}/") else None


_FOLDERS = {"services": "services/specs", "endpoints": "services/endpoints"}


def _parent(value: JSON) -> tuple[JSON, JSON, JSON] | None:
    """Whose an address is."""
    spec = value.get("spec") if isinstance(value, dict) else None
    parent = spec.get("parentRef") if isinstance(spec, dict) else None
    if not isinstance(parent, dict):
        return None
    found: JSONObject = parent
    return found.get("resource"), found.get("namespace"), found.get("name")
