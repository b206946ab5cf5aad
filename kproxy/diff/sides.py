"""What a comparison has at hand: both recordings, their documents and clocks, the renaming, the findings."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kproxy.diff.clock import Clock
from kproxy.diff.documents import Documents
from kproxy.diff.findings import Findings
from kproxy.diff.trees import SeenRevision, SeenTime
from kproxy.model.etcd import KeyChange
from kproxy.model.exchange import Exchange, Frame, Seq
from kproxy.model.recording import Recording
from kproxy.renaming.renaming import Renaming


@dataclass(slots=True)
class Side:
    """One recording, as the comparison reads it."""

    recording: Recording
    exchanges: Mapping[Seq, Exchange]
    documents: Documents
    clock: Clock
    changes: Mapping[tuple[str, int], KeyChange] = field(default_factory=dict)
    """What etcd's watch saw: by uid of the stored object and revision."""

    def frames(self, seq: Seq) -> list[Frame]:
        """A stream's frames."""
        return list(self.recording.frames(seq))


@dataclass(slots=True)
class Pair:
    """Two exchanges that stand for each other, and the revisions and times that were seen in them."""

    baseline: Exchange
    replayed: Exchange
    revisions: list[SeenRevision] = field(default_factory=list)
    times: list[SeenTime] = field(default_factory=list)


@dataclass(slots=True)
class Comparison:
    """All of it. `replay`: the second recording's requests were made from the first one's."""

    baseline: Side
    replayed: Side
    renaming: Renaming
    findings: Findings
    replay: bool = False


def read_side(recording: Recording) -> Side:
    """Read a recording's exchanges."""
    exchanges = {exchange.seq: exchange for exchange in recording.exchanges()}
    return Side(recording, exchanges, Documents(recording), Clock(recording.session, exchanges.values()))
