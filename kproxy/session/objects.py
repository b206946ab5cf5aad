"""An object as it then was: from etcd's values where they were recorded, else from answers and watch events."""

from dataclasses import dataclass
from datetime import UTC, datetime

from kproxy.errors import UsageError
from kproxy.model.api import ObjectRef
from kproxy.model.etcd import EtcdKey, KeyChange, key_text
from kproxy.model.exchange import Nanos
from kproxy.model.jsontypes import JSONObject
from kproxy.session.mentions import latest_mention
from kproxy.session.opened import Opened, exchange_at, opened, started_at
from kproxy.wire.content import ContentError
from kproxy.wire.storage import decode_value, object_keys


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectState:
    """An object at a moment: `document` is None when it was not there; `source` says where we know it from."""

    name: str
    document: JSONObject | None
    source: str


def parse_object(words: str) -> ObjectRef | EtcdKey:
    """`/an/etcd/key`, or `RESOURCE[.GROUP]/[NAMESPACE/]NAME`. UsageError for anything else."""
    if words.startswith("/"):
        return EtcdKey(words.encode())
    parts = words.split("/")
    if len(parts) not in {2, 3} or not all(parts):
        raise UsageError(
            f"{words!r} names no object: it is RESOURCE[.GROUP]/NAMESPACE/NAME (pods/default/hello-demo), "
            "RESOURCE[.GROUP]/NAME without a namespace, or a key in etcd that begins with a slash"
        )
    resource, _, group = parts[0].partition(".")
    return ObjectRef(group=group, resource=resource, namespace=parts[1] if len(parts) == 3 else "", name=parts[-1])


def object_at(where: str, words: str, at: str | None) -> ObjectState:
    """The object after exchange `at` (its last attributed change), at a time (RFC 3339), or at the session's end."""
    target = parse_object(words)
    with opened(where) as session:
        until = _moment(session, at)
        state = _from_etcd(session, target, until)
        if state is not None:
            return state
        if isinstance(target, bytes):
            raise UsageError(f"{words} did not change in this session; `kproxy correlate` lists the keys that did")
        return _from_answers(session, target, until)


@dataclass(frozen=True, slots=True)
class _Moment:
    """A moment of the session; `time` None: its end.

    `revision` had been reached by then, though etcd's watch may have told it later: an exchange that had ended caused
    it. `last`: nothing after that revision counts.
    """

    time: Nanos | None
    revision: int = 0
    last: bool = False

    def had_seen(self, change: KeyChange) -> bool:
        """Whether the change had happened."""
        if self.last or change.revision <= self.revision:
            return change.revision <= self.revision
        return self.time is None or change.at <= self.time


def _moment(session: Opened, at: str | None) -> _Moment:
    if at is None:
        return _Moment(None)
    if at.isascii() and at.isdigit():
        exchange = exchange_at(session.recording, int(at))
        attributed = session.ledger.by_seq.get(exchange.seq)
        if attributed:
            return _Moment(exchange.ended, max(ground.revision for ground in attributed), last=True)
        return _reached(session, exchange.ended)
    try:
        moment = datetime.fromisoformat(at)
    except ValueError as error:
        raise UsageError(
            f"--at {at!r} is neither an exchange's number nor a time such as 2026-11-23T12:00:00Z"
        ) from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return _reached(session, Nanos(int((moment - started_at(session.recording)).total_seconds() * 1e9)))


def _reached(session: Opened, time: Nanos | None) -> _Moment:
    """A time, and the highest revision that an exchange had caused when it ended by then."""
    ended = {each.seq for each in session.recording.exchanges() if _by(each.ended, time)}
    caused = (ground.revision for seq, grounds in session.ledger.by_seq.items() if seq in ended for ground in grounds)
    return _Moment(time, max(caused, default=0))


def _by(moment: Nanos | None, time: Nanos | None) -> bool:
    return moment is not None and (time is None or moment <= time)


def _from_etcd(session: Opened, target: ObjectRef | EtcdKey, until: _Moment) -> ObjectState | None:
    """What etcd's changes say of it; None when it did not change in the session, or etcd was not recorded."""
    keys = (target,) if isinstance(target, bytes) else object_keys(target, session.recording.session.etcd_prefix)
    mine = [entry.change for entry in session.ledger.entries if entry.change.key in keys]
    before = [change for change in mine if until.had_seen(change)]
    name = key_text(target) if isinstance(target, bytes) else str(target)
    if before:
        body, source = before[-1].value, f"etcd, revision {before[-1].revision}"
    elif mine:  # the first change in the session tells what was there before it
        body, source = mine[0].previous, f"etcd, before revision {mine[0].revision}"
    else:
        return None
    if body is None:
        return ObjectState(name=name, document=None, source=source)
    if body.digest is None:
        raise UsageError(f"the value of {name} is not in the recording: {body.reason}")
    try:
        return ObjectState(name=name, document=decode_value(session.recording.body(body.digest)), source=source)
    except ContentError as error:
        raise UsageError(f"the value of {name} cannot be decoded: {error}") from error


def _from_answers(session: Opened, target: ObjectRef, until: _Moment) -> ObjectState:
    """Where etcd says nothing of it: the last that an answer or a watch event said of the object."""
    with_etcd = session.recording.session.etcd_start is not None
    why = "its key did not change in etcd" if with_etcd else "recorded without etcd"
    latest = latest_mention(session.recording, target, until.time)
    if latest is None:
        raise UsageError(f"no answer in this session tells of {target} by then ({why}); name it as `kproxy log` does")
    return ObjectState(name=str(target), document=latest.document, source=f"{latest.source}; {why}")
