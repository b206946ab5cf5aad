"""Pods: defaults (k8s.io/kubernetes/pkg/apis/core/v1/defaults.go and two admission plugins), validation, updates."""

from collections.abc import Iterator

from kproxy.lab.emulated.names import invalid_value, label_faults, required
from kproxy.lab.emulated.status import Cause
from kproxy.lab.emulated.tree import clone, each, entries, part, peek, text
from kproxy.model.jsontypes import JSONObject

_CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers")
_TOLERATION_SECONDS = 300  # of the admission plugin DefaultTolerationSeconds
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_DEFAULT_MODE = 420  # 0644
MODES = ("configMap", "secret", "downwardAPI", "projected")
_SUPPORTED = {
    "restartPolicy": ("Always", "OnFailure", "Never"),
    "dnsPolicy": ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"),
}
_PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_UNCHANGEABLE = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


def set_defaults(pod: JSONObject) -> None:
    """What every pod has, written or not."""
    spec = part(pod, "spec")
    for container in _containers(spec):
        _default_container(container)
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("terminationGracePeriodSeconds", 30)
    spec.setdefault("dnsPolicy", "ClusterFirst")
    part(spec, "securityContext")
    spec.setdefault("schedulerName", "default-scheduler")
    spec.setdefault("enableServiceLinks", True)
    for volume in each(spec, "volumes"):
        _default_volume(volume)


def prepare_create(pod: JSONObject) -> None:
    """A new pod's status, and what admission gives it."""
    spec = part(pod, "spec")
    pod["status"] = {"phase": "Pending", "qosClass": qos_class(spec)}
    spec.setdefault("priority", 0)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    tolerations = list(each(spec, "tolerations"))
    for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"):
        if not any(_tolerates(toleration, key) for toleration in tolerations):
            new: JSONObject = {"key": key, "operator": "Exists", "effect": "NoExecute"}
            tolerations.append(new | {"tolerationSeconds": _TOLERATION_SECONDS})
    spec["tolerations"] = list(tolerations)


def prepare_update(pod: JSONObject, old: JSONObject) -> None:
    """What an update through the main resource leaves as it was."""
    spec, before = part(pod, "spec"), part(clone(old), "spec")
    # A client that leaves out what admission had set does not mean to take it away.
    for key in ("priority", "preemptionPolicy", "tolerations"):
        if key not in spec and key in before:
            spec[key] = before[key]


def validate(pod: JSONObject) -> list[Cause]:
    """What is wrong with a pod: the checks that people meet, not all of Kubernetes's."""
    spec = part(pod, "spec")
    causes: list[Cause] = []
    names: set[str] = set()
    for kind in ("volumes", "containers", "initContainers"):
        if kind == "volumes":
            causes += _volume_causes(spec)
            continue
        if kind == "containers" and not entries(spec, kind):
            causes.append(required("spec.containers"))
        for index, container in enumerate(each(spec, kind)):
            causes += _container_causes(container, f"spec.{kind}[{index}]", names)
    causes += [cause for key in _SUPPORTED for cause in _unsupported(spec, key, f"spec.{key}", _SUPPORTED[key])]
    return causes


def validate_update(pod: JSONObject, old: JSONObject) -> list[Cause]:
    """A pod's spec is fixed but for a few fields."""
    new, before = _fixed(pod), _fixed(old)
    if new == before:
        return []
    return [Cause("FieldValueForbidden", f"Forbidden: {_UNCHANGEABLE}", "spec")]


def qos_class(spec: JSONObject) -> str:
    """BestEffort, Burstable or Guaranteed (k8s.io/kubernetes/pkg/apis/core/v1/helper/qos)."""
    guaranteed, anything = True, False
    for container in [*each(spec, "containers"), *each(spec, "initContainers")]:
        resources = part(container, "resources")
        limits, requests = peek(resources, "limits"), peek(resources, "requests")
        wanted = [
            {key: value for key, value in of.items() if key in {"cpu", "memory"}} if isinstance(of, dict) else {}
            for of in (limits, requests)
        ]
        anything = anything or any(wanted)
        guaranteed = guaranteed and set(wanted[0]) == {"cpu", "memory"} and wanted[0] == wanted[1]
    if not anything:
        return "BestEffort"
    return "Guaranteed" if guaranteed else "Burstable"


def _containers(spec: JSONObject) -> Iterator[JSONObject]:
    for name in _CONTAINER_LISTS:
        yield from each(spec, name)


def _default_container(container: JSONObject) -> None:
    for port in each(container, "ports"):
        port.setdefault("protocol", "TCP")
    for variable in each(container, "env"):
        reference = peek(variable, "valueFrom", "fieldRef")
        if isinstance(reference, dict):
            reference.setdefault("apiVersion", "v1")
    resources = part(container, "resources")
    limits = peek(resources, "limits")
    if isinstance(limits, dict) and limits:
        requests = part(resources, "requests")
        for name, value in limits.items():
            requests.setdefault(name, value)
    for name in _PROBES:
        probe = container.get(name)
        if isinstance(probe, dict):
            _default_probe(probe)
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    container.setdefault("imagePullPolicy", _pull_policy(text(container, "image")))


def _default_probe(probe: JSONObject) -> None:
    for name, value in (("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)):
        probe.setdefault(name, value)
    request = probe.get("httpGet")
    if isinstance(request, dict):
        request.setdefault("path", "/")
        request.setdefault("scheme", "HTTP")


def _pull_policy(image: str) -> str:
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return "IfNotPresent" if digest or tag not in {"", "latest"} else "Always"


def _default_volume(volume: JSONObject) -> None:
    if not any(key != "name" and value is not None for key, value in volume.items()):
        volume["emptyDir"] = {}
    for kind in MODES:
        source = volume.get(kind)
        if isinstance(source, dict):
            source.setdefault("defaultMode", _DEFAULT_MODE)
    host = volume.get("hostPath")
    if isinstance(host, dict):
        host.setdefault("type", "")


def _tolerates(toleration: JSONObject, key: str) -> bool:
    effect = text(toleration, "effect")
    return text(toleration, "key") in {key, ""} and effect in {"NoExecute", ""}


def _container_causes(container: JSONObject, path: str, names: set[str]) -> list[Cause]:
    name, image = text(container, "name"), text(container, "image")
    causes = []
    if not name:
        causes.append(required(f"{path}.name"))
    else:
        causes += [invalid_value(f"{path}.name", name, fault) for fault in label_faults(name)]
        if name in names:
            causes.append(Cause("FieldValueDuplicate", f'Duplicate value: "{name}"', f"{path}.name"))
        names.add(name)
    if not image:
        causes.append(required(f"{path}.image"))
    elif image != image.strip():
        causes.append(invalid_value(f"{path}.image", image, "must not have leading or trailing whitespace"))
    causes += _unsupported(container, "imagePullPolicy", f"{path}.imagePullPolicy", _PULL_POLICIES)
    for index, variable in enumerate(each(container, "env")):
        if not text(variable, "name"):
            causes.append(required(f"{path}.env[{index}].name"))
    return causes


def _volume_causes(spec: JSONObject) -> list[Cause]:
    causes = []
    for index, volume in enumerate(each(spec, "volumes")):
        name = text(volume, "name")
        path = f"spec.volumes[{index}].name"
        causes += [required(path)] if not name else [invalid_value(path, name, fault) for fault in label_faults(name)]
    return causes


def _unsupported(value: JSONObject, key: str, path: str, allowed: tuple[str, ...]) -> list[Cause]:
    found = text(value, key)
    if found in allowed:
        return []
    names = ", ".join(f'"{name}"' for name in allowed)
    message = f'Unsupported value: "{found}": supported values: {names}'
    return [Cause("FieldValueNotSupported", message, path)]


def _fixed(pod: JSONObject) -> JSONObject:
    """A pod's spec without what may change, quantities as written."""
    spec = part(clone(pod), "spec")
    for container in _containers(spec):
        container.pop("image", None)
    spec.pop("activeDeadlineSeconds", None)
    spec.pop("tolerations", None)
    return spec
