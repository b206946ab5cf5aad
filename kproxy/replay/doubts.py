"""What a replay cannot be blamed for: exchanges that depend on what the target could not be given.

They are compared as all others; where they differ, that decides nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kproxy.model.api import ObjectRef, metadata_of
from kproxy.model.etcd import EtcdKey
from kproxy.model.exchange import Exchange, Seq, header
from kproxy.model.jsontypes import text
from kproxy.model.recording import Recording
from kproxy.model.verdict import Difference
from kproxy.replay.webhooks import Touched
from kproxy.wire.content import ContentError, decode
from kproxy.wire.storage import key_object

ANY = "*"
_COLLECTIONS = frozenset({"list", "watch", "deletecollection"})
_DISCOVERY = ("/api", "/apis", "/openapi")


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubts:
    """What could not be given to the target.

    `objects`: of name "" all of a resource in a namespace, of namespace "", too, every one; `namespaces`: those that
    are not there, with all in them; `touched`: rules of webhooks that are not there; `aggregated`: groups' versions
    that the target does not serve, ANY: none of the group's.
    """

    objects: Mapping[ObjectRef, str] = field(default_factory=dict)
    namespaces: Mapping[str, str] = field(default_factory=dict)
    touched: tuple[Touched, ...] = ()
    aggregated: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.objects or self.namespaces or self.touched or self.aggregated)


@dataclass(frozen=True, slots=True)
class Doubted:
    """The exchanges and objects of a recording that are in doubt, and why."""

    exchanges: Mapping[Seq, str]
    objects: Mapping[ObjectRef, str]
    prefix: str

    def __call__(self, difference: Difference) -> str | None:
        """Why a difference decides nothing; None: it does."""
        if difference.seq is not None and (reason := self.exchanges.get(difference.seq)) is not None:
            return reason
        if difference.where != "etcd":
            return None
        ref = key_object(EtcdKey(difference.path.partition("[")[0].encode("utf-8", "surrogateescape")), self.prefix)
        return _reason(self.objects, ref) if ref is not None else None


def doubted(recording: Recording, doubts: Doubts) -> Doubted:
    """Those of a recording."""
    objects = dict(doubts.objects)
    found: dict[Seq, str] = {}
    if not doubts:
        return Doubted(found, objects, recording.session.etcd_prefix)
    if doubts.touched:
        for exchange in recording.exchanges():
            reason = next((each.reason for each in doubts.touched if each.matches(exchange.info)), None)
            if reason is not None:
                found[exchange.seq] = reason
                objects.setdefault(_written(recording, exchange), reason)
    collections = _collections(objects)
    for exchange in recording.exchanges():
        if exchange.seq not in found:
            reason = _aggregated(exchange, doubts.aggregated) or doubts.namespaces.get(exchange.info.namespace)
            reason = reason or _about(exchange, objects, collections)
            if reason is not None:
                found[exchange.seq] = reason
    return Doubted(found, objects, recording.session.etcd_prefix)


def _written(recording: Recording, exchange: Exchange) -> ObjectRef:
    """What a write wrote; without a name all of the resource in that namespace."""
    info, answer = exchange.info, exchange.answer
    name = info.name
    if not name and answer is not None and answer.body.digest is not None:
        try:
            value = decode(header(answer.headers, "content-type"), recording.body(answer.body.digest))
        except ContentError:
            value = None
        name = text(metadata_of(value).get("name"))
    return info.named(name)


def _aggregated(exchange: Exchange, aggregated: Mapping[tuple[str, str], str]) -> str | None:
    info = exchange.info
    if not aggregated:
        return None
    if info.is_resource:
        return aggregated.get((info.group, info.version)) or aggregated.get((info.group, ANY))
    discovers = any(info.path == root or info.path.startswith(f"{root}/") for root in _DISCOVERY)
    return next(iter(aggregated.values())) if discovers else None


def _about(
    exchange: Exchange, objects: Mapping[ObjectRef, str], collections: Mapping[tuple[str, str, str], str]
) -> str | None:
    info = exchange.info
    if not info.is_resource or not objects:
        return None
    if info.verb in _COLLECTIONS:
        return collections.get((info.group, info.resource, info.namespace))
    return _reason(objects, info.named())


def _reason(objects: Mapping[ObjectRef, str], ref: ObjectRef) -> str | None:
    for namespace, name in ((ref.namespace, ref.name), (ref.namespace, ""), ("", "")):
        wanted = ObjectRef(group=ref.group, resource=ref.resource, namespace=namespace, name=name)
        if (reason := objects.get(wanted)) is not None:
            return reason
    return None


def _collections(objects: Mapping[ObjectRef, str]) -> dict[tuple[str, str, str], str]:
    """Lists and watches that show one of them: its namespace's, and that of all namespaces."""
    found: dict[tuple[str, str, str], str] = {}
    for ref, reason in objects.items():
        for namespace in _shown_in(ref):
            found.setdefault((ref.group, ref.resource, namespace), reason)
    return found


def _shown_in(ref: ObjectRef) -> Iterable[str]:
    return {ref.namespace, ""}
