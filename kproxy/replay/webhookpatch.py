"""JSON patches (RFC 6902) of what names webhooks, as they can be sent where those are not there. Pure.

An operation says a part of an object. It is held in an object that has that part alone; what `adapt` makes of that
object is what the operation says then, and what it changes beside it (a failurePolicy) becomes operations of their own.
They are taken in their order: what an earlier one said (that the webhook is not there) `adapt` knows of the later ones.
"""

from collections.abc import Callable, Iterator

from kproxy.model.jsontypes import JSON, JSONObject, text

type Adapt = Callable[[JSONObject], JSONObject]
"""An object, or a part of one, as it is to be there."""

_SAYS = frozenset({"add", "replace", "test"})


def adapted_operations(operations: list[JSON], adapt: Adapt) -> list[JSON]:
    """The operations, those that say what is adapted in its place; what is no operation stays as it is."""
    return [changed for each in operations for changed in _adapted(each, adapt)]


def _adapted(operation: JSON, adapt: Adapt) -> Iterator[JSON]:
    if not isinstance(operation, dict) or text(operation.get("op")) not in _SAYS or "value" not in operation:
        yield operation
        return
    path = operation.get("path")
    tokens = _tokens(path) if isinstance(path, str) else None
    whole = operation["value"] if tokens is None else _around(tokens, operation["value"])
    if tokens is None or not isinstance(whole, dict) or (changed := adapt(whole)) == whole:
        yield operation
        return
    found = list(_said(operation, tokens, whole, changed))
    if operation["op"] == "test":  # it asks for what an earlier one said; of what is not said any more nothing is asked
        found = [each for each in found if each["path"] == path]
    yield from found


def _tokens(path: str) -> list[str] | None:
    """Of a JSON pointer; None: it is none."""
    if path and not path.startswith("/"):
        return None
    return [each.replace("~1", "/").replace("~0", "~") for each in path.split("/")[1:]]


def _around(tokens: list[str], value: JSON) -> JSON:
    """The smallest object in which a value stands at its place."""
    for token in reversed(tokens):
        value = [value] if _is_index(token) else {token: value}
    return value


def _said(operation: JSONObject, tokens: list[str], before: JSON, after: JSON) -> Iterator[JSONObject]:
    """What stands at the operation's place then, and beside the way that leads there."""
    beside: list[JSONObject] = []
    for depth, token in enumerate(tokens):
        if _is_index(token) and isinstance(before, list) and isinstance(after, list) and after:
            before, after = before[0], after[0]
            continue
        if not isinstance(before, dict) or not isinstance(after, dict) or token not in after:
            yield {"op": "add", "path": _pointer(tokens[:depth]), "value": after}
            return
        changed = [name for name in after if name != token and after[name] != before.get(name)]
        beside += ({"op": "add", "path": _pointer([*tokens[:depth], name]), "value": after[name]} for name in changed)
        before, after = before[token], after[token]
    yield {**operation, "value": after}
    yield from beside


def _is_index(part: str) -> bool:
    return part == "-" or part.isdecimal()


def _pointer(tokens: list[str]) -> str:
    return "".join(f"/{each.replace('~', '~0').replace('/', '~1')}" for each in tokens)
