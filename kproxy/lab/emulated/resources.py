"""The kinds this server knows: a table. A kind more is an entry more."""

from collections.abc import Callable
from dataclasses import dataclass, field

from kproxy.lab.emulated import kinds, pods
from kproxy.lab.emulated.names import namespace_faults, subdomain_faults
from kproxy.lab.emulated.status import Cause
from kproxy.model.jsontypes import JSONObject

VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


def _nothing(_value: JSONObject) -> None:
    """A kind without defaults."""


def _keep(_new: JSONObject, _old: JSONObject) -> None:
    """A kind whose updates are taken as they are."""


def _valid(_value: JSONObject) -> list[Cause]:
    """A kind without rules of its own."""
    return []


def _valid_update(_new: JSONObject, _old: JSONObject) -> list[Cause]:
    """A kind whose updates have no rules of their own."""
    return []


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One kind: its names, where it is stored, and its hooks.

    `message`: its Go type in the interface tables; `fields`: what a field selector may ask for; `subresources`: those
    beside the object itself that hold a part of it; `defaults` runs on everything a client sends, `prepare_create`
    on what is new, `prepare_update(new, old)` and `keep(new, old)` on updates through the main resource; `graceful`:
    a delete first marks, then deletes; `immortal`: names that cannot be deleted; `bookmark`: what an empty object of
    this kind has in a watch's bookmarks.
    """

    plural: str
    singular: str
    kind: str
    message: str
    version: str = "v1"
    group: str = ""
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    namespaced: bool = True
    verbs: tuple[str, ...] = VERBS
    subresources: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    name_faults: Callable[[str], list[str]] = subdomain_faults
    defaults: Callable[[JSONObject], None] = _nothing
    prepare_create: Callable[[JSONObject], None] = _nothing
    prepare_update: Callable[[JSONObject, JSONObject], None] = _keep
    validate: Callable[[JSONObject], list[Cause]] = _valid
    validate_update: Callable[[JSONObject, JSONObject], list[Cause]] = _valid_update
    graceful: bool = False
    generation: bool = False
    spec_finalizers: bool = False
    immortal: frozenset[str] = frozenset()
    bookmark: JSONObject = field(default_factory=dict)

    @property
    def api_version(self) -> str:
        """`v1`, `apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def selectable(self) -> tuple[str, ...]:
        """The names a field selector may use."""
        return ("metadata.name", *(("metadata.namespace",) if self.namespaced else ()), *self.fields)

    def prefix(self, namespace: str = "") -> str:
        """Where in etcd the objects are, of one namespace or of all."""
        root = f"/registry/{self.group}/{self.plural}/" if self.group else f"/registry/{self.plural}/"
        return f"{root}{namespace}/" if namespace and self.namespaced else root

    def key(self, namespace: str, name: str) -> str:
        """An object's key."""
        return self.prefix(namespace) + name


PODS = Resource(
    plural="pods",
    singular="pod",
    kind="Pod",
    message="k8s.io.api.core.v1.Pod",
    short_names=("po",),
    categories=("all",),
    subresources=("status",),
    fields=(
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    defaults=pods.set_defaults,
    prepare_create=pods.prepare_create,
    prepare_update=pods.prepare_update,
    validate=pods.validate,
    validate_update=pods.validate_update,
    graceful=True,
    generation=True,
    bookmark={"spec": {"containers": None}, "status": {}},
)
CONFIGMAPS = Resource(
    plural="configmaps",
    singular="configmap",
    kind="ConfigMap",
    message="k8s.io.api.core.v1.ConfigMap",
    short_names=("cm",),
    validate=kinds.validate_configmap,
    validate_update=kinds.validate_configmap_update,
)
SECRETS = Resource(
    plural="secrets",
    singular="secret",
    kind="Secret",
    message="k8s.io.api.core.v1.Secret",
    fields=("type",),
    defaults=kinds.default_secret,
    validate=kinds.validate_secret,
    validate_update=kinds.validate_secret_update,
)
NAMESPACES = Resource(
    plural="namespaces",
    singular="namespace",
    kind="Namespace",
    message="k8s.io.api.core.v1.Namespace",
    short_names=("ns",),
    namespaced=False,
    verbs=tuple(verb for verb in VERBS if verb != "deletecollection"),
    subresources=("finalize", "status"),
    fields=("status.phase",),
    name_faults=namespace_faults,
    defaults=kinds.label_namespace,
    prepare_create=kinds.prepare_namespace,
    prepare_update=kinds.keep_namespace_finalizers,
    validate_update=kinds.validate_namespace_update,
    spec_finalizers=True,
    immortal=frozenset({"default", "kube-system", "kube-public"}),
    bookmark={"spec": {}, "status": {}},
)

RESOURCES = (CONFIGMAPS, NAMESPACES, PODS, SECRETS)
SYSTEM_NAMESPACES = ("kube-system", "kube-public", "kube-node-lease", "default")
"""Those that a fresh server has, in the order in which kube-apiserver makes them."""


def find_resource(group: str, version: str, plural: str) -> Resource | None:
    """The kind of this plural."""
    wanted = (group, version, plural)
    return next((each for each in RESOURCES if (each.group, each.version, each.plural) == wanted), None)
