"""What the server says it has: discovery documents and its version."""

import base64
import hashlib
import platform

from kproxy.lab.emulated.resources import RESOURCES, Resource
from kproxy.model.jsontypes import JSON, JSONObject

VERSION = "v1.37.2+kproxy"
"""The release whose behaviour is emulated; what follows the plus is semver's build metadata."""

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_SUBRESOURCE_VERBS = {"status": ("get", "patch", "update"), "finalize": ("update",)}


def version() -> JSONObject:
    """/version."""
    return {
        "major": "1",
        "minor": "37",
        "emulationMajor": "1",
        "emulationMinor": "37",
        "minCompatibilityMajor": "1",
        "minCompatibilityMinor": "36",
        "gitVersion": VERSION,
        "gitCommit": "",
        "gitTreeState": "archive",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "none",
        "compiler": "none",
        "platform": f"{platform.system().lower()}/{platform.machine().lower().replace('x86_64', 'amd64')}",
    }


def api_versions(address: str) -> JSONObject:
    """/api. `address`: host and port where clients reach it."""
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    }


def api_groups() -> JSONObject:
    """/apis: no group has a kind here yet."""
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": []}


def resource_list(group_version: str) -> JSONObject:
    """/api/v1."""
    resources: list[JSON] = []
    for each in _of(group_version):
        resources.append(_named(each))
        resources += [
            {
                "name": f"{each.plural}/{subresource}",
                "singularName": "",
                "namespaced": each.namespaced,
                "kind": each.kind,
                "verbs": list(_SUBRESOURCE_VERBS[subresource]),
            }
            for subresource in each.subresources
        ]
    return {"kind": "APIResourceList", "groupVersion": group_version, "resources": resources}


def aggregated(group_versions: tuple[str, ...]) -> JSONObject:
    """/api or /apis in one document (apidiscovery.k8s.io/v2)."""
    items: list[JSON] = [
        {
            "metadata": {"creationTimestamp": None},
            "versions": [
                {
                    "version": group_version.rpartition("/")[2],
                    "resources": [_aggregated(each) for each in _of(group_version)],
                    "freshness": "Current",
                }
            ],
        }
        for group_version in group_versions
    ]
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": items,
    }


def _of(group_version: str) -> list[Resource]:
    return [each for each in RESOURCES if each.api_version == group_version]


def _named(each: Resource) -> JSONObject:
    named: JSONObject = {
        "name": each.plural,
        "singularName": each.singular,
        "namespaced": each.namespaced,
        "kind": each.kind,
        "verbs": list(each.verbs),
    }
    if each.short_names:
        named["shortNames"] = list(each.short_names)
    if each.categories:
        named["categories"] = list(each.categories)
    return named | {"storageVersionHash": _storage_hash(each)}


def _aggregated(each: Resource) -> JSONObject:
    kind: JSONObject = {"group": each.group, "version": each.version, "kind": each.kind}
    entry: JSONObject = {
        "resource": each.plural,
        "responseKind": kind,
        "scope": "Namespaced" if each.namespaced else "Cluster",
        "singularResource": each.singular,
        "verbs": list(each.verbs),
    }
    if each.short_names:
        entry["shortNames"] = list(each.short_names)
    if each.categories:
        entry["categories"] = list(each.categories)
    if each.subresources:
        entry["subresources"] = [
            {"subresource": name, "responseKind": kind, "verbs": list(_SUBRESOURCE_VERBS[name])}
            for name in each.subresources
        ]
    return entry


def _storage_hash(each: Resource) -> str:
    """As k8s.io/apiserver/pkg/endpoints/discovery/storageversionhash.go has it."""
    digest = hashlib.sha256(f"{each.group}/{each.version}/{each.kind}".encode()).digest()
    return base64.b64encode(digest[:8]).decode()
