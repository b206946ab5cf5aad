"""From a path to a call: which kind, which object, which part of it."""

from dataclasses import dataclass

from kproxy.lab.emulated.resources import RESOURCES, Resource, find_resource
from kproxy.lab.emulated.status import method_not_allowed, no_such_resource
from kproxy.model.api import RequestInfo

GROUP_VERSIONS = tuple(sorted({each.api_version for each in RESOURCES}))

COLLECTION = {"GET": "list", "POST": "create", "DELETE": "deletecollection"}
OBJECT = {"GET": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_SUBRESOURCE = {"status": ("GET", "PUT", "PATCH"), "finalize": ("PUT",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What a path names and a method does; `action`: list, create, get, update, patch, delete, deletecollection."""

    resource: Resource
    namespace: str
    name: str
    subresource: str
    action: str


def is_served_group(path: str) -> bool:
    """Whether a path below /apis is of a group that this server has; the others are unknown pages."""
    parts = path.strip("/").split("/")
    if parts[0] != "apis" or len(parts) < 2:
        return True
    return any(each.group == parts[1] for each in RESOURCES if each.group)


def find_route(method: str, info: RequestInfo) -> Route:
    """The route of a resource request. StatusError: 404 for what is not there, 405 for what cannot be done to it."""
    resource = find_resource(info.group, info.version, info.resource)
    parts = info.path.strip("/").split("/")[3 if info.group else 2 :]
    if resource is None or parts[0] in {"watch", "proxy"}:
        raise no_such_resource()
    namespace = ""
    if resource.namespaced and parts[0] == "namespaces":
        namespace, parts = parts[1], parts[2:]
    if (
        not parts
        or parts[0] != resource.plural
        or len(parts) > 3
        or (resource.namespaced and not namespace and parts[1:])
    ):
        raise no_such_resource()
    name, subresource = (*parts[1:], "", "")[:2]
    if subresource and subresource not in resource.subresources:
        raise no_such_resource()
    action = _action(method, resource, namespace, name, subresource)
    return Route(resource=resource, namespace=namespace, name=name, subresource=subresource, action=action)


def _action(method: str, resource: Resource, namespace: str, name: str, subresource: str) -> str:
    actions = OBJECT if name else COLLECTION
    action = actions.get(method)
    if action is None or (subresource and method not in _SUBRESOURCE[subresource]):
        raise method_not_allowed()
    if action not in {"get", "list"} and action not in resource.verbs:
        raise method_not_allowed()
    if resource.namespaced and not namespace and action != "list":
        raise method_not_allowed()
    return action
