"""What names, labels and keys may look like: k8s.io/apimachinery/pkg/util/validation, in its words."""

import re

from kproxy.lab.emulated.status import Cause
from kproxy.lab.emulated.tree import texts
from kproxy.model.jsontypes import JSONObject

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = f"({_QUALIFIED})?"
_CONFIG_KEY = "[-._a-zA-Z0-9]+"

_LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with"
    f" an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{_LABEL}')"
)
_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and"
    f" end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{_SUBDOMAIN}')"
)
_QUALIFIED_RULE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric"
    f" character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{_QUALIFIED}')"
)
_VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and"
    " end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is"
    f" '{_VALUE}')"
)
_CONFIG_KEY_RULE = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or"
    f" 'key-name', regex used for validation is '{_CONFIG_KEY}')"
)
_MAX_SUBDOMAIN = 253
_MAX_LABEL = 63


def _at_most(length: int) -> str:
    """The sentence for a text that is too long."""
    return f"must be no more than {length} bytes"


def label_faults(name: str) -> list[str]:
    """What is wrong with an RFC 1123 label."""
    faults = [_at_most(_MAX_LABEL)] if len(name.encode()) > _MAX_LABEL else []
    return faults + ([] if re.fullmatch(_LABEL, name) else [_LABEL_RULE])


def namespace_faults(name: str) -> list[str]:
    """What is wrong with a namespace's name."""
    if "." in name:
        return ["must not contain dots"]
    return label_faults(name)


def subdomain_faults(name: str) -> list[str]:
    """What is wrong with an RFC 1123 subdomain."""
    faults = [_at_most(_MAX_SUBDOMAIN)] if len(name.encode()) > _MAX_SUBDOMAIN else []
    return faults + ([] if re.fullmatch(_SUBDOMAIN, name) else [_SUBDOMAIN_RULE])


def qualified_faults(name: str) -> list[str]:
    """What is wrong with a label's or annotation's key: [prefix/]name."""
    prefix, slash, short = name.rpartition("/")
    if slash and not prefix:
        return ["prefix part must be non-empty"]
    faults = [f"prefix part {fault}" for fault in subdomain_faults(prefix)] if slash else []
    if not short:
        return [*faults, "name part must be non-empty", _QUALIFIED_RULE]
    if len(short.encode()) > _MAX_LABEL:
        faults.append(f"name part {_at_most(_MAX_LABEL)}")
    return faults + ([] if re.fullmatch(_QUALIFIED, short) else [_QUALIFIED_RULE])


def value_faults(value: str) -> list[str]:
    """What is wrong with a label's value."""
    faults = [_at_most(_MAX_LABEL)] if len(value.encode()) > _MAX_LABEL else []
    return faults + ([] if re.fullmatch(_VALUE, value) else [_VALUE_RULE])


def config_key_faults(key: str) -> list[str]:
    """What is wrong with a key of a ConfigMap or Secret."""
    if len(key.encode()) > _MAX_SUBDOMAIN:
        return [_at_most(_MAX_SUBDOMAIN)]
    if not re.fullmatch(_CONFIG_KEY, key):
        return [_CONFIG_KEY_RULE]
    if key in {".", ".."}:
        return [f"must not be '{key}'"]
    return ["must not start with '..'"] if key.startswith("..") else []


def invalid_value(field: str, value: str, fault: str) -> Cause:
    """FieldValueInvalid, with the value as Go quotes it."""
    quoted = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return Cause("FieldValueInvalid", f"Invalid value: {quoted}: {fault}", field)


def required(field: str, detail: str = "") -> Cause:
    """FieldValueRequired."""
    return Cause("FieldValueRequired", "Required value" + (f": {detail}" if detail else ""), field)


def metadata_causes(metadata: JSONObject) -> list[Cause]:
    """What is wrong with labels and annotations."""
    causes = []
    for key, value in sorted(texts(metadata, "labels").items()):
        causes += [invalid_value("metadata.labels", key, fault) for fault in qualified_faults(key)]
        causes += [invalid_value("metadata.labels", value, fault) for fault in value_faults(value)]
    for key in sorted(texts(metadata, "annotations")):
        causes += [invalid_value("metadata.annotations", key, fault) for fault in qualified_faults(key.lower())]
    return causes
