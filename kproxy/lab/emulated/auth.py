"""Who asks, and what they may: static tokens, impersonation, a table of rights."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, replace

from kproxy.lab.emulated.status import StatusError, forbidden, unauthorized
from kproxy.lab.users import MASTERS, VIEWER, VIEWER_NAMESPACE, VIEWER_RESOURCES, VIEWER_VERBS, User
from kproxy.model.api import RequestInfo
from kproxy.model.jsontypes import JSONObject

ANONYMOUS = "system:anonymous"
AUTHENTICATED = "system:authenticated"
UNAUTHENTICATED = "system:unauthenticated"
_PUBLIC_PATHS = ("/healthz", "/livez", "/readyz", "/version", "/version/")
_DISCOVERY_PATHS = ("/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*", *_PUBLIC_PATHS)


@dataclass(frozen=True, slots=True)
class Identity:
    """A name and its groups."""

    name: str
    groups: tuple[str, ...]

    @property
    def is_master(self) -> bool:
        """Whether everything is allowed."""
        return MASTERS in self.groups


@dataclass(frozen=True, slots=True, kw_only=True)
class _Right:
    """What one user may do in one namespace."""

    user: str
    verbs: tuple[str, ...]
    group: str
    resources: tuple[str, ...]
    namespace: str

    def allows(self, identity: Identity, info: RequestInfo) -> bool:
        """Whether this right is for this request."""
        resource = f"{info.resource}/{info.subresource}" if info.subresource else info.resource
        return (
            identity.name == self.user
            and info.verb in self.verbs
            and info.group == self.group
            and resource in self.resources
            and info.namespace == self.namespace
        )


_RIGHTS = (_Right(user=VIEWER, verbs=VIEWER_VERBS, group="", resources=VIEWER_RESOURCES, namespace=VIEWER_NAMESPACE),)


def authenticate(authorization: str, users: tuple[User, ...]) -> Identity:
    """Whose token this is. StatusError (401) for a token that is nobody's."""
    scheme, _, token = authorization.partition(" ")
    if not authorization or scheme.lower() != "bearer":
        return Identity(ANONYMOUS, (UNAUTHENTICATED,))
    for user in users:
        if hmac.compare_digest(token.strip().encode(), user.token.encode()):
            return Identity(user.name, (*user.groups, AUTHENTICATED))
    raise unauthorized()


def impersonate(identity: Identity, headers: Mapping[str, str], groups: list[str], info: RequestInfo) -> Identity:
    """On whose behalf. `groups`: the values of Impersonate-Group. StatusError (403) if that is not allowed."""
    name = headers.get("Impersonate-User")
    if name is None:
        return identity
    if not identity.is_master:
        raise _refused(identity, replace(info, verb=f"impersonate-on:user-info:{info.verb}"))
    return Identity(name, (*groups, AUTHENTICATED))


def authorize(identity: Identity, info: RequestInfo) -> None:
    """StatusError (403) if this is not allowed."""
    if identity.is_master:
        return
    if not info.is_resource:
        paths = _PUBLIC_PATHS if AUTHENTICATED not in identity.groups else _DISCOVERY_PATHS
        if info.verb in {"get", "head"} and any(_covers(path, info.path) for path in paths):
            return
        message = f'forbidden: User "{identity.name}" cannot {info.verb} path "{info.path}"'
        raise StatusError(403, "Forbidden", message, {})
    if any(right.allows(identity, info) for right in _RIGHTS):
        return
    raise _refused(identity, info)


def _covers(pattern: str, path: str) -> bool:
    return path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern


def _refused(identity: Identity, info: RequestInfo) -> StatusError:
    resource = f"{info.resource}/{info.subresource}" if info.subresource else info.resource
    scope = f'in the namespace "{info.namespace}"' if info.namespace else "at the cluster scope"
    why = f'User "{identity.name}" cannot {info.verb} resource "{resource}" in API group "{info.group}" {scope}'
    qualified = f"{info.resource}.{info.group}" if info.group else info.resource
    error = forbidden(qualified, info.name, why)
    details: JSONObject = {"name": info.name} if info.name else {}
    if info.group:
        details["group"] = info.group
    error.details = details | {"kind": info.resource}
    return error
