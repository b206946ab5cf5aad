"""Names, labels, keys."""

import pytest

from kproxy.lab.emulated.names import (
    config_key_faults,
    label_faults,
    namespace_faults,
    qualified_faults,
    subdomain_faults,
    value_faults,
)


@pytest.mark.parametrize("name", ["a", "a-b", "a.b-c.d", "0", "x" * 253])
def test_names_that_are_some(name: str) -> None:
    assert subdomain_faults(name) == []


@pytest.mark.parametrize("name", ["", "A", "a_b", "-a", "a-", "a..b", ".", "a\n", "é", "x" * 254])
def test_names_that_are_none(name: str) -> None:
    assert subdomain_faults(name)


def test_labels_are_shorter_and_namespaces_have_no_dots() -> None:
    assert label_faults("x" * 63) == []
    assert label_faults("x" * 64) == ["must be no more than 63 bytes"]
    assert namespace_faults("a.b") == ["must not contain dots"]


@pytest.mark.parametrize("key", ["a", "A_b.c", "x.io/a", "sub.x.io/A-b"])
def test_keys_of_labels(key: str) -> None:
    assert qualified_faults(key) == []


@pytest.mark.parametrize("key", ["", "a b", "/a", "x.io/", "X.io/a", "a/b/c", "x" * 64])
def test_keys_of_labels_that_are_none(key: str) -> None:
    assert qualified_faults(key)


def test_values_of_labels() -> None:
    assert value_faults("") == value_faults("a_B.c") == []
    assert value_faults("a b")
    assert value_faults("x" * 64)


def test_keys_of_configmaps() -> None:
    assert config_key_faults("a.B_c-d") == []
    assert config_key_faults(".") == ["must not be '.'"]
    assert config_key_faults("..a") == ["must not start with '..'"]
    assert config_key_faults("a/b")
