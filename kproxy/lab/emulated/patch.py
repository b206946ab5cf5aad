"""Patches: JSON patch (RFC 6902) by the library, merge patch (RFC 7386) here."""

import jsonpatch
import jsonpointer

from kproxy.lab.emulated.status import StatusError, bad_request
from kproxy.lab.emulated.tree import clone
from kproxy.model.jsontypes import JSON, JSONObject

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
PATCH_TYPES = (JSON_PATCH, MERGE_PATCH)
MAX_OPERATIONS = 10_000
"""As k8s.io/apiserver/pkg/endpoints/handlers/patch.go has it (maxJSONPatchOperations)."""

_GO_NAMES = ((bool, "bool"), (str, "string"), ((int, float), "number"), (list, "array"), (dict, "object"))


def apply_patch(media_type: str, patch: JSON, target: JSONObject) -> JSONObject:
    """The patched object; `target` stays as it is. StatusError for a patch that is none or cannot be applied."""
    if media_type == JSON_PATCH:
        return _apply_operations(patch, target)
    if not isinstance(patch, dict):
        raise bad_request(
            f"error decoding patch: json: cannot unmarshal {_go_name(patch)} into Go value of type"
            " map[string]interface {}"
        )
    merged = merge(clone(target), patch)
    return merged if isinstance(merged, dict) else {}


def merge(target: JSON, patch: JSON) -> JSON:
    """RFC 7386's MergePatch; `target` is changed and returned."""
    if not isinstance(patch, dict):
        return patch
    result = target if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge(result.get(key), value)
    return result


def _apply_operations(patch: JSON, target: JSONObject) -> JSONObject:
    if not isinstance(patch, list):
        raise bad_request(
            f"error decoding patch: json: cannot unmarshal {_go_name(patch)} into Go value of type"
            " []handlers.jsonPatchOp"
        )
    if len(patch) > MAX_OPERATIONS:
        message = f"The allowed maximum operations in a JSON patch is {MAX_OPERATIONS}, got {len(patch)}"
        raise StatusError(413, "RequestEntityTooLarge", message, {})
    operations = [operation for operation in patch if isinstance(operation, dict)]
    if len(operations) != len(patch):
        raise _rejected()
    try:
        patched: JSON = jsonpatch.JsonPatch(operations).apply(clone(target))
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, KeyError, TypeError, ValueError) as error:
        raise _rejected() from error
    if not isinstance(patched, dict):
        raise _rejected()
    return patched


def _rejected() -> StatusError:
    """An operation of a JSON patch cannot be done; the real server says no more."""
    return StatusError(422, "Invalid", "the server rejected our request due to an error in our request", {})


def _go_name(value: JSON) -> str:
    return next((name for kinds, name in _GO_NAMES if isinstance(value, kinds)), "null")
