"""Watch streams, object by object: states, order, final state."""

from collections import defaultdict
from dataclasses import dataclass, replace

from kproxy.diff.ages import STREAM_SLACK
from kproxy.diff.asked import Asked
from kproxy.diff.counterparts import matched_events
from kproxy.diff.earlier import began_earlier
from kproxy.diff.events import OF_NO_OBJECT, KeptEvent, Match, Seen, from_anywhere, watched
from kproxy.diff.findings import Findings
from kproxy.diff.items import about_of, metadata_shown
from kproxy.diff.noise import BOOKMARKS, HEARTBEATS, INITIAL, OVERLAP, REPAIRED, TAIL
from kproxy.diff.repaired import was_repaired
from kproxy.diff.sides import Comparison, Pair, Side, is_itself
from kproxy.diff.tails import Tail, ran_on
from kproxy.diff.trees import Comparer, Spot, shortened
from kproxy.model.api import ObjectRef, metadata_of
from kproxy.model.exchange import EMPTY_BODY, End, Exchange, header
from kproxy.model.jsontypes import JSONObject
from kproxy.renaming.kinds import Kind, Owner, resource_of
from kproxy.renaming.learn import Learner
from kproxy.renaming.walk import Walker
from kproxy.wire.ownkeys import is_identity

_TOGETHER = 256
"""Events whose bodies are read at once."""
_DECODED = 1 << 21
"""Bytes of a stream's events whose objects stay decoded, which takes some ten times that."""
_CUT = 1 << 24
"""Bytes of a stream's objects that stay at hand as JSON: it takes longer to decode protobuf again."""
_INITIAL_END = "k8s.io/initial-events-end"
_IDENTITY = "kube-system/apiserver-"
"""What the name of an api-server's identity begins with."""


def _without_heartbeats(
    of: Comparison, pair: Pair, first: list[Seen], second: list[Seen]
) -> tuple[list[Seen], list[Seen]]:
    """Both streams without an api-server's own renewals, where a rule hides those."""
    if (pair.baseline.info.group, pair.baseline.info.resource) != ("coordination.k8s.io", "leases"):
        return first, second
    if _beats(first) == _beats(second) or not of.findings.hide(HEARTBEATS):
        return first, second
    return [each for each in first if not _heartbeat(each)], [each for each in second if not _heartbeat(each)]


def _beats(seen: list[Seen]) -> list[int | None]:
    return [each.revision for each in seen if _heartbeat(each)]


def _heartbeat(seen: Seen) -> bool:
    """Whether an event shows an api-server's identity, as it has been renewed by then."""
    named = seen.event.type in {"ADDED", "MODIFIED"} and seen.name.startswith(_IDENTITY)
    return named and is_identity({"metadata": seen.metadata})


@dataclass(frozen=True, slots=True)
class Together:
    """Two streams' events, and which stand for each other. `left_out`: a rule may leave some of them out."""

    first: list[Seen]
    second: list[Seen]
    matched: list[Match]
    left_out: bool

    @property
    def bookmarks(self) -> tuple[int, int]:
        """How many both have."""
        return _bookmarks(self.first), _bookmarks(self.second)


def events_of(of: Comparison, pair: Pair) -> Together | None:
    """What two streams may teach; None if an event was not kept or cannot be decoded."""
    first, second = _read(of.baseline, pair.baseline), _read(of.replayed, pair.replayed)
    if first is None or second is None:
        return None
    left_out = _beats(first) != _beats(second)
    if left_out and not of.findings.strict:  # they are not compared then
        first, second = ([each for each in side if not _heartbeat(each)] for side in (first, second))
    return Together(first, second, matched_events(of.renaming, first, second), left_out)


def learn_event(of: Comparison, pair: Pair, together: Together, a: Seen, b: Seen) -> None:
    """What two events that stand for each other tell."""
    learner = Learner(of.renaming, of.traces)
    _see_columns(learner.walker, together.first)
    learner.learn(a.event.object, b.event.object, Owner(resource=resource_of(pair.baseline.info)))


def is_in_order(of: Comparison, pair: Pair, together: Together) -> bool:
    """Whether two streams have the same events, and differ at most in bookmarks and in what events show."""
    if together.left_out or _was_cut(of.baseline, pair.baseline) or _was_cut(of.replayed, pair.replayed):
        return False
    if any(a is None or b is None or a.event.type != b.event.type for a, b in together.matched):
        return False
    trial = replace(of, findings=Findings(strict=True))
    _compare_order(trial, pair, together.matched)
    _compare_promises(trial, pair, together.first, together.second)
    return not trial.findings.count


def compare_stream(of: Comparison, pair: Pair) -> None:
    """Compare two watches."""
    first, second = _read(of.baseline, pair.baseline), _read(of.replayed, pair.replayed)
    if first is None or second is None:
        of.findings.cannot_tell(f"exchange {pair.baseline.seq}: not every watch event was kept or could be decoded")
        return
    _cut(of, pair)
    first, second = _without_heartbeats(of, pair, first, second)
    matched = matched_events(of.renaming, first, second)
    comparer = Comparer(of.renaming, of.findings, Spot(pair.baseline.seq, "stream", lag=STREAM_SLACK), of.traces)
    _see_columns(comparer.walker, first)
    objects = _by_object(matched)
    folded = {uid for uid, same in objects.items() if any(y is None and _folded(pair, same, x) for x, y in same)}
    over = {uid for uid, same in objects.items() if _was_over(of, pair, same, second)}
    earlier = began_earlier(of, pair, matched)
    asked = Asked.of(pair)
    tail = Tail.of(matched, initial=from_anywhere(pair.replayed))
    spared = _spared(pair, matched)
    for a, b in matched:
        if a is None or b is None:
            initial = (a is not None and a.uid in over) or (b is not None and b.index in earlier.states)
            rule = INITIAL if initial else OVERLAP if asked.explains(of, pair, a, b) else None
            rule = rule or (REPAIRED if was_repaired(of, pair, a, b) else None)
            if rule is None or not of.findings.hide(rule):
                _unmatched(of, pair, objects, tail, a, b)
        else:
            if not ((a.uid in folded and b.event.type == "ADDED") or b.index in earlier.first):
                _compare_types(of, pair, a, b)
            if (a.index, b.index) not in spared:
                _compare_objects(of, comparer, a, b)
    _compare_order(of, pair, matched)
    _compare_bookmarks(of, pair, first, second)
    pair.revisions += comparer.spot.revisions
    pair.times += comparer.spot.times


def _see_columns(walker: Walker, seen: list[Seen]) -> None:
    if seen:
        walker.see(seen[0].event.object)


def _spared(pair: Pair, matched: list[Match]) -> frozenset[tuple[int, int]]:
    """The places of events whose objects need not be compared, which the pair is told.

    All that are known in part or none, as of all together one thing is known: none if since then it was learned that
    other ones stand for each other.
    """
    if pair.in_part is None:
        return frozenset()
    events = pair.in_part.events
    if not events <= {(a.index, b.index) for a, b in matched if a is not None and b is not None}:
        return frozenset()
    pair.spared = pair.in_part.short
    return events


def _compare_types(of: Comparison, pair: Pair, a: Seen, b: Seen) -> None:
    if a.event.type != b.event.type:
        path = f"$[{a.index}].type"
        of.findings.differ(pair.baseline.seq, "stream", path, "changed", a.event.type, b.event.type)


def _compare_objects(of: Comparison, comparer: Comparer, a: Seen, b: Seen) -> None:
    spot = comparer.spot
    spot.root, spot.now = f"$[{a.index}].object", of.replayed.clock.at(b.at)
    comparer.compare(a.event.object, b.event.object)


def _by_object(matched: list[Match]) -> dict[str, list[tuple[Seen, Seen | None]]]:
    """The baseline's events of each object, with what stands beside them."""
    found: dict[str, list[tuple[Seen, Seen | None]]] = defaultdict(list)
    for a, b in matched:
        if a is not None:
            found[a.uid].append((a, b))
    return found


def _unmatched(  # noqa: PLR0913, PLR0917 - an event, and all that it stands among
    of: Comparison,
    pair: Pair,
    objects: dict[str, list[tuple[Seen, Seen | None]]],
    tail: "Tail",
    a: Seen | None,
    b: Seen | None,
) -> None:
    if (a is not None and a.index > tail.baseline and _was_cut(of.replayed, pair.replayed)) or (
        b is not None and b.index > tail.replayed and _was_cut(of.baseline, pair.baseline)
    ):
        return  # said already (_cut)
    if a is not None:
        if not (_folded(pair, objects[a.uid], a) and of.findings.hide(INITIAL)):
            of.matched[pair.baseline.seq] = tail.baseline
            of.findings.differ(pair.baseline.seq, "stream", f"$[{a.index}]", "removed", a.summary(), None)
    elif b is not None:
        _added(of, pair, b, ran_on(of, pair, tail, b))


def _added(of: Comparison, pair: Pair, b: Seen, ran: bool | None) -> None:  # noqa: FBT001 - what was found out
    """An event more; `ran`: whether it came when the client had left."""
    if ran is None and not of.findings.strict:
        of.findings.cannot_tell(
            f"exchange {pair.baseline.seq}: no history of the replay's etcd tells whether its watch's event {b.index} "
            "shows what was there"
        )
    elif not (ran and of.findings.hide(TAIL)):
        of.findings.differ(pair.baseline.seq, "stream", f"$[{b.index}]", "added", None, b.summary())


def _folded(pair: Pair, same: list[tuple[Seen, Seen | None]], a: Seen) -> bool:
    """Whether a missing state came before the first one that the replay's watch could show of that object."""
    if not from_anywhere(pair.replayed):
        return False
    later = [b for x, b in same if x.index > a.index and b is not None]
    earlier = any(b is not None for x, b in same if x.index < a.index)
    return bool(later) and not earlier and later[0].event.type == "ADDED"


def _was_over(of: Comparison, pair: Pair, same: list[tuple[Seen, Seen | None]], second: list[Seen]) -> bool:
    """Whether an object whose end the recorded watch saw was gone before the state that the replay's began with."""
    last = same[-1][0]
    if last.event.type != "DELETED" or not from_anywhere(pair.replayed) or any(b is not None for _, b in same):
        return False
    began = next((each.revision for each in second if each.event.type == "BOOKMARK" and not each.bookmark), None)
    if began is None or began < of.known_before(pair.replayed):
        return False
    recorded = watched(pair.baseline, last)
    ref = replace(recorded, namespace=of.renaming.text(recorded.namespace), name=of.renaming.text(recorded.name))
    return _had_ended(of.replayed, ref, of.renaming.image(Kind.UID, last.uid), began)


def _had_ended(side: Side, ref: ObjectRef, uid: str | None, began: int) -> bool:
    """Whether etcd had an object, and had it no more at `began`: not one that was made only after that.

    Where nobody knows its uid (an encrypted value's), there was none of its name from then on.
    """
    changes = side.history.changes(ref)
    for index, change in enumerate(changes):
        if change.value is not None or change.revision > began:
            continue
        before = change.previous if change.previous is not None or not index else changes[index - 1].value
        stored = side.documents.stored(before)
        known = uid is not None and not stored.reason
        if (metadata_of(stored.value).get("uid") == uid) if known else change is changes[-1]:
            return True
    return False


def _cut(of: Comparison, pair: Pair) -> None:
    """Nobody knows what more a stream had whose end is not in its recording, also where both have the same events."""
    for side, exchange, whose in ((of.baseline, pair.baseline, "baseline"), (of.replayed, pair.replayed, "replay")):
        if _was_cut(side, exchange) and not is_itself(of, pair):
            of.findings.cannot_tell(f"exchange {pair.baseline.seq}: the {whose}'s recording has not all of this stream")


def _was_cut(side: Side, exchange: Exchange) -> bool:
    """Whether a recording may lack the end of a stream: its recorder was killed, did not keep all, or did not get it.

    A client that left amid an event got no more than what was kept.
    """
    body = exchange.answer.body if exchange.answer is not None else EMPTY_BODY
    left_amid = exchange.end is End.CLIENT_GONE and body.ends_amid
    short = exchange.end is End.STOPPED and side.ends_short
    return exchange.end is End.UNKNOWN or short or (bool(body.reason) and not left_amid)


def _compare_order(of: Comparison, pair: Pair, matched: list[Match]) -> None:
    """Across objects a live stream goes by revision; which of two objects was changed first is not the stream's say.

    That a server kept the order of what happened before is checked by the revisions of all answers (order.py).
    """
    both = [(a, b) for a, b in matched if a is not None and b is not None and a.event.type not in OF_NO_OBJECT]
    if not _rising(sorted((a for a, _ in both), key=lambda each: each.index), initial=from_anywhere(pair.baseline)):
        return
    initial = from_anywhere(pair.replayed)
    highest: Seen | None = None
    for a, b in sorted(both, key=lambda each: each[1].index):
        initial = initial and b.event.type == "ADDED"
        if highest is None or initial or (b.revision or 0) >= (highest.revision or 0):
            highest = b
        elif b.revision is not None and b.event.type != "BOOKMARK":  # those: _compare_bookmarks
            of.findings.differ(
                pair.baseline.seq, "stream", f"$[{a.index}]", "reordered", b.summary(), highest.summary()
            )


def _rising(events: list[Seen], *, initial: bool) -> bool:
    """Whether a stream goes by revision, after the objects that were there when it began (`initial`)."""
    highest = 0
    for each in events:
        initial = initial and each.event.type == "ADDED"
        revision = each.revision or highest
        if not initial and revision < highest:
            return False
        highest = 0 if initial else revision
    return True


def _compare_bookmarks(of: Comparison, pair: Pair, first: list[Seen], second: list[Seen]) -> None:
    counts = _bookmarks(first), _bookmarks(second)
    if counts[0] != counts[1] and not of.findings.hide(BOOKMARKS):
        of.findings.differ(
            pair.baseline.seq, "stream", "$", "changed", f"{counts[0]} bookmarks", f"{counts[1]} bookmarks"
        )
    _compare_promises(of, pair, first, second)


def _bookmarks(seen: list[Seen]) -> int:
    return sum(1 for each in seen if each.bookmark)


def _compare_promises(of: Comparison, pair: Pair, first: list[Seen], second: list[Seen]) -> None:
    if (place := _backwards(second)) is not None and _backwards(first) is None:
        path = f"$[{place.index}].object.metadata.resourceVersion"
        of.findings.differ(pair.baseline.seq, "stream", path, "renamed", None, shortened(place.summary()))


def _backwards(seen: list[Seen]) -> Seen | None:
    """The first bookmark that is not beyond all that came before it, or the first event that one had promised.

    A bookmark says that all up to its revision was sent, and the one that ends the initial events that they were
    (Kubernetes API concepts, «Watch bookmarks» and «Streaming lists»).
    """
    highest = promised = 0
    for each in seen:
        revision = each.revision
        if revision is None:
            continue
        is_mark = each.event.type == "BOOKMARK"
        if revision < (highest if is_mark else promised):
            return each
        highest = max(highest, revision)
        if is_mark:
            promised = max(promised, revision if each.bookmark else revision + 1)
    return None


def _read(side: Side, exchange: Exchange) -> list[Seen] | None:
    """A stream's events; None if one of them was not kept or cannot be decoded."""
    media_type = header(exchange.answer.headers, "content-type") if exchange.answer else ""
    seen: list[Seen] = []
    size = cut = 0
    frames = side.frames(exchange.seq)
    for number, frame in enumerate(frames):
        if number % _TOGETHER == 0:
            following = frames[number : number + _TOGETHER]
            digests = (each.body.digest for each in following if each.body.digest is not None)
            side.documents.expect_events(media_type, digests)
        known = side.documents.event(media_type, frame.body)
        event = known.event
        if event is None:
            return None
        mark = event.type == "BOOKMARK" and not _ends_initial_events(event.object)
        about, item = known.about, known.item
        size += frame.body.size
        if size > _DECODED and frame.body.digest is not None and not isinstance(event, KeptEvent):
            about = about or about_of(event.object)
            cut += len(item.data) if item is not None else 0
            if item is not None and cut <= _CUT:
                item.forget()
            else:
                event, item = side.documents.kept(event.type, media_type, frame.body.digest), None
        seen.append(Seen(frame.index, frame.at, event, mark, item, frame.body.digest, about))
    return seen


def _ends_initial_events(bookmark: JSONObject) -> bool:
    annotations = metadata_shown(bookmark).get("annotations")
    return isinstance(annotations, dict) and _INITIAL_END in annotations
