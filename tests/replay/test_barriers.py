"""kproxy.replay.barriers; what it orders is tried with whole plans in test_graph.py."""

import pytest

from kproxy.replay.barriers import definition_of


@pytest.mark.parametrize(
    ("group", "resource", "name", "defined"),
    [
        ("apiextensions.k8s.io", "customresourcedefinitions", "widgets.example.com", "example.com"),
        ("apiregistration.k8s.io", "apiservices", "v1.apps", "apps"),
        ("apiregistration.k8s.io", "apiservices", "v1.", ""),
        ("", "configmaps", "widgets.example.com", None),
    ],
)
def test_a_definitions_name_says_which_group_it_defines(
    group: str, resource: str, name: str, defined: str | None
) -> None:
    assert definition_of(group, resource, name) == defined
