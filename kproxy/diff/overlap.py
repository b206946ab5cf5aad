"""Reads and deletions that overlapped what they were about, in the recording: which came first was a race.

A replay takes one after the other what overlapped, and cannot stop a server amid a request that is two writes (a pod's
deletion: one that marks it, one that removes it), or amid what an api-server does by itself with a definition. So where
such a read shows another moment, or another one of several deletions is the one that was carried out, the replay's
answer is right if its own etcd says so: at the revision that it names, and not before what was over when it was asked.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kproxy.diff.noise import OVERLAP
from kproxy.diff.sides import Comparison, Pair, Side
from kproxy.diff.stale import may_be_right, may_be_stale, shows, was_absent
from kproxy.model.api import WRITE_VERBS, ObjectRef, metadata_of
from kproxy.model.exchange import Exchange, Nanos, Seq
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.verdict import Difference
from kproxy.renaming.kinds import is_revision
from kproxy.renaming.target import SELECTORS, parameter

_OK, _NOT_FOUND, _FAILED, _REFUSED = 200, 404, 500, 300
_LOOKED_AT = 512
"""Exchanges before another one that may still have gone on when that one began."""
_DEFINITIONS = frozenset(
    {("apiextensions.k8s.io", "customresourcedefinitions"), ("apiregistration.k8s.io", "apiservices")}
)
_LATE = Nanos(3_000_000_000)
"""So much later than it was made a recorder that is busy may see a change."""
_ELEMENT = re.compile(r"\$\.(items|rows)\[(\d{1,9})\](.*)", re.DOTALL)
_LISTS_OWN = frozenset({"$.metadata.resourceVersion", "$.metadata.remainingItemCount"})
_CELLS = ".cells["


def judge_overlap(of: Comparison, pair: Pair, before: int) -> None:
    """Take back the differences since there were `before`, where a race explains them and the replay's etcd agrees."""
    found = of.findings.since(before)
    if not found or len(found) < of.findings.count - before or of.replayed.recording.session.etcd_start is None:
        return
    verb = pair.baseline.info.verb
    if verb == "delete":
        right = _deleted_at_once(of, pair, found)
    elif verb in {"get", "list"} and not may_be_stale(pair.baseline) and may_be_right(of, pair):
        right = _overlapped(of.baseline, pair.baseline) and _read_right(of, pair, found)
    else:
        right = False
    if right and of.findings.hide(OVERLAP):
        of.findings.withdraw(before)


def _overlapped(side: Side, exchange: Exchange) -> bool:
    """Whether what a read was about was being written while it went on."""
    if any(_writes(each) and _about(each, exchange) for each in _beside(side, exchange)):
        return True
    info = exchange.info
    if (info.group, info.resource) not in _DEFINITIONS or not info.name:
        return False
    until = _end(exchange) + _LATE
    return any(exchange.started < change.at <= until for change in side.history.changes(_ref(exchange)))


def _beside(side: Side, exchange: Exchange) -> Iterator[Exchange]:
    """The exchanges that overlapped another one, in its own recording."""
    for seq in range(exchange.seq - 1, max(0, exchange.seq - _LOOKED_AT), -1):
        other = side.recording.exchange(Seq(seq))
        if other is not None and _end(other) > exchange.started:
            yield other
    seq, end = exchange.seq + 1, _end(exchange)
    while (other := side.recording.exchange(Seq(seq))) is not None and other.started < end:
        yield other
        seq += 1


def _end(exchange: Exchange) -> Nanos:
    return exchange.ended if exchange.ended is not None else Nanos(1 << 62)


def _writes(exchange: Exchange) -> bool:
    status = exchange.answer.status if exchange.answer is not None else 0
    return exchange.info.verb in WRITE_VERBS and not _REFUSED <= status < _FAILED


def _about(write: Exchange, read: Exchange) -> bool:
    """Whether a write may have changed what a read was about."""
    one, other = write.info, read.info
    if (one.group, one.resource) != (other.group, other.resource):
        return False
    return other.namespace in {"", one.namespace} and (not other.name or one.name in {"", other.name})


def _deleted_at_once(of: Comparison, pair: Pair, found: list[Difference]) -> bool:
    """Whether several deletions of one object overlapped, and the replay's was answered as one of them may be.

    One of them is carried out, the others find it gone, or lose against it between their two writes: then the answer
    has no revision.
    """
    info = pair.baseline.info
    statuses = [each.answer.status if each.answer is not None else 0 for each in (pair.baseline, pair.replayed)]
    others = [each for each in _beside(of.baseline, pair.baseline) if each.info.verb == "delete"]
    if not info.name or not any(_about(each, pair.baseline) for each in others):
        return False
    if not set(statuses) <= {_OK, _NOT_FOUND}:
        return False
    ref = _ref(pair.replayed)
    if not was_absent(of.replayed, ref, of.known_before(pair.replayed)):
        return False
    if statuses[0] == statuses[1]:
        return {(each.where, each.path) for each in found} <= {("body", "$.metadata.resourceVersion")}
    return _says_gone(of, pair) if statuses[1] == _NOT_FOUND else _says_what_was(of, pair, ref)


def _ref(exchange: Exchange) -> ObjectRef:
    info = exchange.info
    return ObjectRef(group=info.group, resource=info.resource, namespace=info.namespace, name=info.name)


def _says_gone(of: Comparison, pair: Pair) -> bool:
    """Whether the replay's answer is that this very object was not found."""
    value = _document(of.replayed, pair.replayed) or {}
    details = value.get("details")
    named = details.get("name") if isinstance(details, dict) else None
    return value.get("reason") == "NotFound" and named == pair.replayed.info.name


def _says_what_was(of: Comparison, pair: Pair, ref: ObjectRef) -> bool:
    """Whether the replay's answer shows an object that its etcd had."""
    value = _document(of.replayed, pair.replayed) or {}
    kept = (change.value for change in of.replayed.history.changes(ref) if change.value is not None)
    stored = [of.replayed.documents.stored(each).value for each in kept]
    uid = metadata_of(value).get("uid")
    return any(
        isinstance(each, dict) and (each.get("kind"), metadata_of(each).get("uid")) == (value.get("kind"), uid)
        for each in stored
    )


def _read_right(of: Comparison, pair: Pair, found: list[Difference]) -> bool:
    """Whether the replay's answer is what its etcd had, as far as the two answers differ."""
    answer, floor, info = pair.replayed.answer, of.known_before(pair.replayed), pair.replayed.info
    if answer is None:
        return False
    if info.verb == "get" and answer.status == _NOT_FOUND:
        return _says_gone(of, pair) and was_absent(of.replayed, _ref(pair.replayed), floor)
    value = _document(of.replayed, pair.replayed)
    if value is None:
        return False
    if info.verb == "get":
        return shows(of.replayed, pair.replayed, value, floor) is True
    first, second = _Listed.of(_document(of.baseline, pair.baseline)), _Listed.of(value)
    if first is None or second is None or second.revision < floor:
        return False
    judged = _Judged(of, pair, first, second)
    return judged.whole() and all(each.where == "body" and judged.right(each) for each in found)


def _document(side: Side, exchange: Exchange) -> JSONObject | None:
    answer = exchange.answer
    value = side.documents.body(answer.headers, answer.body).value if answer is not None else None
    return value if isinstance(value, dict) else None


@dataclass(frozen=True, slots=True)
class _Listed:
    """A list's objects, or those beside a Table's cells, by their place; and the list's revision."""

    revision: int
    objects: list[JSONObject]

    @classmethod
    def of(cls, value: JSONObject | None) -> "_Listed | None":
        if value is None:
            return None
        table = value.get("kind") == "Table"
        revision, elements = metadata_of(value).get("resourceVersion"), value.get("rows" if table else "items")
        if not isinstance(revision, str) or not is_revision(revision) or not isinstance(elements, list):
            return None
        shown = [each.get("object") if table and isinstance(each, dict) else each for each in elements]
        own: JSONObject = {} if table else {"kind": str(value.get("kind")).removesuffix("List")}
        own |= {} if table else {"apiVersion": value.get("apiVersion")}
        objects: list[JSONObject] = [{**own, **each} for each in shown if isinstance(each, dict)]
        return cls(int(revision), objects) if len(objects) == len(elements) else None


def _name(value: JSON) -> tuple[str, str]:
    metadata = metadata_of(value)
    return str(metadata.get("namespace", "")), str(metadata.get("name", ""))


@dataclass(slots=True)
class _Judged:
    """A list of the replay's, beside the recorded one: each object that differs by its own history."""

    of: Comparison
    pair: Pair
    first: _Listed
    second: _Listed

    def right(self, found: Difference) -> bool:
        """Whether a difference is one of moments: of an object that etcd had so, or had no more, or not yet."""
        if found.path in _LISTS_OWN:
            return True
        match = _ELEMENT.fullmatch(found.path)
        if match is None:
            return False
        at, rest = int(match[2]), match[3]
        if found.kind == "added" and not rest:
            return self._shown(at)
        if at >= len(self.first.objects):
            return False
        namespace, name = (self.of.renaming.text(each) for each in _name(self.first.objects[at]))
        place = next((n for n, each in enumerate(self.second.objects) if _name(each) == (namespace, name)), None)
        if place is not None:
            return self._shown(place) and (not rest.startswith(_CELLS) or self._moved(at, place))
        beside = at if at < len(self.second.objects) else None  # another one stands in its place
        return self._gone(namespace, name) and (not rest or (beside is not None and self._shown(beside)))

    def whole(self) -> bool:
        """Whether none is missing that etcd had, as far as the list was to show all."""
        target, info = self.pair.replayed.request.target, self.pair.replayed.info
        if any(parameter(target, each) for each in SELECTORS) or parameter(target, "continue"):
            return True
        if len(self.second.objects) >= int(parameter(target, "limit") or 0) > 0:
            return True
        names = set(map(_name, self.second.objects))
        there = self.of.replayed.history.there(info.group, info.resource, self.second.revision)
        return all((ref.namespace, ref.name) in names for ref in there if info.namespace in {"", ref.namespace})

    def _shown(self, place: int) -> bool:
        shown = self.second.objects[place] if place < len(self.second.objects) else {}
        return shows(self.of.replayed, self.pair.replayed, shown, 0, self.second.revision) is True

    def _moved(self, at: int, place: int) -> bool:
        """Whether an object is another one than was recorded: then its cells say what etcd does not."""
        first, second = metadata_of(self.first.objects[at]), metadata_of(self.second.objects[place])
        revisions = self.of.renaming.revisions
        return not revisions.agrees(
            str(first.get("uid")), str(first.get("resourceVersion")), str(second.get("resourceVersion"))
        )

    def _gone(self, namespace: str, name: str) -> bool:
        info = self.pair.replayed.info
        ref = ObjectRef(group=info.group, resource=info.resource, namespace=namespace, name=name)
        life = self.of.replayed.history.changes(ref)
        there = self.of.replayed.history.there(info.group, info.resource, self.second.revision)
        return bool(life) and ref not in set(there)
