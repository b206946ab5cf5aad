"""What a comparison has at hand: both recordings, their documents and clocks, the renaming, the findings."""

from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass, field

from kproxy.diff.clock import Clock
from kproxy.diff.documents import Documents
from kproxy.diff.findings import Findings
from kproxy.diff.gaps import ends_short
from kproxy.diff.history import KeyHistory
from kproxy.diff.moments import Moments, moments_of
from kproxy.diff.short import InPart, InShort
from kproxy.diff.trees import SeenRevision, SeenTime
from kproxy.model.exchange import Exchange, Frame, Seq
from kproxy.model.recording import Recording
from kproxy.renaming.renaming import Renaming
from kproxy.renaming.traces import Traces


@dataclass(slots=True)
class Side:
    """One recording, as the comparison reads it."""

    recording: Recording
    documents: Documents
    clock: Clock
    history: KeyHistory
    _short: bool | None = None

    @property
    def ends_short(self) -> bool:
        """Whether what went on at the end of the recording may lack the rest."""
        if self._short is None:
            self._short = ends_short(self.recording)
        return self._short

    def frames(self, seq: Seq) -> list[Frame]:
        """A stream's frames."""
        return list(self.recording.frames(seq))


@dataclass(slots=True)
class Pair:
    """Two exchanges that stand for each other, and the revisions and times that were seen in them.

    `chosen`: by path, the times that both clients wrote into what they asked for. `known_by`: what it is known by what
    its answers tell, once that was asked for (kproxy.diff.atonce). `in_part`: what of two streams need not be compared,
    `spared`: what is known of that, where it was not.
    """

    baseline: Exchange
    replayed: Exchange
    revisions: list[SeenRevision] = field(default_factory=list)
    times: list[SeenTime] = field(default_factory=list)
    chosen: dict[str, str] = field(default_factory=dict)
    known_by: Hashable = None
    in_part: InPart | None = None
    spared: InShort | None = None
    _moments: Moments | None = None

    @property
    def moments(self) -> Moments:
        """When both were under way."""
        if self._moments is None:
            self._moments = moments_of(self.baseline, self.replayed)
        return self._moments


@dataclass(slots=True)
class Comparison:
    """All of it. `replay`: the second recording's requests were made from the first one's.

    `early`: watches of the baseline's that the replay's server ended, long before their client left them there.
    `step`: called for each exchange that is done. `known_before`: the greatest revision of the replay's that was known
    when an exchange of it began. `matched`: of each watch that lacks events the index of the last one that it does not.
    """

    baseline: Side
    replayed: Side
    renaming: Renaming
    findings: Findings
    replay: bool = False
    early: Collection[int] = ()
    traces: Traces = field(default_factory=Traces)
    step: Callable[[], None] = lambda: None
    known_before: Callable[[Exchange], int] = lambda _: 0
    matched: dict[Seq, int] = field(default_factory=dict)


def is_itself(of: Comparison, pair: Pair) -> bool:
    """Whether a recording is compared with itself: then even what was not kept is the same."""
    same_session = of.baseline.recording.session.id == of.replayed.recording.session.id
    return same_session and pair.baseline == pair.replayed


def read_side(recording: Recording) -> Side:
    """A recording, of which nothing has been read yet."""
    documents = Documents(recording)
    return Side(recording, documents, Clock(recording.session), KeyHistory(recording, documents))
