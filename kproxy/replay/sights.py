"""What an exchange's answer says of the object that it was about: how it found it, and how it left it."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from kproxy.model.api import ObjectRef, metadata_of
from kproxy.model.exchange import Answer, Body, Exchange, Headers, Nanos, header
from kproxy.model.jsontypes import JSONObject, text
from kproxy.model.many import frozen_by_type
from kproxy.model.recording import Recording
from kproxy.renaming.target import parameter
from kproxy.wire.content import ContentError, decode
from kproxy.wire.watchevents import decode_event

_OF_THE_OBJECT = frozenset({"", "status", "scale"})
"""Subresources whose answers bear the object's own resourceVersion."""

_CHANGES = frozenset({"update", "patch"})
CONFLICT = 409
_OF_ONE = _CHANGES | {"create", "get", "delete"}
_SEEN = _OF_ONE | {"deletecollection"}

INITIAL_END = b"k8s.io/initial-events-end"
_MOST_INITIAL = 10_000
"""Events that a watch begins with, and that are looked through."""


@frozen_by_type(frozen=True, slots=True, kw_only=True)
class Sight:
    """One exchange's word about one object.

    `found`: whether the object was there before (None: nobody can tell); `left`: whether it is there afterwards, None
    where nobody can tell. `uid` and `revision`: the object's in the answer ("" and 0: not said); `wanted`: the
    resourceVersion that the request insisted on (0: none), and `refused`: that this was what it failed for.
    `may_be_old`: it asked for any state, or one not older than another one, and may have been shown an old one.
    `names`: of a collection's deletion the objects that it found, as far as its answer shows them.
    """

    exchange: Exchange
    ref: ObjectRef | None  # None: the whole collection
    found: bool | None = None
    left: bool | None = None
    writes: bool = False
    uid: str = ""
    revision: int = 0
    wanted: int = 0
    refused: bool = False
    may_be_old: bool = False
    names: frozenset[str] = frozenset()

    def of(self, ref: ObjectRef) -> "Sight":
        """What a collection's deletion says of one object."""
        return replace(self, found=True) if ref.name in self.names else self


def sight(recording: Recording, exchange: Exchange) -> Sight | None:
    """What an exchange says of an object; None: nothing that would order it among others."""
    info = exchange.info
    if not info.is_resource or exchange.answer is None or parameter(exchange.request.target, "dryRun") is not None:
        return None
    if info.verb == "deletecollection":
        return _of_all(recording, exchange, exchange.answer) if exchange.answer.status < 300 else None
    if info.verb in _OF_ONE:
        return _of_one(recording, exchange, exchange.answer) if _is_of_the_object(exchange) else _beside(exchange)
    return None


def _is_of_the_object(exchange: Exchange) -> bool:
    """Whether it asks for the object, or says why the object was not changed: of each subresource an update insists."""
    info, answer = exchange.info, exchange.answer
    conflict = answer is not None and answer.status == CONFLICT and info.verb in _CHANGES
    return info.subresource in _OF_THE_OBJECT or conflict


def _of_all(recording: Recording, exchange: Exchange, answered: Answer) -> Sight:
    items = _document(recording, answered.headers, answered.body).get("items")
    shown = items if isinstance(items, list) else []
    names = frozenset(text(metadata_of(each).get("name")) for each in shown)
    return Sight(exchange=exchange, ref=None, writes=True, names=names)


def _of_one(recording: Recording, exchange: Exchange, answered: Answer) -> Sight | None:
    info = exchange.info
    answer = _document(recording, answered.headers, answered.body)
    name = info.name or text(metadata_of(answer).get("name"))
    request: JSONObject = {}
    if not name or _insists(exchange):  # of other requests nothing else is asked
        request = _document(recording, exchange.request.headers, exchange.request.body)
        name = name or text(metadata_of(request).get("name"))
    if not name:
        return None
    ref = info.named(name)
    if answered.status >= 300:
        return _failed(exchange, ref, answer, request)
    return _succeeded(exchange, ref, answered.status, answer, request)


def shown_by(exchange: Exchange) -> Iterator[Body]:
    """The bodies that `sight` looks at; but not a creation's request, which only matters if its answer says no name."""
    info = exchange.info
    if info.verb not in _SEEN or not _is_of_the_object(exchange) or not info.is_resource:
        return
    if exchange.answer is None or parameter(exchange.request.target, "dryRun") is not None:
        return
    if _insists(exchange):
        yield exchange.request.body
    yield exchange.answer.body


def listed_revision(recording: Recording, exchange: Exchange) -> int:
    """The revision at which a list shows everything; 0: none, or the client was content with an older one."""
    target, answer = exchange.request.target, exchange.answer
    asked = parameter(target, "resourceVersion") or parameter(target, "continue")
    if exchange.info.verb != "list" or asked or answer is None or answer.status != 200:
        return 0
    return _revision(_document(recording, answer.headers, answer.body))


def initial_state(recording: Recording, exchange: Exchange) -> tuple[int, Nanos]:
    """The revision of the state that a watch began with, and when the bookmark at its end came; 0: it says none."""
    answer = exchange.answer
    if (
        exchange.info.verb != "watch"
        or answer is None
        or parameter(exchange.request.target, "sendInitialEvents") is None
    ):
        return 0, exchange.started
    for frame in islice(recording.frames(exchange.seq), _MOST_INITIAL):
        data = recording.body(frame.body.digest) if frame.body.digest is not None else b""
        if INITIAL_END in data:
            try:
                return _revision(decode_event(header(answer.headers, "content-type"), data).object), frame.at
            except ContentError:
                break
    return 0, exchange.started


def _beside(exchange: Exchange) -> Sight | None:
    """A binding, an eviction: it writes to the object, and answers with something else."""
    info, answer = exchange.info, exchange.answer
    if info.verb == "get" or not info.name or answer is None or answer.status >= 300:
        return None
    return Sight(exchange=exchange, ref=info.named(), found=True, writes=True)


def _succeeded(exchange: Exchange, ref: ObjectRef, status: int, answer: JSONObject, request: JSONObject) -> Sight:
    verb, metadata, details = exchange.info.verb, metadata_of(answer), answer.get("details")
    named = details if answer.get("kind") == "Status" and isinstance(details, dict) else metadata
    created = verb == "create" or (verb in _CHANGES and status == 201)
    return Sight(
        exchange=exchange,
        ref=ref,
        found=not created,
        left=_left(answer) if verb == "delete" else True,
        writes=verb != "get",
        uid=text(named.get("uid")),
        revision=_revision(answer),
        wanted=_revision(request) if verb in _CHANGES else 0,
        may_be_old=verb == "get" and bool(parameter(exchange.request.target, "resourceVersion")),
    )


def _left(answer: JSONObject) -> bool | None:
    """Whether an object is there after its deletion: not known where finalizers or a time of grace may hold it."""
    metadata = metadata_of(answer)
    grace = metadata.get("deletionGracePeriodSeconds")
    held = metadata.get("finalizers") or (isinstance(grace, int) and grace > 0) or answer.get("kind") == "Namespace"
    return None if held else False


def _failed(exchange: Exchange, ref: ObjectRef, answer: JSONObject, request: JSONObject) -> Sight | None:
    reason, details = answer.get("reason"), answer.get("details")
    if not isinstance(details, dict) or details.get("name") != ref.name:
        return None  # another thing was not found: the namespace, the resource
    if reason == "NotFound" and exchange.info.verb != "create":
        return Sight(exchange=exchange, ref=ref, found=False, left=False)
    if reason == "AlreadyExists":
        return Sight(exchange=exchange, ref=ref, found=True, left=True)
    wanted = _wanted(exchange.info.verb, answer, request)
    if reason == "Conflict" and wanted:
        return Sight(exchange=exchange, ref=ref, found=True, left=True, wanted=wanted, refused=True)
    return None


def _insists(exchange: Exchange) -> bool:
    """Whether its request may insist on a resourceVersion, and that matters.

    A deletion that was done may have written twice, and have insisted on its own first one then
    (https://github.com/kubernetes/kubernetes/blob/v1.34.4/staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go).
    """
    verb, answer = exchange.info.verb, exchange.answer
    return verb in _CHANGES or (verb == "delete" and answer is not None and answer.status == CONFLICT)


def _wanted(verb: str, answer: JSONObject, request: JSONObject) -> int:
    """The resourceVersion that a refused request had insisted on; 0: none."""
    if verb in _CHANGES:
        return _revision(request)
    preconditions = request.get("preconditions") if verb == "delete" else None
    refused = "ResourceVersion in precondition" in text(answer.get("message"))  # and not for its uid, or for now
    return _revision({"metadata": preconditions}) if refused and isinstance(preconditions, dict) else 0


def _revision(document: JSONObject) -> int:
    revision = text(metadata_of(document).get("resourceVersion"))
    return int(revision) if revision.isascii() and revision.isdigit() and len(revision) < 20 else 0


def _document(recording: Recording, headers: Headers, body: Body) -> JSONObject:
    if body.digest is None:
        return {}
    try:
        document = decode(header(headers, "content-type"), recording.body(body.digest))
    except ContentError:
        return {}
    return document if isinstance(document, dict) else {}
