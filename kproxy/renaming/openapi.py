"""OpenAPI v3: a server tells a link for each group's document, with a hash of what it holds, and clients follow it.

Source: k8s.io/kube-openapi/pkg/handler3. Another version's document has another hash: a replay asks for that one. It is
a link and no name: the hashes themselves are compared as they are. The list of links comes as text/plain.
"""

import json

from kproxy.renaming.renaming import Renaming
from kproxy.renaming.target import parameter, path_of

OPENAPI = "/openapi/v3"


def learn_links(renaming: Renaming, baseline: bytes, replayed: bytes) -> None:
    """What a link's hash became, from two answers to GET /openapi/v3."""
    first, second = _links(baseline), _links(replayed)
    for name in first.keys() & second.keys():
        path, recorded, live = path_of(first[name]), parameter(first[name], "hash"), parameter(second[name], "hash")
        if path == path_of(second[name]) and recorded and live:
            renaming.modified[path, hash_key(recorded)] = live


def hash_key(value: str) -> str:
    """By what a link's hash is found among what a path said last."""
    return f"hash={value}"


def _links(data: bytes) -> dict[str, str]:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    paths = document.get("paths") if isinstance(document, dict) else None
    if not isinstance(paths, dict):
        return {}
    found = {name: each.get("serverRelativeURL") for name, each in paths.items() if isinstance(each, dict)}
    return {name: url for name, url in found.items() if isinstance(url, str)}
