"""ConfigMaps, secrets, namespaces."""

import pytest

from kproxy.lab.emulated.kinds import (
    MAX_SECRET,
    default_secret,
    prepare_namespace,
    validate_configmap,
    validate_configmap_update,
    validate_secret,
    validate_secret_update,
)
from kproxy.model.jsontypes import JSONObject


def test_string_data_goes_into_data_and_is_not_kept() -> None:
    secret: JSONObject = {"stringData": {"x": "y"}, "data": {"x": "b2xk", "a": "Yg=="}}
    default_secret(secret)
    assert secret == {"type": "Opaque", "data": {"a": "Yg==", "x": "eQ=="}}


def test_a_key_in_both_maps_of_a_configmap_is_refused() -> None:
    causes = validate_configmap({"data": {"a": ""}, "binaryData": {"a": ""}})
    assert [cause.message for cause in causes] == ['Invalid value: "a": duplicate of key present in binaryData']


@pytest.mark.parametrize("check", [validate_configmap, validate_secret])
def test_too_much_data_is_refused(check: object) -> None:
    value: JSONObject = {"data": {"a": "A" * (2 * MAX_SECRET)}}
    validate = validate_configmap if check is validate_configmap else validate_secret
    assert [cause.reason for cause in validate(value)] == ["FieldValueTooLong"]


def test_what_is_immutable_stays() -> None:
    old: JSONObject = {"immutable": True, "data": {"a": "1"}}
    assert validate_configmap_update({"immutable": True, "data": {"a": "1"}}, old) == []
    changed = validate_configmap_update({"immutable": True, "data": {"a": "2"}}, old)
    assert [cause.field for cause in changed] == ["data"]
    opened = validate_configmap_update({"data": {"a": "1"}}, old)
    assert [cause.field for cause in opened] == ["immutable"]


def test_a_secret_keeps_its_type() -> None:
    assert [cause.field for cause in validate_secret_update({"type": "b"}, {"type": "a"})] == ["type"]


def test_a_namespace_waits_for_its_controller() -> None:
    namespace: JSONObject = {"spec": {"finalizers": ["x.io/y"]}}
    prepare_namespace(namespace)
    assert namespace == {"spec": {"finalizers": ["x.io/y", "kubernetes"]}, "status": {"phase": "Active"}}
