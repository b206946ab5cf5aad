"""Events of an api-server about an address that it «repairs», and that was there: a race of the server with itself.

Its repair loop follows Services and IPAddresses by two watches. Where a Service comes first, the loop misses its
address, says so in an Event, and finds the address there when it goes to make it: 5 of 300 Services in one run, none
of 200 in another, and its own, `kubernetes`, which it makes when it starts, 8 of 164 times on a busy machine. So one of
two servers may show such an Event. It must say no more than that, and where etcd's history knows the address, that must
have been there at the very version of the Service that the Event is about.

Source: kubernetes/pkg/registry/core/service/ipallocator/controller/repairip.go.
"""

import re

from kproxy.diff.events import Seen, watched
from kproxy.diff.listed import ELEMENT, Listed, document
from kproxy.diff.noise import REPAIRED
from kproxy.diff.sides import Comparison, Pair, Side
from kproxy.fields.events import as_new_event
from kproxy.model.api import ObjectRef, metadata_of
from kproxy.model.exchange import Exchange
from kproxy.model.jsontypes import JSON, JSONObject, text
from kproxy.model.verdict import Difference
from kproxy.renaming.kinds import is_revision

_REPORTER, _REASON, _ACTION = "ipallocator-repair-controller", "ClusterIPNotAllocated", "ClusterIPAllocation"
_NOTE = re.compile(r"Cluster IP \[IPv[46]\]: ([0-9a-f.:]{2,45}) is not allocated; repairing")
_OF_MANY = frozenset({"list", "deletecollection"})
"""Verbs whose answers list objects: a collection's deletion lists what it deleted."""
_ALONE = frozenset({"added", "removed"})


def judge_repaired(of: Comparison, pair: Pair, before: int) -> None:
    """Take back, of the differences since there were `before`, such Events that only one of two lists shows."""
    if pair.baseline.info.resource != "events" or pair.baseline.info.verb not in _OF_MANY:
        return
    hidden = {
        (each.path, each.kind)
        for each in of.findings.since(before)
        if _is_listed(of, pair, each) and of.findings.hide(REPAIRED)
    }
    if hidden:
        of.findings.withdraw(before, lambda each: each.where == "body" and (each.path, each.kind) in hidden)


def was_repaired(of: Comparison, pair: Pair, a: Seen | None, b: Seen | None) -> bool:
    """Whether what only one of two watches shows is such an Event, new."""
    side, exchange, seen = (of.baseline, pair.baseline, a) if a is not None else (of.replayed, pair.replayed, b)
    if seen is None or exchange.info.resource != "events" or seen.event.type != "ADDED":
        return False
    named: JSONObject = {"metadata": seen.metadata}  # all that a Table's row has of it
    shown = named if seen.event.object.get("kind") == "Table" else seen.event.object
    return _is_of_repair(side, watched(exchange, seen), shown)


def _is_listed(of: Comparison, pair: Pair, found: Difference) -> bool:
    """Whether a difference is a whole element, and that is such an Event."""
    match = ELEMENT.fullmatch(found.path)
    if found.where != "body" or found.kind not in _ALONE or match is None or match[3]:
        return False
    side, exchange = (of.replayed, pair.replayed) if found.kind == "added" else (of.baseline, pair.baseline)
    listed, at = Listed.of(document(side, exchange)), int(match[2])
    if listed is None or at >= len(listed.objects):
        return False
    shown = listed.objects[at]
    return _is_of_repair(side, _ref(exchange, shown), shown)


def _ref(exchange: Exchange, shown: JSONObject) -> ObjectRef:
    metadata = metadata_of(shown)
    return exchange.info.ref(text(metadata.get("namespace")), text(metadata.get("name")))


def _is_of_repair(side: Side, ref: ObjectRef, shown: JSONObject) -> bool:
    """Whether an Event says that an address is not there which was; of a Table's row etcd has what it says."""
    event = as_new_event(shown if "reason" in shown else _stored(side, ref, shown))
    said = _NOTE.fullmatch(text(event.get("note")))
    words = tuple(text(event.get(name)) for name in ("reportingController", "reason", "action"))
    if said is None or words != (_REPORTER, _REASON, _ACTION):
        return False
    service = event.get("regarding")
    revision = text(service.get("resourceVersion")) if isinstance(service, dict) else ""
    return is_revision(revision) and _was_there(side, said[1], int(revision))


def _stored(side: Side, ref: ObjectRef, shown: JSONObject) -> JSONObject:
    """What etcd has of an object at the version that is shown, {} where nobody knows."""
    revision: JSON = metadata_of(shown).get("resourceVersion")
    change = side.history.at(ref, int(revision)) if isinstance(revision, str) and is_revision(revision) else None
    value = side.documents.stored(change.value).value if change is not None else None
    return value if isinstance(value, dict) else {}


def _was_there(side: Side, address: str, revision: int) -> bool:
    """Whether an address was there at a revision, or nothing tells: it may be from before the session."""
    ref = ObjectRef(group="networking.k8s.io", resource="ipaddresses", namespace="", name=address)
    return not side.history.changes(ref) or side.history.is_there(ref, revision)
