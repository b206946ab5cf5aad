"""kproxy.insight.rewrites."""

from dataclasses import replace

import pytest

from kproxy.insight.rewrites import is_rewrite
from kproxy.model.etcd import ChangeType
from kproxy.model.jsontypes import JSONObject
from kproxy.wire.content import encode
from kproxy.wire.mediatype import PROTOBUF
from tests.support.told import Told

KEY = "/registry/deployments/default/web"


def stored(version: str, replicas: int = 1) -> JSONObject:
    return {"apiVersion": version, "kind": "Scale", "metadata": {"name": "web"}, "spec": {"replicas": replicas}}


def deployment(version: str, replicas: int = 1) -> bytes:
    document = stored(version, replicas) | {"kind": "Deployment"}
    return encode(PROTOBUF, document)


@pytest.mark.parametrize(
    ("before", "after", "rewritten"),
    [
        (deployment("apps/v1"), deployment("apps/v1"), True),
        (deployment("apps/v1beta1"), deployment("apps/v1"), True),
        (deployment("apps/v1"), deployment("apps/v1", 2), False),
        (deployment("apps/v1beta1"), deployment("apps/v1", 2), False),
        (b"k8s:enc:aescbc:v1:one", b"k8s:enc:aescbc:v1:two", False),
        (b"k8s\0", b"k8s\0\x0a", False),
    ],
)
def test_a_put_of_the_same_object_is_a_rewrite_whatever_its_version(
    before: bytes, after: bytes, rewritten: bool
) -> None:
    told = Told()
    told.put(KEY, raw=before)
    assert is_rewrite(told.recording, told.put(KEY, raw=after)) is rewritten


def test_custom_resources_are_compared_as_json() -> None:
    told = Told()
    told.put(KEY, value=stored("example.com/v1alpha1"))
    assert is_rewrite(told.recording, told.put(KEY, value=stored("example.com/v1")))
    assert not is_rewrite(told.recording, told.put(KEY, value=stored("example.com/v1", 3)))


def test_first_versions_and_deletes_rewrite_nothing() -> None:
    told = Told()
    first = told.put(KEY, value=stored("v1"))
    assert not is_rewrite(told.recording, first)
    assert not is_rewrite(told.recording, replace(told.put(KEY, value=stored("v1")), type=ChangeType.DELETE))
