"""Reads and deletions that overlapped what they were about, in the recording: which came first was a race.

A replay takes one after the other what overlapped, and cannot stop a server amid a request that is two writes (a pod's
deletion: one that marks it, one that removes it), or amid what an api-server does by itself with a definition. So where
such a read shows another moment, or another one of several deletions is the one that was carried out, the replay's
answer is right if its own etcd says so: at the revision that it names, and not before what was over when it was asked.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kproxy.diff.cells import CELL, is_shown_so
from kproxy.diff.listed import ELEMENT, LISTS_OWN, Listed, at_one_version, counterpart, document, name_of
from kproxy.diff.noise import OVERLAP
from kproxy.diff.sides import Comparison, Pair, Side
from kproxy.diff.stale import excuse, is_of_content, is_stored, may_be_right, may_be_stale, shows, was_absent
from kproxy.model.api import WRITE_VERBS, ObjectRef, metadata_of
from kproxy.model.etcd import LATE
from kproxy.model.exchange import Exchange, Nanos, Seq
from kproxy.model.jsontypes import JSONObject
from kproxy.model.verdict import Difference
from kproxy.renaming.target import SELECTORS, parameter

_OK, _NOT_FOUND, _FAILED, _REFUSED = 200, 404, 500, 300
_LOOKED_AT = 512
"""Exchanges before another one that may still have gone on when that one began, and behind it."""
_DEFINITIONS = frozenset(
    {("apiextensions.k8s.io", "customresourcedefinitions"), ("apiregistration.k8s.io", "apiservices")}
)
_DELETIONS = frozenset({"delete", "deletecollection"})
_LOSERS = frozenset({("body", "$.metadata.resourceVersion")})
"""What two deletions differ in, of which one was carried out and the other one lost against it."""
_LONGEST_LIMIT = 18
"""Digits of a number of elements that is asked for."""


def judge_overlap(of: Comparison, pair: Pair, before: int) -> None:
    """Take back the differences since there were `before`, where a race explains them and the replay's etcd agrees."""
    found = of.findings.since(before)
    if not found or len(found) < of.findings.count - before or of.replayed.recording.session.etcd_start is None:
        return
    verb = pair.baseline.info.verb
    right: bool | None
    if verb == "delete":
        right = _deleted_at_once(of, pair, found)
    elif verb == "deletecollection":
        right = all(_deleted_before(of, pair, each) for each in found)
    elif verb in {"get", "list"} and not may_be_stale(pair.baseline) and may_be_right(of, pair):
        right = _overlapped(of.baseline, pair.baseline) and _read_right(of, pair, found)
    else:
        right = False
    if right is None and not of.findings.strict:
        excuse(of, pair, before, "overlapped another one")
    elif right and of.findings.hide(OVERLAP):
        of.findings.withdraw(before, is_of_content)


def _overlapped(side: Side, exchange: Exchange) -> bool:
    """Whether what a read was about was being written while it went on."""
    if any(_writes(each) and _about(each, exchange) for each in _beside(side, exchange)):
        return True
    info = exchange.info
    if (info.group, info.resource) not in _DEFINITIONS or not info.name:
        return False
    until = _end(exchange) + LATE
    return any(exchange.started < change.at <= until for change in side.history.changes(exchange.info.named()))


def _beside(side: Side, exchange: Exchange) -> Iterator[Exchange]:
    """The exchanges that overlapped another one, in its own recording."""
    for seq in range(exchange.seq - 1, max(0, exchange.seq - _LOOKED_AT), -1):
        other = side.recording.exchange(Seq(seq))
        if other is not None and _end(other) > exchange.started:
            yield other
    end = _end(exchange)
    for seq in range(exchange.seq + 1, exchange.seq + _LOOKED_AT):
        other = side.recording.exchange(Seq(seq))
        if other is not None and other.started >= end:
            return
        if other is not None:
            yield other


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


def _deleted_at_once(of: Comparison, pair: Pair, found: list[Difference]) -> bool | None:
    """Whether several deletions of one object overlapped, and the replay's was answered as one of them may be.

    One of them is carried out, the others find it gone, or lose against it between their two writes: then the answer
    has no revision. None: nobody knows what the object was.
    """
    info = pair.baseline.info
    statuses = [each.answer.status if each.answer is not None else 0 for each in (pair.baseline, pair.replayed)]
    others = [each for each in _beside(of.baseline, pair.baseline) if each.info.verb in _DELETIONS]
    if not info.name or not any(_about(each, pair.baseline) for each in others):
        return False
    if not set(statuses) <= {_OK, _NOT_FOUND}:
        return False
    ref = pair.replayed.info.named()
    if not was_absent(of.replayed, ref, of.known_before(pair.replayed)):
        return False
    if statuses[0] == statuses[1] and not {(each.where, each.path) for each in found} <= _LOSERS:
        return False
    return _says_gone(of, pair) if statuses[1] == _NOT_FOUND else _says_what_was(of, pair, ref)


def _deleted_before(of: Comparison, pair: Pair, found: Difference) -> bool:
    """Whether a collection's deletion lacks an object that a deletion beside it, in the recording, had taken away.

    In the replay that one came first, and the object was gone.
    """
    match, listed = ELEMENT.fullmatch(found.path), Listed.of(document(of.baseline, pair.baseline))
    if match is None or listed is None or (found.kind, match[3]) != ("removed", ""):
        return False
    if int(match[2]) >= len(listed.objects):
        return False
    namespace, name = name_of(listed.objects[int(match[2])])
    info = pair.baseline.info
    beside = (each for each in _beside(of.baseline, pair.baseline) if each.info.verb == "delete" and _writes(each))
    if not any(
        _about(each, pair.baseline) and (each.info.namespace, each.info.name) == (namespace, name) for each in beside
    ):
        return False
    ref = info.ref(of.renaming.text(namespace), of.renaming.text(name))
    return was_absent(of.replayed, ref, of.known_before(pair.replayed))


def _says_gone(of: Comparison, pair: Pair) -> bool:
    """Whether the replay's answer is that this very object was not found."""
    value = document(of.replayed, pair.replayed) or {}
    details = value.get("details")
    named = details.get("name") if isinstance(details, dict) else None
    return value.get("reason") == "NotFound" and named == pair.replayed.info.name


def _says_what_was(of: Comparison, pair: Pair, ref: ObjectRef) -> bool | None:
    """Whether the replay's answer shows an object as its etcd had it, or says that this one was deleted.

    Of a revision, if it names one, that changed this object.
    """
    value = document(of.replayed, pair.replayed) or {}
    changes = of.replayed.history.changes(ref)
    kept = [each for change in changes for each in (change.previous, change.value) if each is not None]
    if value.get("kind") == "Status":
        details = value.get("details")
        named = details if isinstance(details, dict) and value.get("status") == "Success" else {}
        uids = [metadata_of(of.replayed.documents.stored(each).value).get("uid") for each in kept]
        return named.get("name") == ref.name and named.get("uid") in [each for each in uids if each is not None]
    revision = metadata_of(value).get("resourceVersion")
    if revision is not None and revision not in {str(change.revision) for change in changes}:
        return False
    return _any(is_stored(of.replayed, value, each) for each in kept)


def _any(told: Iterable[bool | None]) -> bool | None:
    """Whether one is true; None if none is, and one is not known."""
    known = set(told)
    return True if True in known else None if None in known else False


def _all(told: Iterable[bool | None]) -> bool | None:
    """Whether all are true; None if none is false, and one is not known."""
    unknown = False
    for each in told:
        if each is False:
            return False
        unknown = unknown or each is None
    return None if unknown else True


def _read_right(of: Comparison, pair: Pair, found: list[Difference]) -> bool | None:
    """Whether the replay's answer is what its etcd had, as far as the two answers differ; None: nobody knows."""
    answer, floor, info = pair.replayed.answer, of.known_before(pair.replayed), pair.replayed.info
    if answer is None:
        return False
    if info.verb == "get" and answer.status == _NOT_FOUND:
        return _says_gone(of, pair) and was_absent(of.replayed, pair.replayed.info.named(), floor)
    recorded, value = document(of.baseline, pair.baseline), document(of.replayed, pair.replayed)
    if value is None:
        return False
    if info.verb == "get":
        same = recorded is not None and at_one_version(of, recorded, value)
        return False if same else shows(of.replayed, pair.replayed, value, floor)
    first, second = Listed.of(recorded), Listed.of(value)
    if first is None or second is None or second.revision < floor:
        return False
    judged = _Judged(of, pair, first, second)
    return _all((judged.whole(), *(each.where == "body" and judged.right(each) for each in found)))


@dataclass(slots=True)
class _Judged:
    """A list of the replay's, beside the recorded one: each object that differs by its own history."""

    of: Comparison
    pair: Pair
    first: Listed
    second: Listed

    def right(self, found: Difference) -> bool | None:
        """Whether a difference is one of moments: of an object that etcd had so, or had no more, or not yet.

        Within an object that both show at one version it is none of moments.
        """
        if found.path in LISTS_OWN:
            return True
        match = ELEMENT.fullmatch(found.path)
        if match is None:
            return False
        at, rest = int(match[2]), match[3]
        if found.kind == "added" and not rest:
            return self._shown(at)
        if at >= len(self.first.objects):
            return False
        moved = self._moved(self.first.objects[at], at, within=bool(rest))
        cell = CELL.match(rest) if moved else None
        if cell is None:
            return moved
        place = counterpart(self.of, self.first.objects[at], self.second)
        return True if place is not None and is_shown_so(self.of, self.pair, place, int(cell[1])) else None

    def _moved(self, recorded: JSONObject, at: int, *, within: bool) -> bool | None:
        """Whether a recorded object is another one now, or gone; `within`: another one stands in its place then."""
        place = counterpart(self.of, recorded, self.second)
        if place is not None:
            return not at_one_version(self.of, recorded, self.second.objects[place]) and self._shown(place)
        return self._gone(recorded) and (not within or self._shown(at))

    def whole(self) -> bool:
        """Whether none is missing that etcd had, as far as the list was to show all."""
        target, info = self.pair.replayed.request.target, self.pair.replayed.info
        if any(parameter(target, each) for each in SELECTORS) or parameter(target, "continue"):
            return True
        if len(self.second.objects) >= _limit(target) > 0:
            return True
        there = self.of.replayed.history.there(info.group, info.resource, self.second.revision)
        places = self.second.places
        return all((ref.namespace, ref.name) in places for ref in there if info.namespace in {"", ref.namespace})

    def _shown(self, place: int) -> bool | None:
        if place >= len(self.second.objects):
            return False
        return shows(self.of.replayed, self.pair.replayed, self.second.objects[place], 0, self.second.revision)

    def _gone(self, recorded: JSONObject) -> bool:
        info = self.pair.replayed.info
        namespace, name = (self.of.renaming.text(each) for each in name_of(recorded))
        ref = info.ref(namespace, name)
        history = self.of.replayed.history
        return bool(history.changes(ref)) and not history.is_there(ref, self.second.revision)


def _limit(target: str) -> int:
    """How many elements were asked for; 0: all, or no number."""
    asked = parameter(target, "limit") or ""
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= _LONGEST_LIMIT else 0
