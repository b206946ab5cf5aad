"""What a request means to the Kubernetes API, in its own words."""

from dataclasses import dataclass

from kproxy.model.jsontypes import JSON, JSONObject

WRITE_VERBS = frozenset({"create", "update", "patch", "delete", "deletecollection"})
"""The verbs that ask for a change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestInfo:
    """What the api-server makes of method and path (k8s.io/apiserver/pkg/endpoints/request/requestinfo.go)."""

    verb: str
    path: str
    is_resource: bool
    group: str = ""
    version: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""

    @property
    def is_log(self) -> bool:
        """Whether it asks for a pod's log."""
        return (self.group, self.resource, self.subresource) == ("", "pods", "log") and self.is_resource

    @property
    def within(self) -> str:
        """The namespace of its object: a namespace lies in none, though its requests are said to be in it."""
        return "" if self.resource == "namespaces" and not self.group else self.namespace

    def named(self, name: str = "") -> "ObjectRef":
        """The object that it is about, by the name that it gives, or by this one."""
        return self.ref(self.within, name or self.name)

    def ref(self, namespace: str, name: str) -> "ObjectRef":
        """An object of this resource."""
        return ObjectRef(group=self.group, resource=self.resource, namespace=namespace, name=name)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ObjectRef:
    """An object of the API, whatever version it is read in: group and plural resource, namespace ("" if none), name."""

    group: str
    resource: str
    namespace: str
    name: str

    def __str__(self) -> str:
        """`pods/default/hello-demo`, `deployments.apps/default/web`, `namespaces/default`."""
        resource = f"{self.resource}.{self.group}" if self.group else self.resource
        return "/".join(part for part in (resource, self.namespace, self.name) if part)


def metadata_of(value: JSON) -> JSONObject:
    """An object's metadata, {} where it has none."""
    metadata = value.get("metadata") if isinstance(value, dict) else None
    return metadata if isinstance(metadata, dict) else {}
