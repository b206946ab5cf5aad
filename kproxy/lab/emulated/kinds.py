"""ConfigMaps, secrets, namespaces: what each has of its own."""

import base64

from kproxy.lab.emulated.names import config_key_faults, invalid_value, required
from kproxy.lab.emulated.status import Cause
from kproxy.lab.emulated.tree import entries, part, peek, text, texts
from kproxy.model.jsontypes import JSONObject

MAX_SECRET = 1024 * 1024  # bytes of all values (k8s.io/kubernetes/pkg/apis/core MaxSecretSize)
_NAME_LABEL = "kubernetes.io/metadata.name"
_TLS_KEYS = ("tls.crt", "tls.key")
_REQUIRED_KEYS = {
    "kubernetes.io/tls": _TLS_KEYS,
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
}


def validate_configmap(configmap: JSONObject) -> list[Cause]:
    """Keys must be file names, and each in one of the two maps; all values together have a limit."""
    causes = []
    data, binary = texts(configmap, "data"), texts(configmap, "binaryData")
    for key in sorted(data):
        causes += [invalid_value(f"data[{key}]", key, fault) for fault in config_key_faults(key)]
        if key in binary:
            causes.append(invalid_value(f"data[{key}]", key, "duplicate of key present in binaryData"))
    for key in sorted(binary):
        causes += [invalid_value(f"binaryData[{key}]", key, fault) for fault in config_key_faults(key)]
    size = sum(len(value.encode()) for value in data.values()) + _decoded_size(binary)
    if size > MAX_SECRET:
        causes.append(Cause("FieldValueTooLong", f"Too long: may not be more than {MAX_SECRET} bytes", ""))
    return causes


def validate_configmap_update(new: JSONObject, old: JSONObject) -> list[Cause]:
    """What is immutable stays."""
    return _immutable(new, old, ("data", "binaryData"))


def default_secret(secret: JSONObject) -> None:
    """A type; stringData is written into data and not kept."""
    if not text(secret, "type"):
        secret["type"] = "Opaque"
    strings = texts(secret, "stringData")
    if strings:
        data = part(secret, "data")
        for key, value in strings.items():
            data[key] = base64.b64encode(value.encode()).decode()
        secret["data"] = {key: data[key] for key in sorted(data)}
    secret.pop("stringData", None)


def validate_secret(secret: JSONObject) -> list[Cause]:
    """Keys must be file names; some types need certain keys."""
    data = texts(secret, "data")
    causes = [invalid_value(f"data[{key}]", key, fault) for key in sorted(data) for fault in config_key_faults(key)]
    if _decoded_size(data) > MAX_SECRET:
        causes.append(Cause("FieldValueTooLong", f"Too long: may not be more than {MAX_SECRET} bytes", "data"))
    needed = _REQUIRED_KEYS.get(text(secret, "type"), ())
    return causes + [required(f"data[{key}]") for key in needed if key not in data]


def validate_secret_update(new: JSONObject, old: JSONObject) -> list[Cause]:
    """A secret keeps its type; what is immutable stays."""
    causes = []
    if text(new, "type") != text(old, "type"):
        causes.append(invalid_value("type", text(new, "type"), "field is immutable"))
    return causes + _immutable(new, old, ("data",))


def prepare_namespace(namespace: JSONObject) -> None:
    """A new namespace is active, and the namespace controller's to finalize."""
    namespace["status"] = {"phase": "Active"}
    finalizers = entries(part(namespace, "spec"), "finalizers")
    part(namespace, "spec")["finalizers"] = finalizers if "kubernetes" in finalizers else [*finalizers, "kubernetes"]


def label_namespace(namespace: JSONObject) -> None:
    """Each namespace bears its name as a label, whatever is written."""
    name = text(namespace, "metadata", "name")
    if name:
        part(namespace, "metadata", "labels")[_NAME_LABEL] = name


def keep_namespace_finalizers(new: JSONObject, old: JSONObject) -> None:
    """Only the subresource finalize changes spec.finalizers."""
    kept = peek(old, "spec", "finalizers")
    spec = part(new, "spec")
    spec.pop("finalizers", None)
    if kept is not None:
        spec["finalizers"] = kept


def validate_namespace_update(new: JSONObject, old: JSONObject) -> list[Cause]:
    """The phase follows from the deletion."""
    del old
    phase = text(new, "status", "phase")
    deleted = peek(new, "metadata", "deletionTimestamp") is not None
    if not deleted and phase != "Active":
        fault = "may only be 'Active' if `deletionTimestamp` is empty"
    elif deleted and phase != "Terminating":
        fault = "may only be 'Terminating' if `deletionTimestamp` is not empty"
    else:
        return []
    return [invalid_value("status.Phase", phase, fault)]


def _decoded_size(data: dict[str, str]) -> int:
    return sum(len(value) * 3 // 4 for value in data.values())


def _immutable(new: JSONObject, old: JSONObject, fields: tuple[str, ...]) -> list[Cause]:
    if peek(old, "immutable") is not True:
        return []
    said = "field is immutable when `immutable` is set"
    changed = [name for name in fields if (new.get(name) or {}) != (old.get(name) or {})]
    if peek(new, "immutable") is not True:
        changed.insert(0, "immutable")
    return [Cause("FieldValueForbidden", f"Forbidden: {said}", name) for name in changed]
