"""Keys that an api-server writes for itself while it starts, and a little after it says that it is ready.

Sources: kubernetes/pkg/controlplane/controller (kubernetesservice, defaultservicecidr, systemnamespaces,
clusterauthenticationtrust, legacytokentracking), pkg/registry/rbac/rest, pkg/registry/flowcontrol/rest,
pkg/registry/scheduling/rest, kube-aggregator's autoregister, pkg/registry/core/service/ipallocator.
"""

import re

from kproxy.model.etcd import EtcdKey
from kproxy.model.jsontypes import JSON

_KEYS = re.compile(
    r"/(?:services/specs/default/kubernetes|services/endpoints/default/kubernetes|endpointslices/default/kubernetes"
    r"|servicecidrs/kubernetes|ranges/(?:serviceips|servicenodeports)"
    r"|namespaces/(?:default|kube-system|kube-public|kube-node-lease)"
    r"|configmaps/kube-system/(?:extension-apiserver-authentication"
    r"|kube-apiserver-legacy-service-account-token-tracking)"
    r"|(?:flowschemas|prioritylevelconfigurations)/[^/]+|priorityclasses/system-[^/]+"
    r"|(?:clusterroles|clusterrolebindings|roles|rolebindings)/(?:kube-system/|kube-public/)?[^/]+"
    r"|apiregistration\.k8s\.io/apiservices/[^/]+)"
)
_ADDRESS = re.compile(r"/ipaddresses/[0-9a-f.:-]+")


def is_startup(key: EtcdKey, value: JSON, prefix: str) -> bool:
    """Whether a server writes this key for itself; `value`: what it holds, or held."""
    text = key.decode("utf-8", "replace").removeprefix(prefix)
    return _KEYS.fullmatch(text) is not None or (_ADDRESS.fullmatch(text) is not None and _of_the_server(value))


def _of_the_server(value: JSON) -> bool:
    """Whether an address belongs to the service `kubernetes`."""
    spec = value.get("spec") if isinstance(value, dict) else None
    parent = spec.get("parentRef") if isinstance(spec, dict) else None
    return (
        isinstance(parent, dict)
        and parent.get("resource") == "services"
        and (parent.get("namespace"), parent.get("name")) == ("default", "kubernetes")
    )
