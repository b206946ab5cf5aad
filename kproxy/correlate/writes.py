"""What a write's answer says of the objects it wrote: the evidence that grounds stand on."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from kproxy.model.api import ObjectRef, RequestInfo, metadata_of
from kproxy.model.etcd import Revision
from kproxy.model.exchange import Body, Exchange, Headers, Seq, header
from kproxy.model.jsontypes import JSON, JSONObject, text
from kproxy.model.recording import Recording
from kproxy.wire.content import ContentError, decode

WRITE_VERBS = frozenset({"create", "update", "patch", "delete", "deletecollection"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectWrite:
    """One object that a successful write answered with.

    `revision` is the answer's resourceVersion (0: it had none). `begins`: the request asked for a deletion; `deletes`:
    the object may be gone from etcd with it. `verb` is the request's; `subresource`, too.
    """

    seq: Seq
    ref: ObjectRef
    uid: str
    revision: Revision
    begins: bool
    deletes: bool
    verb: str
    subresource: str


def object_writes(recording: Recording, exchange: Exchange) -> tuple[ObjectWrite, ...]:
    """The objects that an exchange says it wrote; none for reads, failures, dry runs and answers nobody can decode."""
    answer = exchange.answer
    if answer is None or not 200 <= answer.status < 300 or not is_write(exchange):
        return ()
    document = decoded_body(recording, answer.headers, answer.body)
    if not isinstance(document, dict):
        return ()
    return tuple(_write_of(exchange, obj) for obj in _objects(document))


def is_write(exchange: Exchange) -> bool:
    """Whether the request asked to change something in etcd."""
    info = exchange.info
    if not info.is_resource or info.verb not in WRITE_VERBS:
        return False
    if info.subresource in {"exec", "attach", "portforward", "proxy", "token"}:
        return False
    return "dryRun" not in parse_qs(urlsplit(exchange.request.target).query)


def decoded_body(recording: Recording, headers: Headers, body: Body) -> JSON:
    """The body's content as JSON, None when there is none or nobody can decode it."""
    if body.digest is None:
        return None
    media_type = header(headers, "content-type")
    try:
        return decode(media_type, recording.body(body.digest))
    except ContentError:
        return None


def _objects(document: JSONObject) -> Iterator[JSONObject]:
    """The objects of an answer: itself, a list's items, a Table's rows."""
    if document.get("kind") == "Table":
        rows = document.get("rows")
        for row in rows if isinstance(rows, list) else []:
            obj = row.get("object") if isinstance(row, dict) else None
            if isinstance(obj, dict):
                yield obj
        return
    items = document.get("items")
    if isinstance(items, list):
        yield from (item for item in items if isinstance(item, dict))
        return
    yield document


def _write_of(exchange: Exchange, obj: JSONObject) -> ObjectWrite:
    info, metadata = exchange.info, metadata_of(obj)
    is_status = obj.get("kind") == "Status"
    details = obj.get("details")
    uid = text(details.get("uid")) if is_status and isinstance(details, dict) else text(metadata.get("uid"))
    revision = text(metadata.get("resourceVersion"))
    name = text(metadata.get("name")) or info.name
    if info.subresource:  # a binding or an eviction answers with itself, a scale with its owner's name
        name = info.name
    begins = info.verb in {"delete", "deletecollection"} or info.subresource == "eviction"
    return ObjectWrite(
        seq=exchange.seq,
        ref=ObjectRef(group=info.group, resource=info.resource, namespace=_namespace(info, metadata), name=name),
        uid=uid,
        revision=Revision(int(revision)) if revision.isascii() and revision.isdigit() else Revision(0),
        begins=begins,
        deletes=(begins or bool(metadata.get("deletionTimestamp"))) and not held(obj),
        verb=info.verb,
        subresource=info.subresource,
    )


def _namespace(info: RequestInfo, metadata: JSONObject) -> str:
    # the api-server's request info calls a namespace itself its own namespace; the stored object has none
    if info.resource == "namespaces" and not info.group:
        return ""
    return text(metadata.get("namespace")) or info.namespace


def held(obj: JSONObject) -> bool:
    """Whether an object stays in etcd although it is being deleted: finalizers hold it, or its grace period runs.

    Source: apiserver/pkg/registry/generic/registry/store.go (ShouldDeleteDuringUpdate, deletionFinalizersForGarbage-
    Collection); a namespace has finalizers in its spec, too.
    """
    metadata, spec = metadata_of(obj), obj.get("spec")
    grace = metadata.get("deletionGracePeriodSeconds")
    in_spec = obj.get("kind") == "Namespace" and isinstance(spec, dict) and bool(spec.get("finalizers"))
    return bool(metadata.get("finalizers")) or in_spec or (isinstance(grace, int) and grace > 0)
