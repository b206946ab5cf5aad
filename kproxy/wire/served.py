"""What an api-server's indexes say that it serves: /openapi/v3 (by path), /apis (by group).

Of a definition both come some time after it, and so does their end: the api-server's own controllers publish it, and
nothing in etcd tells when (k8s.io/kube-aggregator/pkg/controllers/openapiv3 asks for what is served locally once a
second; k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_discovery_controller.go).
"""

from kproxy.model.jsontypes import JSON, JSONObject, text

OPENAPI = "/openapi/v3"
GROUPS = "/apis"
INDEXES = frozenset({OPENAPI, GROUPS})


def served_in(path: str, document: JSON) -> dict[str, JSON] | None:
    """What an index lists, by the name that it goes by there; None for what is no index."""
    if path not in INDEXES or not isinstance(document, dict):
        return None
    if path == OPENAPI:
        paths = document.get("paths")
        return dict(paths) if isinstance(paths, dict) else None
    found: dict[str, JSON] = {}
    for each in _groups(document):
        name = _name(each)
        if not name or name in found:
            return None  # whatever it is, it is no list of groups
        found[name] = each
    return found or None


def without(path: str, document: JSONObject, names: frozenset[str]) -> JSONObject:
    """An index that does not list these."""
    if path == OPENAPI:
        paths = document.get("paths")
        kept = {name: each for name, each in paths.items() if name not in names} if isinstance(paths, dict) else paths
        return {**document, "paths": kept}
    field = "items" if "items" in document else "groups"
    left: list[JSON] = [each for each in _groups(document) if _name(each) not in names]
    return {**document, field: left}


def group_of(path: str, name: str) -> str:
    """Of which API group an index's entry is; "" for the core's, and what is of none."""
    if path == GROUPS:
        return name
    parts = name.split("/")
    return parts[1] if parts[0] == "apis" and len(parts) > 1 else ""


def parts_of(group: JSON) -> tuple[JSONObject, dict[str, dict[str, JSON]]]:
    """An APIGroupDiscovery: what is its own, and each resource by its name, and then by its version.

    Of an APIGroup, which tells of no resources, all is its own; "" is the resource of a version that has none.
    """
    if not isinstance(group, dict):
        return {}, {}
    if "metadata" not in group:
        return group, {}
    found: dict[str, dict[str, JSON]] = {}
    for version in _dicts(group.get("versions")):
        said: JSONObject = {name: each for name, each in version.items() if name != "resources"}
        for resource in _dicts(version.get("resources")) or [{}]:
            shown: JSONObject = {"in": said, "resource": resource}
            found.setdefault(text(resource.get("resource")), {})[text(version.get("version"))] = shown
    return {name: each for name, each in group.items() if name != "versions"}, found


def _dicts(value: JSON) -> list[JSONObject]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _groups(document: JSONObject) -> list[JSON]:
    groups = document.get("items", document.get("groups"))
    return groups if isinstance(groups, list) else []


def _name(group: JSON) -> str:
    """Of an APIGroupDiscovery, or an APIGroup."""
    if not isinstance(group, dict):
        return ""
    metadata = group.get("metadata")
    return text(metadata.get("name")) if isinstance(metadata, dict) else text(group.get("name"))
