"""The log: one row an exchange, with the keys that it changed."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from kproxy.model.attribution import Attribution, Ledger
from kproxy.model.etcd import key_text
from kproxy.model.exchange import Exchange, Seq, header
from kproxy.model.jsontypes import JSONObject
from kproxy.model.recording import Recording
from kproxy.session.opened import clock_time, opened
from kproxy.session.options import Options, options_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """A key's change with its ground."""

    revision: int
    type: str
    key: str
    basis: str
    evidence: str

    def as_json(self) -> JSONObject:
        """As it stands in every JSON output."""
        return {
            "revision": self.revision,
            "type": self.type,
            "key": self.key,
            "basis": self.basis,
            "evidence": self.evidence,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """One exchange as the contract's `log --json` has it; `duration_ms` is None while it goes on."""

    seq: int
    time: str
    verb: str
    method: str
    target: str
    group: str
    version: str
    resource: str
    subresource: str
    namespace: str
    name: str
    user_agent: str
    status: int | None
    duration_ms: float | None
    end: str
    end_detail: str
    fault: str
    audit_id: str
    options: Options
    caller: str
    identity: str
    forwarded: str
    changes: tuple[ChangeRow, ...]

    def as_json(self) -> JSONObject:
        """The contract's object; `path` and `query` are the target's two halves."""
        parts = urlsplit(self.target)
        return {
            "seq": self.seq,
            "time": self.time,
            "verb": self.verb,
            "method": self.method,
            "path": parts.path,
            "query": parts.query,
            "group": self.group,
            "version": self.version,
            "resource": self.resource,
            "subresource": self.subresource,
            "namespace": self.namespace,
            "name": self.name,
            "user_agent": self.user_agent,
            "status": self.status,
            "duration_ms": self.duration_ms,
            "end": self.end,
            "end_detail": self.end_detail,
            "fault": self.fault,
            "audit_id": self.audit_id,
            **self.options.as_json(),
            "caller": self.caller,
            "identity": self.identity,
            "forwarded": self.forwarded,
            "changes": [change.as_json() for change in self.changes],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkRow:
    """A named point; `seq` is the number of the exchange that comes after it."""

    seq: int
    time: str
    text: str

    def as_json(self) -> JSONObject:
        """The object of `log --json --marks`: what has a `mark` is no exchange."""
        return {"mark": self.text, "seq": self.seq, "time": self.time}


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """What the recording leaves out on purpose: the rules of --only and --exclude, and how many exchanges."""

    text: str


type Line = LogRow | MarkRow | LeftOut


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a row must be to be shown; an empty filter lets everything through. Statuses may be `4xx`."""

    verbs: frozenset[str] = frozenset()
    resources: frozenset[str] = frozenset()
    namespaces: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()
    user_agent: str = ""
    changed: bool = False

    def accept(self, row: LogRow) -> bool:
        """Whether all filters let the row through."""
        status = str(row.status) if row.status is not None else "-"
        return (
            (not self.verbs or row.verb in self.verbs)
            and (not self.resources or row.resource in self.resources)
            and (not self.namespaces or row.namespace in self.namespaces)
            and (not self.names or row.name in self.names)
            and (not self.statuses or bool({status, f"{status[0]}xx"} & self.statuses))
            and self.user_agent in row.user_agent
            and (not self.changed or bool(row.changes))
        )


def log_rows(where: str, filters: Filters) -> Iterator[LogRow]:
    """The exchanges of a recording, in the order of request heads."""
    return (row for row in log_lines(where, filters) if isinstance(row, LogRow))


def log_lines(where: str, filters: Filters) -> Iterator[Line]:
    """The same with the marks, which no filter takes away, in their places, and at the end what was left out."""
    with opened(where) as session:
        changes = _InOrder(session.ledger)
        marks = deque(mark_rows(session.recording))
        for exchange in session.recording.exchanges():
            while marks and marks[0].seq <= exchange.seq:
                yield marks.popleft()
            row = row_of(session.recording, exchange, changes.of(exchange.seq))
            if filters.accept(row):
                yield row
        yield from marks
        yield from left_out(session.recording)


def left_out(recording: Recording) -> Iterator[LeftOut]:
    """One, where rules left something out."""
    if recording.session.capture:
        yield LeftOut(text=recording.session.capture)


def mark_rows(recording: Recording) -> list[MarkRow]:
    """All named points in their order."""
    marks = sorted(recording.marks(), key=lambda mark: (mark.seq, mark.at))
    return [MarkRow(seq=mark.seq, time=clock_time(recording, mark.at), text=mark.text) for mark in marks]


def change_rows(ledger: Ledger, seq: Seq) -> tuple[ChangeRow, ...]:
    """The changes that an exchange caused, in the order of revisions."""
    return tuple(map(_change_row, ledger.by_seq.get(seq, ())))


def _change_row(ground: Attribution) -> ChangeRow:
    return ChangeRow(
        revision=ground.revision,
        type=ground.type.value,
        key=key_text(ground.key),
        basis=ground.basis.value,
        evidence=ground.evidence,
    )


class _InOrder:
    """The changes of exchanges that are asked for in the order of seq: read along, not one by one."""

    def __init__(self, ledger: Ledger) -> None:
        self._left = iter(ledger.by_seq.items())
        self._next = next(self._left, None)

    def of(self, seq: Seq) -> tuple[ChangeRow, ...]:
        """What an exchange later than the last caused."""
        while self._next is not None and self._next[0] < seq:
            self._next = next(self._left, None)
        mine = self._next is not None and self._next[0] == seq
        return tuple(map(_change_row, self._next[1])) if mine and self._next is not None else ()


def row_of(recording: Recording, exchange: Exchange, changes: tuple[ChangeRow, ...]) -> LogRow:
    """One exchange's row."""
    info, answer = exchange.info, exchange.answer
    return LogRow(
        seq=exchange.seq,
        time=clock_time(recording, exchange.started),
        verb=info.verb,
        method=exchange.request.method,
        target=exchange.request.target,
        group=info.group,
        version=info.version,
        resource=info.resource,
        subresource=info.subresource,
        namespace=info.namespace,
        name=info.name,
        user_agent=header(exchange.request.headers, "user-agent"),
        status=answer.status if answer else None,
        duration_ms=round((exchange.ended - exchange.started) / 1e6, 3) if exchange.ended is not None else None,
        end=exchange.end.value,
        end_detail=exchange.end_detail,
        fault=exchange.fault,
        audit_id=header(answer.headers, "audit-id") if answer else "",
        options=options_of(recording, exchange),
        caller=exchange.caller,
        identity=exchange.identity.value,
        forwarded=exchange.forwarded,
        changes=changes,
    )
