"""What orders requests beyond the objects that they name: a closed list, each entry with its ground.

Everything here is something that an api-server looks at while it serves other requests: whoever changes it stands
between the requests before and those after. docs/replay.md shows the list as a table.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kproxy.model.jsontypes import JSONObject
from kproxy.replay.effects import Effect, group_of
from kproxy.replay.recent import Recent
from kproxy.replay.scopes import Mode, Touch


@dataclass(frozen=True, slots=True)
class Barrier:
    """One entry of the list: the scope's kind, who changes it, who depends on it, why, and where that is written."""

    kind: str
    changed_by: str
    seen_by: str
    reason: str
    source: str


BARRIERS = (
    Barrier(
        "namespace",
        "writes of a namespace (finalize and status too)",
        "every request in it; lists over all namespaces",
        "creations need it, and fail once it ends; its end takes its objects away",
        "k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle",
    ),
    Barrier(
        "group",
        "writes of a CustomResourceDefinition or an APIService, and what the api-server then does by itself",
        "every request of that API group",
        "the group's paths are served, validated and converted as the definition says",
        "k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_handler.go; k8s.io/kube-aggregator/pkg/apiserver",
    ),
    Barrier(
        "discovery",
        "the same",
        "/api, /apis and /openapi",
        "these documents list what is served",
        "k8s.io/kube-aggregator/pkg/apiserver/handler_discovery.go; k8s.io/kube-openapi/pkg/handler3",
    ),
    Barrier(
        "rights",
        "writes of cluster roles and their bindings; of roles and their bindings",
        "every request; every request in that namespace",
        "each request is authorized by them, and nobody may grant more than they have",
        "k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac; k8s.io/kubernetes/pkg/registry/rbac/escalation_check.go",
    ),
    Barrier(
        "admission",
        "writes in admissionregistration.k8s.io: webhook configurations, admission policies and their bindings",
        "every write",
        "they refuse and change what others write",
        "k8s.io/apiserver/pkg/admission/plugin/webhook; k8s.io/apiserver/pkg/admission/plugin/policy",
    ),
    Barrier(
        "quota",
        "writes of a resource quota; where one is known, creations and deletions in its namespace",
        "every write in that namespace",
        "a quota is used up in an order: who comes last is refused",
        "k8s.io/apiserver/pkg/admission/plugin/resourcequota",
    ),
    Barrier(
        "limits",
        "writes of a limit range",
        "every creation in its namespace",
        "defaults and bounds of what is created",
        "k8s.io/kubernetes/plugin/pkg/admission/limitranger",
    ),
    Barrier(
        "service accounts",
        "writes of service accounts",
        "creations of pods in that namespace; requests of that account",
        "a pod needs its account, and an account's tokens end with it",
        "k8s.io/kubernetes/plugin/pkg/admission/serviceaccount; k8s.io/kubernetes/pkg/serviceaccount",
    ),
    Barrier(
        "classes",
        "writes of priority, storage, ingress and runtime classes",
        "creations of pods, of persistent volume claims, of ingresses",
        "names are resolved and defaults taken from them",
        "k8s.io/kubernetes/plugin/pkg/admission/{priority,storage/storageclass/setdefault,network/defaultingressclass,"
        "runtimeclass}",
    ),
    Barrier(
        "addresses",
        "creations of services that fix a cluster IP or a node port; writes of ServiceCIDRs",
        "every write of a service",
        "an address is given once: who asks for one depends on who has it",
        "k8s.io/kubernetes/pkg/registry/core/service/{ipallocator,portallocator}",
    ),
    Barrier(
        "disruption",
        "writes of a PodDisruptionBudget, evictions",
        "evictions in that namespace",
        "an eviction uses a budget up",
        "k8s.io/kubernetes/pkg/registry/core/pod/storage/eviction.go",
    ),
    Barrier(
        "nodes' pods",
        "bindings, creations and deletions of pods",
        "requests of a node (system:node:…)",
        "a node may read what its pods name",
        "k8s.io/kubernetes/plugin/pkg/auth/authorizer/node",
    ),
    Barrier(
        "flow control",
        "writes of flow schemas and priority levels",
        "every request",
        "each request is classified by them, and its answer names their uids",
        "k8s.io/apiserver/pkg/util/flowcontrol",
    ),
    Barrier(
        "owner",
        "the deletion of an owner",
        "requests on its dependents, lists and watches of them",
        "garbage collection deletes or keeps them",
        "k8s.io/kubernetes/pkg/controller/garbagecollector",
    ),
)

_RBAC = "rbac.authorization.k8s.io"
_CRD = ("apiextensions.k8s.io", "customresourcedefinitions")
_API_SERVICE = ("apiregistration.k8s.io", "apiservices")
DEFINING = frozenset({_CRD[0], _API_SERVICE[0]})
"""API groups whose objects define others; what is there of these the api-server goes on writing by itself."""

DISCOVERY_PATHS = ("/api", "/apis", "/openapi")
CLASSES = {
    ("scheduling.k8s.io", "priorityclasses"): "priority",
    ("storage.k8s.io", "storageclasses"): "storage",
    ("networking.k8s.io", "ingressclasses"): "ingress",
    ("node.k8s.io", "runtimeclasses"): "runtime",
}
NEEDS_CLASSES = {
    ("", "pods"): ("priority", "runtime"),
    ("", "persistentvolumeclaims"): ("storage",),
    ("networking.k8s.io", "ingresses"): ("ingress",),
}
_SAY_MORE = frozenset({_CRD, _API_SERVICE, ("", "namespaces"), ("", "services"), ("", "resourcequotas")})
"""What is touched by a write of these depends on the object, too."""
_MOST_QUOTAS = 10_000
_MOST_ALIKE = 1_000

DISCOVERY = ("discovery",)
_RIGHTS = ("rights", "")
_ADMISSION = ("admission",)
_FLOW = ("flow control",)
_NODES_PODS = ("nodes' pods",)
_ADDRESSES = ("addresses",)


def definition_of(group: str, resource: str, name: str) -> str | None:
    """The API group that an object defines: of a CustomResourceDefinition or an APIService; None: it defines none."""
    if (group, resource) not in {_CRD, _API_SERVICE}:
        return None
    return name.partition(".")[2]  # PLURAL.GROUP, VERSION.GROUP


def defines(effect: Effect) -> str | None:
    """The API group that an exchange defines, or changes the definition of; None: none."""
    info = effect.exchange.info
    return definition_of(info.group, info.resource, effect.ref.name) if effect.ref and effect.changes else None


class Barriers:
    """The list at work: what each exchange touches of it."""

    def __init__(self) -> None:
        self._quotas: Recent[str, bool] = Recent(_MOST_QUOTAS)
        self._alike: dict[tuple[object, ...], tuple[Touch, ...]] = {}

    def of(self, effect: Effect) -> Iterable[Touch]:
        """The scopes of the list that an exchange touches, each once."""
        exchange, info = effect.exchange, effect.exchange.info
        kind = group_of(exchange), info.resource
        if effect.writes and kind in _SAY_MORE:
            return self._found(effect)
        # what follows says all that there is of the scopes of others, and most repeat others
        path = "" if info.is_resource else info.path
        what = info.verb, info.subresource, effect.writes, effect.changes, info.namespace in self._quotas
        alike = *kind, info.group, info.namespace, path, exchange.caller, exchange.forwarded, *what
        found = self._alike.get(alike)
        if found is None:
            if len(self._alike) >= _MOST_ALIKE:
                self.forget()
            found = self._alike[alike] = tuple(self._found(effect))
        return found

    def forget(self) -> None:
        """Forget what requests alike touched: each is looked at once more."""
        self._alike.clear()

    def _found(self, effect: Effect) -> Iterator[Touch]:
        info = effect.exchange.info
        yield from self._of_all(effect)
        if not info.is_resource:
            if info.path.startswith(DISCOVERY_PATHS):
                yield Touch(DISCOVERY, Mode.READ)
                yield from _read_group(info.path.split("/")[2:3] if info.path.startswith("/apis/") else [])
            return
        yield from _definitions(effect)
        yield from _namespace(effect)
        if effect.writes:
            yield from self._of_writes(effect)

    def _of_all(self, effect: Effect) -> Iterator[Touch]:
        info = effect.exchange.info
        rbac = effect.changes and info.group == _RBAC
        yield Touch(_RIGHTS, Mode.WHOLE if rbac and not info.namespace else Mode.READ)
        if info.namespace:
            yield Touch(("rights", info.namespace), Mode.WHOLE if rbac else Mode.READ)
        changes_flow = effect.changes and info.group == "flowcontrol.apiserver.k8s.io"
        yield Touch(_FLOW, Mode.WHOLE if changes_flow else Mode.READ)
        caller = effect.exchange.forwarded.partition(" ")[0] or effect.exchange.caller
        if caller.startswith("system:node:"):
            yield Touch(_NODES_PODS, Mode.READ)
        elif caller.startswith("system:serviceaccount:"):
            yield Touch(("service accounts", caller.removeprefix("system:serviceaccount:").split(":")[0]), Mode.READ)

    def _of_writes(self, effect: Effect) -> Iterator[Touch]:
        info = effect.exchange.info
        kind = (group_of(effect.exchange), info.resource)
        registers = effect.changes and info.group == "admissionregistration.k8s.io"
        yield Touch(_ADMISSION, Mode.WHOLE if registers else Mode.READ)
        if info.namespace:
            yield from self._quota(effect, kind)
            limits = effect.changes and kind == ("", "limitranges")
            if limits or effect.makes:
                yield Touch(("limits", info.namespace), Mode.WHOLE if limits else Mode.READ)
        yield from _accounts(effect, kind)
        yield from _classes(effect, kind)
        yield from _services(effect, kind)
        yield from _pods(effect, kind)

    def _quota(self, effect: Effect, kind: tuple[str, str]) -> Iterator[Touch]:
        namespace = effect.exchange.info.namespace
        own = effect.changes and kind == ("", "resourcequotas")
        if own:
            self._quotas.put(namespace, True)
        uses = namespace in self._quotas and effect.exchange.info.verb in {"create", "delete", "deletecollection"}
        yield Touch(("quota", namespace), Mode.WHOLE if own or uses else Mode.READ)


def _read_group(groups: list[str]) -> Iterator[Touch]:
    for group in groups:
        yield Touch(("group", group), Mode.READ)


def _definitions(effect: Effect) -> Iterator[Touch]:
    info = effect.exchange.info
    defined = defines(effect)
    if defined is not None:
        yield Touch(("group", defined), Mode.WHOLE)
        yield Touch(DISCOVERY, Mode.PART)
    if info.group and info.group != defined:
        yield Touch(("group", info.group), Mode.READ)


def _namespace(effect: Effect) -> Iterator[Touch]:
    info = effect.exchange.info
    if (info.group, info.resource) == ("", "namespaces"):
        if effect.changes and effect.ref is not None:
            yield Touch(("namespace", effect.ref.name), Mode.WHOLE)
    elif info.namespace:
        yield Touch(("namespace", info.namespace), Mode.READ)
    elif info.verb in {"list", "watch"}:
        yield Touch(("list", "", "namespaces", ""), Mode.READ)  # what ends there disappears here


def _accounts(effect: Effect, kind: tuple[str, str]) -> Iterator[Touch]:
    scope = ("service accounts", effect.exchange.info.namespace)
    if kind == ("", "serviceaccounts") and effect.changes and not effect.exchange.info.subresource:
        yield Touch(scope, Mode.PART)
    elif kind == ("", "pods") and effect.makes:
        yield Touch(scope, Mode.READ)


def _classes(effect: Effect, kind: tuple[str, str]) -> Iterator[Touch]:
    if effect.changes and (own := CLASSES.get(kind)):
        yield Touch(("classes", own), Mode.WHOLE)
    elif effect.makes:
        for needed in NEEDS_CLASSES.get(kind, ()):
            yield Touch(("classes", needed), Mode.READ)


def _services(effect: Effect, kind: tuple[str, str]) -> Iterator[Touch]:
    if kind == ("networking.k8s.io", "servicecidrs") and effect.changes:
        yield Touch(_ADDRESSES, Mode.WHOLE)
    elif kind == ("", "services") and effect.exchange.info.subresource != "status":
        yield Touch(_ADDRESSES, Mode.WHOLE if _fixes_an_address(effect.sent) else Mode.PART)


def _fixes_an_address(service: JSONObject) -> bool:
    """Whether a service that is to be made names an address or a port of the cluster that it wants."""
    spec = service.get("spec")
    if not isinstance(spec, dict):
        return False
    ports = spec.get("ports")
    wanted = [each.get("nodePort") for each in ports if isinstance(each, dict)] if isinstance(ports, list) else []
    wanted += [spec.get("clusterIP"), spec.get("healthCheckNodePort")]
    return any(each not in {None, "", 0, "None"} for each in wanted if isinstance(each, str | int))


def _pods(effect: Effect, kind: tuple[str, str]) -> Iterator[Touch]:
    info = effect.exchange.info
    evicts = kind == ("", "pods") and info.subresource == "eviction"
    if evicts or (kind == ("policy", "poddisruptionbudgets") and effect.changes):
        yield Touch(("disruption", info.namespace), Mode.WHOLE)
    moves = info.subresource == "binding" or (not info.subresource and info.verb not in {"patch", "update"})
    if kind == ("", "pods") and moves and effect.changes:
        yield Touch(_NODES_PODS, Mode.PART)
