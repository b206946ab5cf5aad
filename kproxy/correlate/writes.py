"""What a write's answer says of the objects it wrote: the evidence that grounds stand on."""

from collections.abc import Iterator
from dataclasses import dataclass

from kproxy.correlate.values import Values
from kproxy.model.api import ObjectRef
from kproxy.model.etcd import EtcdKey, Revision
from kproxy.model.exchange import Exchange, Nanos, Seq
from kproxy.model.jsontypes import JSONObject
from kproxy.wire.objectfacts import Facts, facts_of
from kproxy.wire.requestinfo import is_write
from kproxy.wire.storage import object_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectWrite:
    """One object that a successful write answered with.

    `revision` is the answer's resourceVersion (0: it had none). `begins`: the request asked for a deletion; `deletes`:
    the object may be gone from etcd with it. `verb` is the request's; `subresource`, too. `lost`: it had marked the
    object as one that is being deleted, and when it went to take that away another request had done so.
    """

    seq: Seq
    started: Nanos
    ended: Nanos | None
    ref: ObjectRef
    uid: str
    revision: Revision
    begins: bool
    deletes: bool
    verb: str
    subresource: str
    lost: bool = False

    def keys(self, prefix: str) -> tuple[EtcdKey, ...]:
        """Where the object lies in etcd: one key, none for what is not stored."""
        return object_keys(self.ref, prefix)


def object_writes(values: Values, exchange: Exchange) -> tuple[ObjectWrite, ...]:
    """The objects that an exchange says it wrote; none for reads, failures, dry runs and answers nobody can decode."""
    answer = exchange.answer
    if answer is None or not 200 <= answer.status < 300 or not is_write(exchange):
        return ()
    found = values.message_facts(answer.headers, answer.body)
    if isinstance(found, Facts):
        return (_write_of(exchange, found),)
    if not isinstance(found, dict):
        return ()
    return tuple(_write_of(exchange, facts_of(obj)) for obj in _objects(found))


def _objects(document: JSONObject) -> Iterator[JSONObject]:
    """The objects of an answer that is no object itself: a list's items, a Table's rows."""
    rows = document.get("rows") if document.get("kind") == "Table" else None
    for row in rows if isinstance(rows, list) else []:
        obj = row.get("object") if isinstance(row, dict) else None
        if isinstance(obj, dict):
            yield obj
    items = document.get("items")
    yield from (item for item in (items if isinstance(items, list) else []) if isinstance(item, dict))


def _write_of(exchange: Exchange, facts: Facts) -> ObjectWrite:
    info = exchange.info
    name = facts.name or info.name
    if info.subresource:  # a binding or an eviction answers with itself, a scale with its owner's name
        name = info.name
    begins = info.verb in {"delete", "deletecollection"} or info.subresource == "eviction"
    return ObjectWrite(
        seq=exchange.seq,
        started=exchange.started,
        ended=exchange.ended,
        ref=info.ref(facts.namespace or info.within, name),
        uid=facts.uid,
        revision=Revision(facts.revision),
        begins=begins,
        deletes=(begins or bool(facts.deletion)) and not facts.held,
        verb=info.verb,
        subresource=info.subresource,
        lost=info.verb == "delete" and bool(facts.deletion) and not facts.revision,
    )
