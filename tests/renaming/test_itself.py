"""kproxy.renaming.itself."""

import json

import pytest

from kproxy.renaming.derived import HASH_FIELDS
from kproxy.renaming.itself import may_use, tells_only_itself
from kproxy.renaming.kinds import Kind

JSON_TYPE = "application/json"
UID = "0f0f0f0f-0000-4000-8000-000000000001"
MADE = {"kind": "ConfigMap", "metadata": {"name": "x", "uid": UID, "resourceVersion": "7"}}

TELLING = {
    Kind.NAME: {"metadata": {"name": "web-x2x4q", "generateName": "web-"}},
    Kind.HASH: {"metadata": {"labels": {"pod-template-hash": "5d4f8c7b9"}}},
    Kind.CLUSTER_IP: {"spec": {"clusterIP": "10.0.0.7"}},
    Kind.NODE_PORT: {"spec": {"ports": [{"nodePort": 31000}]}},
    Kind.SERVER_PORT: {"metadata": {"name": "kubernetes"}, "spec": {"ports": [{"port": 6443}]}},
    Kind.CONTINUE: {"metadata": {"continue": "xyz"}},
    Kind.PSEUDONYM: {"status": {"token": f"kproxy-redacted-{'0' * 40}"}},
    Kind.ADDRESS: {"serverAddressByClientCIDRs": [{"serverAddress": "10.0.0.1:6443"}]},
    Kind.AUTHORITY: {"metadata": {"name": "extension-apiserver-authentication"}},
    Kind.DAY: {"metadata": {"name": "kube-apiserver-legacy-service-account-token-tracking"}},
    Kind.AGE: {"kind": "Table", "rows": [{"cells": ["x", "5m"]}]},
    Kind.ALLOCATION: {"kind": "RangeAllocation", "data": "AAAA"},
}
"""An answer of each kind that tells more."""

_ITS_OWN = {Kind.UID, Kind.REVISION, Kind.TIME}
_NOT_IN_CONTENT = {Kind.AUDIT_ID, Kind.SESSION}


def _bytes(document: object) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def test_each_kind_is_told_by_itself_or_known_to_tell_more() -> None:
    assert set(Kind) == set(TELLING) | _ITS_OWN | _NOT_IN_CONTENT


@pytest.mark.parametrize("kind", TELLING)
def test_what_tells_of_others_does_not_tell_of_itself_only(kind: Kind) -> None:
    assert not tells_only_itself(JSON_TYPE, _bytes(TELLING[kind]))


@pytest.mark.parametrize("field", sorted(HASH_FIELDS))
def test_a_hash_stands_in_many_fields(field: str) -> None:
    assert not tells_only_itself(JSON_TYPE, _bytes({"metadata": {"labels": {field: "5d4f8c7b9"}}}))


def test_a_pod_tells_the_name_of_its_tokens_volume_which_a_patch_of_its_containers_says() -> None:
    pod = {
        "kind": "Pod",
        "metadata": {"name": "x", "uid": UID},
        "spec": {"volumes": [{"name": "kube-api-access-x7k2p"}]},
    }
    assert not tells_only_itself(JSON_TYPE, _bytes(pod))


def test_a_plain_object_tells_of_itself_only() -> None:
    assert tells_only_itself(JSON_TYPE, _bytes(MADE))
    assert not tells_only_itself("application/vnd.kubernetes.protobuf", _bytes(MADE))


@pytest.mark.parametrize(
    "body",
    [
        b'{"preconditions":{"uid":"%s"}}' % UID.encode(),
        b'{"message":"\\n%s"}' % UID.encode(),
        b'{"metadata":{"resourceVersion":"7"}}',
        b'[{"op":"test","path":"/metadata/resourceVersion","value":"7"}]',
        b'{"metadata":{"creationTimestamp":"2026-11-26T07:00:00Z"}}',
        b'{"metadata":{"resourceVersi\\u006fn":"7"}}',
    ],
)
def test_a_body_that_says_a_uid_a_version_or_a_time_may_use_it(body: bytes) -> None:
    assert may_use("/api/v1/namespaces/default/configmaps", (), JSON_TYPE, body)


@pytest.mark.parametrize(
    ("target", "value"),
    [
        ("/api/v1/configmaps?resourceVersion=7", ""),
        (f"/api/v1/events?fieldSelector=involvedObject.uid%3D{UID}", ""),
        (f"/api/v1/persistentvolumes/pvc-{UID}", ""),
        (f"/x?a={UID.replace('-', '%2D')}", ""),
        ("/api/v1/configmaps", f"by {UID}"),
    ],
)
def test_a_head_that_says_one_may_use_it(target: str, value: str) -> None:
    assert may_use(target, (("X-Of", value),), "", b"")


def test_what_says_none_of_them_uses_none() -> None:
    headers = (("User-Agent", "kubectl/v1.37.2 (linux/amd64)"), ("Accept", "*/*"))
    assert not may_use("/api/v1/namespaces/default/configmaps?fieldManager=a-b", headers, JSON_TYPE, b'{"data":{}}')
    assert not may_use("/api/v1/namespaces/default/configmaps", headers, "", b"")
    assert may_use("/api/v1/namespaces/default/configmaps", headers, "application/vnd.kubernetes.protobuf", b"x")
