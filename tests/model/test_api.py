"""kproxy.model.api."""

import pytest

from kproxy.model.api import RequestInfo


def about(resource: str, group: str = "", namespace: str = "team", name: str = "it") -> RequestInfo:
    """A request for an object."""
    return RequestInfo(
        verb="get", path="/x", is_resource=True, group=group, resource=resource, namespace=namespace, name=name
    )


@pytest.mark.parametrize(
    ("info", "named"),
    [
        (about("pods"), "pods/team/it"),
        (about("namespaces", namespace="it"), "namespaces/it"),
        (about("namespaces", group="example.com"), "namespaces.example.com/team/it"),
        (about("nodes", namespace=""), "nodes/it"),
        (about("pods", name=""), "pods/team"),
    ],
)
def test_a_namespace_lies_in_none(info: RequestInfo, named: str) -> None:
    assert str(info.named()) == named


def test_an_object_whose_name_only_its_answer_tells_is_named_by_it() -> None:
    assert str(about("pods", name="").named("made")) == "pods/team/made"
    assert str(about("pods").named("other")) == "pods/team/other"
