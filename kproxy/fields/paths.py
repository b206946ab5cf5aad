r"""A field's path, in the steps of managedFields, and as people read it.

Steps are those of FieldsV1 (sigs.k8s.io/structured-merge-diff/v6/fieldpath/serialize-pe.go): `f:NAME` a field or a
map's key, `k:{"name":"app"}` the element of a list with these keys, `v:"x"` a set's element, `i:0` an element by its
place. The JSON within a step is written in one form, so that equal steps are equal texts.
"""

import json

from kproxy.model.jsontypes import JSON

type FieldPath = tuple[str, ...]

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


def field_step(name: str) -> str:
    """A field of an object, or a key of a map."""
    return f"f:{name}"


def keyed_step(keys: dict[str, JSON]) -> str:
    """An element of a list, by its keys."""
    return f"k:{_encode(keys)}"


def value_step(value: JSON) -> str:
    """An element of a set."""
    return f"v:{_encode(value)}"


def index_step(index: int) -> str:
    """An element by its place, counted from 0."""
    return f"i:{index}"


def keys_of(step: str) -> dict[str, JSON]:
    """What a `k:` step names its element by; {} for any other step, and for what is no JSON object."""
    if not step.startswith("k:"):
        return {}
    try:
        found = json.loads(step[2:])
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def canonical_step(step: str) -> str:
    """A step of somebody else's writing in the one form that ours have; as it is when it cannot be read."""
    if step.startswith("f:"):
        return step
    if keys := keys_of(step):
        return keyed_step(keys)
    if step.startswith("v:"):
        try:
            return value_step(json.loads(step[2:]))
        except (ValueError, RecursionError):
            return step
    return step


def path_text(path: FieldPath) -> str:
    """`spec.containers[name=app].image`, `metadata.labels["app.kubernetes.io/name"]`, `metadata.finalizers["x"]`."""
    return "".join(_step_text(step) for step in path).removeprefix(".")


def _step_text(step: str) -> str:
    kind, _, rest = step.partition(":")
    if kind == "f":
        plain = rest.isascii() and rest.replace("_", "a").replace("-", "a").isalnum()
        return f".{rest}" if plain else f"[{_encode(rest)}]"
    if keys := keys_of(step):
        return "[" + ",".join(f"{name}={_key_text(value)}" for name, value in keys.items()) + "]"
    return f"[{rest}]"


def _key_text(value: JSON) -> str:
    return value if isinstance(value, str) else _encode(value)
