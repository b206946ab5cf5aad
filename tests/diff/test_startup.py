"""kproxy.diff.startup."""

import pytest

from kproxy.diff.startup import is_startup
from kproxy.model.etcd import EtcdKey
from kproxy.model.jsontypes import JSON


@pytest.mark.parametrize(
    ("key", "startup"),
    [
        ("/registry/services/endpoints/default/kubernetes", True),
        ("/registry/namespaces/kube-node-lease", True),
        ("/registry/clusterroles/admin", True),
        ("/registry/rolebindings/kube-system/system:controller:token-cleaner", True),
        ("/registry/services/endpoints/default/mine", False),
        ("/registry/namespaces/mine", False),
        ("/registry/rolebindings/default/mine", False),
        ("/registry/pods/default/kubernetes", False),
        ("/elsewhere/namespaces/default", False),
    ],
)
def test_only_the_servers_own_keys_are_on_the_list(key: str, startup: bool) -> None:
    assert is_startup(EtcdKey(key.encode()), None, "/registry") is startup


def test_an_address_is_the_servers_own_if_it_belongs_to_its_service() -> None:
    key = EtcdKey(b"/registry/ipaddresses/10.96.0.1")
    own: JSON = {"spec": {"parentRef": {"resource": "services", "namespace": "default", "name": "kubernetes"}}}
    other: JSON = {"spec": {"parentRef": {"resource": "services", "namespace": "default", "name": "web"}}}
    assert is_startup(key, own, "/registry")
    assert not is_startup(key, other, "/registry")
    assert not is_startup(key, None, "/registry")
