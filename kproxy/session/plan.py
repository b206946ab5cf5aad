"""`kproxy replay --dry-run`: what would be sent, in order, and what each step would wait for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kproxy.model.exchange import Exchange, Seq
from kproxy.model.jsontypes import JSONObject
from kproxy.model.recording import Recording
from kproxy.replay.grounds import words
from kproxy.replay.ownchanges import Settle
from kproxy.replay.plan import Action, Await, Close, Grounded, LeaveOut, Send, make_plan
from kproxy.replay.written import Written
from kproxy.session.opened import opened
from kproxy.session.restore import count_of
from kproxy.session.slices import ALL, SliceWish, slice_notes, sliced


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """That a step waits for another one: its number, and why."""

    step: int
    ground: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """One step. `what`: send, await, close, settle or leave out; `seq`: its exchange's, None: it stands at none."""

    number: int
    what: str
    seq: Seq | None
    verb: str
    target: str
    detail: str
    waits: tuple[Wait, ...]

    def as_json(self) -> JSONObject:
        """The object of `--dry-run-as json`."""
        return {
            "number": self.number,
            "what": self.what,
            "seq": self.seq,
            "verb": self.verb,
            "target": self.target,
            "detail": self.detail,
            "after": [{"number": wait.step, "ground": wait.ground} for wait in self.waits],
        }


def planned(
    where: str,
    wish: SliceWish = ALL,
    tell: Callable[[str], None] = lambda _: None,
    *,
    fold: bool = True,
    restored: bool = True,
) -> Iterator[PlanRow]:
    """The steps of a recording's replay, with all their waits, however far back; `tell` hears what a slice leaves out.

    `restored`: the start state would be, and is counted.
    UsageError for a slice that is none.
    """
    with opened(where) as whole:
        session = sliced(whole, wish)
        for note in slice_notes(session, wish, restored=restored):
            tell(note)
        recording = session.recording
        written = Written(session.ledger, recording.session.server.etcd_cluster)
        plan = make_plan(recording, written, reach=None, fold=fold)
        if plan.folded:
            tell(f"{len(plan.folded)} reads of polling loops only repeat a state, and would not be sent")
        if restored and recording.session.has_start and (before := count_of(recording)):
            tell(f"about {before} objects of the start state would be made before")
        for grounded in plan.grounded():
            yield _row(recording, grounded)


def _row(recording: Recording, grounded: Grounded) -> PlanRow:
    step = grounded.step
    seq = None if isinstance(step.action, Settle) else step.action.seq
    exchange = None if seq is None else recording.exchange(seq)
    what, detail = _action(step.action, exchange)
    return PlanRow(
        number=step.number,
        what=what,
        seq=seq,
        verb=(exchange.info.verb or exchange.request.method) if exchange else "",
        target=exchange.request.target if exchange else "",
        detail=detail,
        waits=tuple(Wait(step=number, ground=words(ground)) for number, ground in sorted(grounded.waits.items())),
    )


def _action(action: Action, exchange: Exchange | None) -> tuple[str, str]:
    match action:
        case Send():
            status = exchange.answer.status if exchange and exchange.answer else None
            shown = "" if status is None else str(status)
            return "send", f"{shown}, again until its state is as recorded" if action.polls else shown
        case Await():
            return "await", f"{action.events} events"
        case Close():
            return "close", f"after {action.events} events" if action.by_client else "when the server ends it"
        case LeaveOut():
            return "leave out", action.reason
        case Settle():
            return "settle", f"{action.group}/{action.name}" + ("" if action.version else " is gone")
