"""What an authorizer is asked for, and how much of it everybody has anyway."""

from dataclasses import dataclass, replace

RBAC = "rbac.authorization.k8s.io"

_DISCOVERY = frozenset(
    ["/livez", "/readyz", "/healthz", "/version", "/version/", "/openapi", "/api", "/apis"],
)
_DISCOVERY_BELOW = ("/openapi/", "/api/", "/apis/")
_PUBLIC = frozenset(["/livez", "/readyz", "/healthz", "/version", "/version/"])
_ABOUT_ONESELF = frozenset({
    ("authorization.k8s.io", "selfsubjectaccessreviews"),
    ("authorization.k8s.io", "selfsubjectrulesreviews"),
    ("authentication.k8s.io", "selfsubjectreviews"),
})  # fmt: skip
ANONYMOUS = "system:anonymous"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Permission:
    """One question to an authorizer: of a resource (`pods`, `pods/log`), or of a `path` that is none.

    `namespace` "": in the whole cluster; `name` "": of whatever name.
    """

    verb: str
    group: str = ""
    resource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""

    @property
    def grantable(self) -> bool:
        """Whether a rule can say exactly this: an empty or starred word would not say it, or far more."""
        words = (self.verb, self.path) if self.path else (self.verb, self.group, *self.resource.split("/"))
        required = self.verb and (self.path or self.resource)
        return bool(required) and not any("*" in word for word in words)

    def of_any_name(self) -> "Permission":
        """The same, whatever the object is called."""
        return replace(self, name="")

    def everywhere(self) -> "Permission":
        """The same in the whole cluster."""
        return replace(self, namespace="")


def is_everybodys(permission: Permission, user: str) -> bool:
    """Whether RBAC's own roles, which each cluster has, grant it to whoever is authenticated.

    They are system:discovery, system:basic-user and system:public-info-viewer (plugin/pkg/auth/authorizer/rbac/
    bootstrappolicy/policy.go); the last one counts for the anonymous too.
    """
    if permission.path:
        allowed = _PUBLIC if user == ANONYMOUS else _DISCOVERY
        below = () if user == ANONYMOUS else _DISCOVERY_BELOW
        return permission.verb == "get" and (permission.path in allowed or permission.path.startswith(below))
    about = (permission.group, permission.resource) in _ABOUT_ONESELF
    return about and permission.verb == "create" and user != ANONYMOUS
