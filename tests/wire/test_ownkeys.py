"""What a cluster makes by itself."""

import pytest

from kproxy.model.api import ObjectRef
from kproxy.model.etcd import EtcdKey
from kproxy.model.jsontypes import JSON
from kproxy.wire.ownkeys import is_beyond, is_identity, is_made_anew, is_made_anew_object, is_with_namespaces

OWN = (
    "namespaces/kube-system",
    "clusterroles/system:node",
    "clusterroles/view",
    "roles/kube-system/system::leader-locking-kube-scheduler",
    "flowschemas/catch-all",
    "prioritylevelconfigurations/workload-low",
    "priorityclasses/system-node-critical",
    "services/specs/default/kubernetes",
    "endpointslices/default/kubernetes",
    "masterleases/192.0.2.1",
    "configmaps/kube-system/extension-apiserver-authentication",
)
USED = (
    "namespaces/team",
    "clusterroles/mine",
    "clusterroles/viewer",
    "roles/team/system:mine",
    "flowschemas/mine",
    "priorityclasses/system-mine",
    "services/specs/default/web",
    "services/specs/team/kubernetes",
    "configmaps/team/one",
    "apiextensions.k8s.io/customresourcedefinitions/widgets.example.com",
    "example.com/widgets/team/a",
)


@pytest.mark.parametrize("path", OWN)
def test_what_a_fresh_server_makes_is_its_own(path: str) -> None:
    key = EtcdKey(f"/registry/{path}".encode())
    assert is_made_anew(key, None, "/registry")
    assert not is_beyond(key, "/registry")
    assert is_beyond(key, "/elsewhere") is False


@pytest.mark.parametrize("path", USED)
def test_what_people_make_is_not_whatever_it_is_called(path: str) -> None:
    key = EtcdKey(f"/registry/{path}".encode())
    assert not is_made_anew(key, None, "/registry")
    assert is_beyond(key, "/registry")


def test_what_comes_with_each_namespace_or_only_keeps_count_does_not_say_that_a_server_is_used() -> None:
    for path in (
        "serviceaccounts/team/default",
        "configmaps/team/kube-root-ca.crt",
        "events/team/a.1",
        "ranges/servicenodeports",
        "configmaps/kube-system/coredns",
        "apiregistration.k8s.io/apiservices/v1.apps",
    ):
        key = EtcdKey(f"/registry/{path}".encode())
        assert not is_beyond(key, "/registry")
        assert not is_made_anew(key, {}, "/registry")


def test_an_address_and_an_api_service_are_told_by_what_they_hold() -> None:
    address, service = EtcdKey(b"/registry/ipaddresses/10.96.0.1"), b"/registry/apiregistration.k8s.io/apiservices/"
    own: JSON = {"spec": {"parentRef": {"resource": "services", "namespace": "default", "name": "kubernetes"}}}
    assert is_made_anew(address, own, "/registry")
    assert not is_made_anew(address, {"spec": {}}, "/registry")
    managed: JSON = {"metadata": {"labels": {"kube-aggregator.kubernetes.io/automanaged": "true"}}}
    assert is_made_anew(EtcdKey(service + b"v1.example.com"), managed, "/registry")
    assert not is_made_anew(EtcdKey(service + b"v1beta1.metrics.k8s.io"), {"metadata": {}}, "/registry")


def test_objects_are_told_as_their_keys_are() -> None:
    assert is_made_anew_object(ObjectRef(group="", resource="services", namespace="default", name="kubernetes"), {})
    assert not is_made_anew_object(ObjectRef(group="", resource="services", namespace="default", name="web"), {})


def test_controllers_make_an_account_and_the_roots_in_every_namespace() -> None:
    def with_namespaces(resource: str, name: str) -> bool:
        return is_with_namespaces(ObjectRef(group="", resource=resource, namespace="team", name=name))

    assert with_namespaces("serviceaccounts", "default")
    assert with_namespaces("configmaps", "kube-root-ca.crt")
    assert not with_namespaces("configmaps", "default")
    assert not with_namespaces("serviceaccounts", "kube-root-ca.crt")


@pytest.mark.parametrize(
    ("namespace", "name", "label", "said"),
    [
        ("kube-system", "apiserver-abc", "kube-apiserver", True),
        ("kube-system", "apiserver-abc", "mine", False),
        ("kube-system", "kube-scheduler", "kube-apiserver", False),
        ("team", "apiserver-abc", "kube-apiserver", False),
    ],
)
def test_an_api_servers_identity_is_known_by_its_place_its_name_and_its_label(
    namespace: str, name: str, label: str, said: bool
) -> None:
    labels: JSON = {"apiserver.kubernetes.io/identity": label}
    assert is_identity({"metadata": {"namespace": namespace, "name": name, "labels": labels}}) is said
    assert not is_identity({"metadata": {"namespace": namespace, "name": name}})


def address(name: str, namespace: str = "default") -> JSON:
    return {"spec": {"parentRef": {"group": "", "resource": "services", "name": name, "namespace": namespace}}}


def test_an_address_is_the_clusters_own_if_it_is_that_of_its_own_service() -> None:
    ref = ObjectRef(group="networking.k8s.io", resource="ipaddresses", namespace="", name="10.0.0.1")
    assert is_made_anew_object(ref, address("kubernetes"))
    assert not is_made_anew_object(ref, address("web"))
    assert not is_made_anew_object(ref, address("kubernetes", "team"))
    assert not is_made_anew_object(ref, None)


def test_a_group_is_the_servers_own_if_it_keeps_its_registration_by_itself() -> None:
    ref = ObjectRef(group="apiregistration.k8s.io", resource="apiservices", namespace="", name="v1.apps")
    own: JSON = {"metadata": {"labels": {"kube-aggregator.kubernetes.io/automanaged": "onstart"}}}
    assert is_made_anew_object(ref, own)
    assert not is_made_anew_object(ref, {"metadata": {"labels": {}}})
