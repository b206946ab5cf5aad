"""An api-server's indexes (/openapi/v3, /apis) beside what the session defined: published some time after, by itself.

Between a definition's coming, or going, and the index that says so lies a time that no replay can make again. So an
index may list a definition's group or not as long as its own etcd had that definition, or had it not, a little before.
Of a group that both list the same goes for each resource; one that both list is the same, unless its definition was
updated, or began to go. All else in it is compared.
"""

from kproxy.diff.noise import PUBLISHED
from kproxy.diff.sides import Comparison, Pair, Side
from kproxy.model.api import metadata_of
from kproxy.model.etcd import LATE, KeyChange
from kproxy.model.exchange import Answer, Exchange, Nanos, Seq, header
from kproxy.model.jsontypes import JSONObject
from kproxy.model.verdict import Difference
from kproxy.wire.served import GROUPS, INDEXES, group_of, parts_of, served_in, without

WITHIN = Nanos(10_000_000_000)
"""So long a server may take to publish a definition: as long as a replay waits for it."""

_OK, _NOT_MODIFIED = 200, 304
_LOOKED_AT = 4096
"""Exchanges before a 304 among which the answer is looked for that its client had."""
_OF_THE_DOCUMENT = frozenset({"etag", "last-modified", "content-type", "cache-control", "vary", "accept-ranges"})
_OF_CONTENT = frozenset({"transfer-encoding", "content-length", "content-encoding"})
"""What says how a content is sent: only one of two answers has that if the other one is a 304."""


def judge_published(of: Comparison, pair: Pair, before: int) -> None:
    """Take back the differences since there were `before`, where two indexes differ in what was being published."""
    path, found = pair.baseline.info.path, of.findings.since(before)
    if path not in INDEXES or pair.baseline.info.verb != "get" or not found:
        return
    if any(side.recording.session.etcd_start is None for side in (of.baseline, of.replayed)):
        return
    first, second = _index(of.baseline, pair.baseline), _index(of.replayed, pair.replayed)
    if first is None or second is None:
        return
    listed, others = served_in(path, first), served_in(path, second)
    if listed is None or others is None:
        return
    names = frozenset(name for name in listed.keys() | others.keys() if listed.get(name) != others.get(name))
    if not names or without(path, first, names) != without(path, second, names):
        return
    sides = (of.baseline, pair.baseline, listed), (of.replayed, pair.replayed, others)
    if all(_explained(path, name, sides) for name in names) and of.findings.hide(PUBLISHED):
        statuses = {each.answer.status for each in (pair.baseline, pair.replayed) if each.answer is not None}
        fields = _OF_THE_DOCUMENT | _OF_CONTENT if statuses == {_OK, _NOT_MODIFIED} else _OF_THE_DOCUMENT
        of.findings.withdraw(before, lambda each: _is_of_the_index(each, fields))


type _Seen = tuple[Side, Exchange, JSONObject]


def _explained(path: str, name: str, sides: tuple[_Seen, _Seen]) -> bool:
    """Whether an index of either side may list a name, or not, by what that side's etcd had a little before."""
    group = group_of(path, name)
    if path == GROUPS and all(name in listed for _, _, listed in sides):
        return _same_but_resources(group, sides)
    return _may_be(group, [name in listed for _, _, listed in sides], sides)


def _may_be(group: str, shown: list[bool], sides: tuple[_Seen, _Seen], resource: str = "") -> bool:
    """Whether each side may show a group, or one resource of it, as long as it was being published on one of them."""
    changed = False
    for (side, exchange, _), listed in zip(sides, shown, strict=True):
        definitions = side.history.definitions
        definitions = definitions.only(group, resource) if resource else definitions
        began, ended = _window(exchange)
        may = definitions.may_be_listed if listed else definitions.may_be_missing
        if not may(group, began, ended):
            return False
        changed = changed or definitions.changed(group, began, ended)
    return changed


def _same_but_resources(group: str, sides: tuple[_Seen, _Seen]) -> bool:
    """Whether a group that both list differs only in resources that were being published, or changed."""
    (own, first), (other, second) = (parts_of(listed[group]) for _, _, listed in sides)
    if not first and not second:
        return _updated(group, sides)
    differ = [name for name in first.keys() | second.keys() if first.get(name) != second.get(name)]
    return own == other and all(
        _updated(group, sides, name)
        if name in first and name in second
        else _may_be(group, [name in first, name in second], sides, name)
        for name in differ
    )


def _updated(group: str, sides: tuple[_Seen, _Seen], resource: str = "") -> bool:
    """Whether a definition that was there already changed in what it defines, or went, a little before."""
    for side, exchange, _ in sides:
        definitions = side.history.definitions
        definitions = definitions.only(group, resource) if resource else definitions
        if any(_is_update(side, each) for each in definitions.during(group, *_window(exchange))):
            return True
    return False


def _is_update(side: Side, change: KeyChange) -> bool:
    """A status that the server wrote, of what had just come, is none."""
    if change.value is None:
        return True
    if change.previous is None:
        return False
    before, after = (side.documents.stored(each).value for each in (change.previous, change.value))
    if not isinstance(before, dict) or not isinstance(after, dict):
        return True  # nobody knows
    return before.get("spec") != after.get("spec") or "deletionTimestamp" in metadata_of(after)


def _window(exchange: Exchange) -> tuple[Nanos, Nanos]:
    return Nanos(exchange.started - WITHIN), Nanos((exchange.ended or exchange.started) + LATE)


def _index(side: Side, exchange: Exchange) -> JSONObject | None:
    """The index that an exchange showed its client: where that had it already, the answer that it had it from."""
    answer = exchange.answer
    if answer is not None and answer.status == _NOT_MODIFIED:
        answer = _had(side, exchange)
    if answer is None or answer.status != _OK:
        return None
    value = side.documents.body(answer.headers, answer.body).value
    return value if isinstance(value, dict) else None


def _had(side: Side, exchange: Exchange) -> Answer | None:
    """The last answer by which a client had what it asked about, by its hash (an ETag)."""
    tag = header(exchange.request.headers, "if-none-match")
    for seq in range(exchange.seq - 1, max(0, exchange.seq - _LOOKED_AT), -1) if tag else ():
        other = side.recording.exchange(Seq(seq))
        if other is None or other.info.path != exchange.info.path or other.answer is None:
            continue
        if other.answer.status == _OK and header(other.answer.headers, "etag") == tag:
            return other.answer
    return None


def _is_of_the_index(found: Difference, fields: frozenset[str]) -> bool:
    """Whether it comes of what an index says: its body, whether that is sent again, and such fields of its head."""
    if found.where == "status":
        return {found.baseline, found.replayed} <= {_OK, _NOT_MODIFIED, "OK", "Not Modified"}
    return found.where == "body" or (found.where == "header" and found.path in fields)
