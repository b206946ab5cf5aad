"""What is said in words names the other server's values: details and causes of a Status, warnings, selectors, keys."""

from collections.abc import Callable

import pytest

from kproxy.model.jsontypes import JSONObject
from tests.diff.sessions import PODS, FakeServer, verdict_of

DRAWN = {"a": ("web-x7k2p", "10.96.0.7", "5d4f8c7b9"), "b": ("web-bbbbb", "10.96.0.9", "6c7d9f4bb")}
"""By server: a generated name, a cluster ip, a template's hash."""

type Said = Callable[[FakeServer, str, str, str], JSONObject]


def status(server: FakeServer, name: str, address: str, template: str) -> JSONObject:
    """A refusal that names what it is about in four ways."""
    return {
        "kind": "Status",
        "status": "Failure",
        "message": f'pods "{name}" is forbidden: {address} is taken, see web-{template}',
        "details": {
            "name": name,
            "uid": server.uid(97),
            "causes": [{"message": f"uid {server.uid(97)} of {name}", "field": f"spec.owners[{name}]"}],
        },
    }


def owned(server: FakeServer, name: str, address: str, template: str) -> JSONObject:
    """An object that refers to others: owners, managers' keys, subsets, labels, selectors, projected volumes."""
    reference: JSONObject = {"kind": "Pod", "name": name, "uid": server.uid(97)}
    return {
        "kind": "Thing",
        "metadata": {
            "labels": {"batch.kubernetes.io/controller-uid": server.uid(97), "pod-template-hash": template},
            "ownerReferences": [reference],
            "managedFields": [
                {
                    "manager": "m",
                    "fieldsV1": {"f:metadata": {f'k:{{"uid":"{server.uid(97)}"}}': {f'k:{{"ip":"{address}"}}': {}}}},
                }
            ],
        },
        "spec": {"selector": f"pod-template-hash={template},job-name={name}", "key": f"/registry/pods/default/{name}"},
        "subsets": [{"addresses": [{"ip": address, "targetRef": reference}]}],
    }


def nobodys(server: FakeServer, name: str, address: str, template: str) -> JSONObject:
    """Texts that only look like those: all of them are the same on both sides."""
    del server, name, address, template
    return {
        "alike": ["my-web-x7k2p", "web-x7k2pq", "210.96.0.7", "10.96.0.70", "my5d4f8c7b9", "5d4f8c7b9s"],
        "uid": "385ac3c3-d112-4b7c-aae9-3af50d03912e",
    }


def servers(said: Said, other: str = "") -> tuple[FakeServer, FakeServer]:
    """Both tell a pod, its address and its template's hash, and say something; `other`: a wrong name of the latter."""
    made = FakeServer("a", 100, 7, etcd=False), FakeServer("b", 5000, 15, etcd=False)
    for server in made:
        name, address, template = DRAWN[server.letter]
        told = server.pod(1)
        metadata, spec = told["metadata"], told["spec"]
        assert isinstance(metadata, dict)
        assert isinstance(spec, dict)
        metadata |= {"name": name, "generateName": "web-", "labels": {"pod-template-hash": template}}
        spec["clusterIP"] = address
        server.exchange("POST", PODS, 201, told)
        wrong = server is made[1] and other
        words = said(server, wrong or name, address, template)
        warning = ("Warning", f'299 - "{wrong or name} uses {address} of {server.uid(97)}"')
        server.exchange("GET", f"{PODS}/{name}", 200, words, headers=(warning,))
    return made


@pytest.mark.parametrize("said", [status, owned, nobodys])
def test_whatever_names_what_a_server_chose_is_equal_up_to_renaming(said: Said) -> None:
    assert verdict_of(*servers(said)).differences == ()


@pytest.mark.parametrize(
    ("said", "paths"),
    [
        (
            status,
            {"$.message", "$.details.name", "$.details.causes[0].message", "$.details.causes[0].field", "warning"},
        ),
        (
            owned,
            {
                "$.metadata.ownerReferences[0].name",
                "$.spec.selector",
                "$.spec.key",
                "$.subsets[0].addresses[0].targetRef.name",
            }
            | {"warning"},
        ),
    ],
)
def test_each_place_that_names_another_one_is_a_difference(said: Said, paths: set[str]) -> None:
    found = verdict_of(*servers(said, "web-ccccc")).differences
    assert {each.path for each in found if each.seq == 2} == paths
