"""Which lists of an object have keys: its managers say so, and where they do not, the API's own types.

The markers listMapKey and patchMergeKey of k8s.io/api: a list of a name means the same nearly everywhere.
"""

from kproxy.fields.managers import list_hints, managers_of
from kproxy.fields.paths import FieldPath, index_step, keyed_step, value_step
from kproxy.model.jsontypes import JSON, JSONObject

_KNOWN: dict[str, tuple[tuple[str, ...], ...]] = {
    **dict.fromkeys(
        (
            "containers",
            "initContainers",
            "ephemeralContainers",
            "containerStatuses",
            "initContainerStatuses",
            "ephemeralContainerStatuses",
            "env",
            "imagePullSecrets",
            "volumes",
            "resourceClaims",
            "resourceClaimStatuses",
            "schedulingGates",
            "claims",
            "versions",
            "additionalPrinterColumns",
            "webhooks",
            "secrets",
        ),
        (("name",),),
    ),
    "ports": (("containerPort", "protocol"), ("port", "protocol"), ("port",), ("name",)),
    "volumeMounts": (("mountPath",),),
    "volumeDevices": (("devicePath",),),
    "conditions": (("type",),),
    "ownerReferences": (("uid",),),
    "podIPs": (("ip",),),
    "hostIPs": (("ip",),),
    "hostAliases": (("ip",),),
    "topologySpreadConstraints": (("topologyKey", "whenUnsatisfiable"),),
    "addresses": (("type",), ("ip",)),
    "taints": (("key", "effect"),),
    "metrics": (("type",),),
    "subjects": (("kind", "namespace", "name"), ("kind", "name")),
}
_SETS = frozenset({"finalizers"})


class Shape:
    """What is known of an object's lists. What it once said of a list stays, so that versions can be compared."""

    def __init__(self) -> None:
        self._hints: dict[FieldPath, tuple[str, ...] | None] = {}

    def learn(self, document: JSON) -> None:
        """Take what an object's managers tell of its lists."""
        for place, keys in list_hints(managers_of(document)):
            self._hints.setdefault(place, keys)

    def steps(self, path: FieldPath, elements: list[JSON]) -> list[str] | None:
        """A step for each element; None for a list that is one value: plain values in an order."""
        place = tuple(step for step in path if step.startswith("f:"))
        name = place[-1][2:] if place else ""
        hint = self._hints.setdefault(place, None)
        if hint == () or (hint is None and name in _SETS):
            return _distinct([value_step(each) for each in elements])
        objects = [each for each in elements if isinstance(each, dict)]
        if len(objects) < len(elements):
            return None
        for keys in (hint,) if hint else _KNOWN.get(name, ()):
            if (steps := _keyed(keys, objects, partly=bool(hint))) is not None:
                return steps
        return [index_step(index) for index in range(len(elements))]


def _keyed(keys: tuple[str, ...], objects: list[JSONObject], *, partly: bool) -> list[str] | None:
    """`partly`: the keys are the managers' word, and an element may leave one out."""
    found = []
    for each in objects:
        named = {key: each[key] for key in keys if key in each}
        if not named or (not partly and len(named) < len(keys)):
            return None
        found.append(keyed_step(named))
    return _distinct(found)


def _distinct(steps: list[str]) -> list[str] | None:
    return steps if len(set(steps)) == len(steps) else None
