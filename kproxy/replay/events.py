"""What the engine says as it goes, in the past tense; cli renders it."""

from dataclasses import dataclass

from kproxy.model.etcd import EtcdKey
from kproxy.model.exchange import Seq
from kproxy.model.many import frozen_by_type


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayStarted:
    """The plan is made: how many requests will be sent, how many of them write, and how many are left out."""

    requests: int
    writes: int
    left_out: int


@frozen_by_type(frozen=True, slots=True, kw_only=True)
class RequestSent:
    """A request went out, for the first time or `again` so often."""

    seq: Seq
    replayed: Seq
    method: str
    target: str
    again: int = 0


@frozen_by_type(frozen=True, slots=True, kw_only=True)
class AnswerReceived:
    """Its answer's head came (of a watch), or all of it. `recorded`: the recording's status, None: it had none."""

    seq: Seq
    status: int
    recorded: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttled:
    """The target refused a request for now (429): it is sent again, for the `times`th time, in so many seconds."""

    seq: Seq
    seconds: float
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFailed:
    """No answer came; the recording of the replay has the reason too."""

    seq: Seq
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLeftOut:
    """A request was not sent, and why."""

    seq: Seq
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Something has not come that had come in the recording; `what`: a part of a sentence."""

    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchEnded:
    """A watch is over: how many events came, how many had come in the recording."""

    seq: Seq
    events: int
    recorded: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StateNotReached:
    """A read that was repeated until it showed the recorded state never did; the last answer counts."""

    seq: Seq
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitedInVain:
    """A stream had not delivered by `seconds` what it had in the recording when this step was taken.

    `events`: of a watch; of an upgraded connection bytes.
    """

    seq: Seq
    events: int
    recorded: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSettled:
    """The target's etcd has not come by `seconds` to where the recorded one was; no such thing is awaited any more."""

    key: EtcdKey
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayEnded:
    """All was sent."""

    requests: int


type ReplayEvent = (
    ReplayStarted
    | RequestSent
    | AnswerReceived
    | Throttled
    | RequestFailed
    | RequestLeftOut
    | Waiting
    | WatchEnded
    | StateNotReached
    | WaitedInVain
    | NotSettled
    | ReplayEnded
)
