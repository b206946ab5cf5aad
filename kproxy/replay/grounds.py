"""Why one step waits for another, in words."""

from collections.abc import Callable

from kproxy.model.api import ObjectRef
from kproxy.replay.barriers import BARRIERS
from kproxy.replay.scopes import Scope

_REASONS = {barrier.kind: barrier.reason for barrier in BARRIERS}


def words(ground: Scope) -> str:
    """A ground as a part of a sentence: `same object pods/default/x`."""
    kind, *what = ground
    if (said := _WORDS.get(kind)) is not None:
        return said(*what)
    return f"{' '.join(each for each in ground if each)}: {_REASONS[kind]}"


def _object(group: str, resource: str, namespace: str, name: str) -> str:
    return str(ObjectRef(group=group, resource=resource, namespace=namespace, name=name))


def _resource(group: str, resource: str, namespace: str) -> str:
    named = f"{resource}.{group}" if group else resource
    return f"{named} in {namespace}" if namespace else named


_WORDS: dict[str, Callable[..., str]] = {
    "object": lambda *what: f"same object {_object(*what)}",
    "stream": lambda *what: f"streams of {_object(*what)}",
    "list": lambda *what: f"lists {_resource(*what)}, or changes what is listed",
    "bulk": lambda *what: f"all {_resource(*what)} are deleted at once",
    "value": lambda value: f"uses {value}, first told there",
    "events": lambda: "its program had seen these events",
    "watch": lambda: "same watch",
    "seen": lambda program: f"names a uid that {program or 'its program'} may have read there",
    "connection": lambda number: f"order of connection {number}",
    "loop": lambda *_: "the state that its loop had shown before",
    "client": lambda *_: "its client had been answered before it connected",
}
