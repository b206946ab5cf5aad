"""How people name an object."""

import pytest

from kproxy.errors import UsageError
from kproxy.model.api import ObjectRef
from kproxy.session.naming import parse_object, target_text


def ref(group: str, resource: str, namespace: str, name: str) -> ObjectRef:
    return ObjectRef(group=group, resource=resource, namespace=namespace, name=name)


@pytest.mark.parametrize(
    ("words", "namespace", "meant"),
    [
        ("pods/default/a", "", ref("", "pods", "default", "a")),
        ("namespaces/a", "", ref("", "namespaces", "", "a")),
        ("deployments.apps/default/a", "", ref("apps", "deployments", "default", "a")),
        ("deploy/a", "default", ref("apps", "deployments", "default", "a")),
        ("deployments/x/a", "default", ref("apps", "deployments", "x", "a")),
        ("pod/a", "default", ref("", "pods", "default", "a")),
        ("ingress/a", "default", ref("networking.k8s.io", "ingresses", "default", "a")),
        ("NetworkPolicy/a", "default", ref("networking.k8s.io", "networkpolicies", "default", "a")),
        ("endpoints/default/a", "", ref("", "endpoints", "default", "a")),
        (
            "crd/widgets.example.org",
            "",
            ref("apiextensions.k8s.io", "customresourcedefinitions", "", "widgets.example.org"),
        ),
        ("widgets.example.org/default/a", "", ref("example.org", "widgets", "default", "a")),
        ("widgets/default/a", "", ref("", "widgets", "default", "a")),
    ],
)
def test_an_object_is_named_as_the_docs_and_as_kubectl_do(words: str, namespace: str, meant: ObjectRef) -> None:
    assert parse_object(words, namespace) == meant


def test_a_key_is_a_key_whatever_the_namespace() -> None:
    assert parse_object("/registry/pods/default/a", "other") == b"/registry/pods/default/a"
    assert target_text(parse_object("/registry/pods/default/a")) == "/registry/pods/default/a"
    assert parse_object("key:compact_rev_key") == b"compact_rev_key"
    assert target_text(parse_object("deploy/a", "default")) == "deployments.apps/default/a"


@pytest.mark.parametrize("words", ["", "pods", "pods/", "pods//a", "pods/default/a/b"])
def test_what_names_no_object_is_refused(words: str) -> None:
    with pytest.raises(UsageError, match="names no object"):
        parse_object(words)
