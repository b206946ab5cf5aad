"""What an exchange touches: the object it names, the lists it stands in, what owns it, its connection. Pure."""

from collections.abc import Iterator

from kproxy.model.api import ObjectRef, metadata_of
from kproxy.model.exchange import Exchange
from kproxy.model.jsontypes import JSONObject, text
from kproxy.replay.barriers import DISCOVERY, Barriers
from kproxy.replay.effects import Effect, agent_of, group_of
from kproxy.replay.ownchanges import Settle
from kproxy.replay.recent import Recent
from kproxy.replay.scopes import Mode, Touch

_MOST_KIN = 10_000


class _Kin:
    """Who owns whom, as far as creations lately told: garbage collection follows it."""

    def __init__(self) -> None:
        self._uids: Recent[ObjectRef, str] = Recent(_MOST_KIN)
        self._owners: Recent[ObjectRef, tuple[str, ...]] = Recent(_MOST_KIN)
        self._lists: Recent[str, frozenset[tuple[str, str, str]]] = Recent(_MOST_KIN)

    def touched(self, effect: Effect) -> Iterator[Touch]:
        """What an exchange touches by its object's owners, and by what its object owns."""
        ref = effect.ref
        if ref is None:
            return
        for owner in self._owners.get(ref) or ():
            yield Touch(("owner", owner), Mode.READ)
        uid = self._uids.get(ref) if effect.changes and effect.exchange.info.verb == "delete" else None
        if uid is not None and (lists := self._lists.get(uid)):
            yield Touch(("owner", uid), Mode.WHOLE)
            for each in sorted(lists):
                yield from _in_lists(*each, mode=Mode.PART)

    def learn(self, effect: Effect) -> None:
        """Take in what a creation told."""
        if not effect.makes or not effect.changes or effect.ref is None:
            return
        if uid := text(metadata_of(effect.told).get("uid")):
            self._uids.put(effect.ref, uid)
        if owners := tuple(sorted(set(_owner_uids(effect.told)))):
            self._owners.put(effect.ref, owners)
            place = (effect.ref.group, effect.ref.resource, effect.ref.namespace)
            for owner in owners:
                self._lists.put(owner, (self._lists.get(owner) or frozenset()) | {place})


def _owner_uids(document: JSONObject) -> Iterator[str]:
    owners = metadata_of(document).get("ownerReferences")
    for each in owners if isinstance(owners, list) else ():
        if isinstance(each, dict) and (uid := text(each.get("uid"))):
            yield uid


class Touches:
    """What each exchange of a session touches, in the plan's order."""

    def __init__(self) -> None:
        self._barriers = Barriers()
        self._kin = _Kin()

    def of(self, effect: Effect) -> list[Touch]:
        """All scopes that an exchange touches, but for its client's (graph.py adds those), closest first."""
        found = [*_own(effect), *self._kin.touched(effect), *self._barriers.of(effect)]
        self._kin.learn(effect)
        return list({touch.scope: touch for touch in reversed(found)}.values())[::-1]


def _own(effect: Effect) -> Iterator[Touch]:
    """The object and its resource's lists."""
    info, ref = effect.exchange.info, effect.ref
    if not info.is_resource:
        return
    group = group_of(effect.exchange)
    if ref is not None:
        yield Touch(_object_scope(ref), Mode.WHOLE if effect.changes else Mode.READ)
        yield Touch(("bulk", group, info.resource, ref.namespace), Mode.READ)
        if effect.changes:
            yield from _in_lists(group, info.resource, ref.namespace, mode=Mode.PART)
            if (group, info.resource) == ("", "pods"):
                yield Touch(stream_scope(ref), Mode.WHOLE)
    elif info.verb == "deletecollection" and effect.changes:
        yield Touch(("bulk", group, info.resource, info.namespace), Mode.WHOLE)
        yield from _in_lists(group, info.resource, info.namespace, mode=Mode.WHOLE)
    elif effect.changes:  # a creation whose object nobody knows
        yield from _in_lists(group, info.resource, info.namespace, mode=Mode.PART)
    elif info.verb in {"list", "watch"}:
        yield list_scope(effect.exchange)


def _in_lists(group: str, resource: str, namespace: str, *, mode: Mode) -> Iterator[Touch]:
    """What changes here changes in the lists of the namespace and in those over all of them."""
    if namespace:
        yield Touch(("list", group, resource, namespace), mode)
        mode = Mode.PART
    yield Touch(("list", group, resource, ""), mode)


def _object_scope(ref: ObjectRef) -> tuple[str, ...]:
    """Of one object."""
    return ("object", ref.group, ref.resource, ref.namespace, ref.name)


def stream_scope(ref: ObjectRef) -> tuple[str, ...]:
    """Of what is read from a pod for as long as it goes on: nobody waits for it who came while it did."""
    return ("stream", ref.group, ref.resource, ref.namespace, ref.name)


def list_scope(exchange: Exchange) -> Touch:
    """What a list or a watch sees: an object if it asks for one by name, else its resource's objects."""
    info = exchange.info
    group = group_of(exchange)
    if info.name:
        return Touch(("object", group, info.resource, info.within, info.name), Mode.READ)
    return Touch(("list", group, info.resource, info.namespace), Mode.READ)


def settled(what: Settle) -> list[Touch]:
    """What the api-server's own work on the definition of an API group touches: the definition itself, too."""
    ref = ObjectRef(group=what.group, resource=what.resource, namespace="", name=what.name)
    lists = _in_lists(what.group, what.resource, "", mode=Mode.PART)
    return [
        Touch(_object_scope(ref), Mode.WHOLE),
        *lists,
        Touch(("group", what.defines), Mode.WHOLE),
        Touch(DISCOVERY, Mode.PART),
    ]


def client_scope(exchange: Exchange) -> tuple[str, ...]:
    """Of one client, whatever its connections: who called, with which program."""
    return ("client", exchange.caller, agent_of(exchange))


def connection_scope(exchange: Exchange) -> tuple[str, ...]:
    """Of one connection."""
    return ("connection", str(exchange.connection))
