"""kproxy.wire.served: what indexes list."""

import pytest

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.wire.served import GROUPS, OPENAPI, group_of, parts_of, served_in, without

PATHS: JSONObject = {"paths": {"api/v1": {}, "apis/apps/v1": {}, "apis/example.org/v1": {"serverRelativeURL": "/x"}}}
AGGREGATED: JSONObject = {
    "kind": "APIGroupDiscoveryList",
    "items": [{"metadata": {"name": "apps"}, "versions": []}, {"metadata": {"name": "example.org"}}],
}
LEGACY: JSONObject = {"kind": "APIGroupList", "groups": [{"name": "apps"}, {"name": "example.org", "versions": []}]}


@pytest.mark.parametrize(
    ("path", "document", "names"),
    [
        (OPENAPI, PATHS, ["api/v1", "apis/apps/v1", "apis/example.org/v1"]),
        (GROUPS, AGGREGATED, ["apps", "example.org"]),
        (GROUPS, LEGACY, ["apps", "example.org"]),
    ],
)
def test_an_index_lists_paths_or_groups_and_can_be_read_without_some(
    path: str, document: JSONObject, names: list[str]
) -> None:
    found = served_in(path, document)
    assert found is not None
    assert list(found) == names
    left = served_in(path, without(path, document, frozenset({names[-1]})))
    assert left == {name: found[name] for name in names[:-1]}


@pytest.mark.parametrize(
    ("path", "document"),
    [
        (OPENAPI, {}),
        (OPENAPI, {"paths": []}),
        (OPENAPI, None),
        (GROUPS, []),
        (GROUPS, {}),
        (GROUPS, {"items": 3}),
        (GROUPS, {"items": ["x"]}),
        (GROUPS, {"groups": [{"name": "a"}, {"name": "a"}]}),
        ("/version", LEGACY),
    ],
)
def test_what_is_no_index_lists_nothing(path: str, document: JSON) -> None:
    assert served_in(path, document) is None


def test_an_entry_is_of_one_group() -> None:
    assert [group_of(OPENAPI, each) for each in ("apis/example.org/v1", "apis/example.org", "apis", "api/v1")] == [
        "example.org",
        "example.org",
        "",
        "",
    ]
    assert group_of(GROUPS, "example.org") == "example.org"


def test_a_group_is_its_own_and_its_resources_by_version() -> None:
    pods: JSONObject = {"resource": "pods", "verbs": ["get"]}
    versions: list[JSON] = [{"version": "v1", "freshness": "Current", "resources": [pods]}, {"version": "v2"}]
    said: JSONObject = {"version": "v1", "freshness": "Current"}
    assert parts_of({"metadata": {"name": "a"}, "versions": versions}) == (
        {"metadata": {"name": "a"}},
        {"pods": {"v1": {"in": said, "resource": pods}}, "": {"v2": {"in": {"version": "v2"}, "resource": {}}}},
    )
    assert parts_of({"name": "a", "versions": versions}) == ({"name": "a", "versions": versions}, {})
    assert parts_of("a") == ({}, {})
