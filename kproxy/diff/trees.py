"""Two documents compared up to renaming, each difference at its path."""

from dataclasses import dataclass, field

from kproxy.diff.ages import SLACK, age_is_right
from kproxy.diff.findings import Findings
from kproxy.diff.inside import documents_inside
from kproxy.model.exchange import Seq
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.many import frozen_by_type
from kproxy.renaming.kinds import UUID, Kind, Owner, Place, classify, is_time
from kproxy.renaming.path import Path, depth_of, path_text
from kproxy.renaming.pseudonyms import has_pseudonym
from kproxy.renaming.renaming import Renaming
from kproxy.renaming.times import seconds
from kproxy.renaming.traces import Trace, Traces
from kproxy.renaming.unchanged import grace_of, lies_ahead
from kproxy.renaming.walk import Walker
from kproxy.wire.jsontext import MAX_DEPTH

MAX_SHOWN = 2000
"""Characters of a value that a report shows."""

CLIENTS = frozenset({("spec",), ("data",)})
"""Where in an object its client writes."""


@frozen_by_type(frozen=True, slots=True)
class SeenRevision:
    """A pair of resourceVersions: whose ("" for a list's), the two, and where."""

    scope: str
    baseline: int
    replayed: int
    where: str
    root: str
    way: Path

    @property
    def path(self) -> str:
        """The place within the part of the exchange."""
        return self.root + path_text(self.way)[1:]


@frozen_by_type(frozen=True, slots=True)
class SeenTime:
    """A pair of times that stand in an order with others, in seconds, and where."""

    seq: Seq | None
    baseline: int
    replayed: int
    where: str
    root: str
    way: Path = None

    @property
    def path(self) -> str:
        """The place within the part of the exchange."""
        return self.root + path_text(self.way)[1:]


@dataclass(frozen=True, slots=True)
class Made:
    """When both servers answered with what they had just made, by their own clocks; `slack`: how long that took."""

    baseline: int
    replayed: int
    slack: int

    def as_far(self, baseline: int, replayed: int) -> bool:
        """Whether two times lie as far ahead."""
        return abs((baseline - self.baseline) - (replayed - self.replayed)) <= self.slack


@dataclass(slots=True)
class Spot:
    """Where a pair of documents stands: exchange, part of it, path of the part; the replay's clock in seconds.

    What was seen there of revisions and times is kept for the checks of order. `made`: when, if what is answered was
    made by that request; `chosen`: by path, the times that both clients wrote into what they asked for.
    """

    seq: Seq | None
    where: str
    root: str = "$"
    now: int | None = None
    lag: int = SLACK
    revisions: list[SeenRevision] = field(default_factory=list)
    times: list[SeenTime] = field(default_factory=list)
    made: Made | None = None
    chosen: dict[str, str] = field(default_factory=dict)


class Comparer:
    """Compares pairs of documents of one exchange or key, under a settled renaming."""

    def __init__(self, renaming: Renaming, findings: Findings, spot: Spot, traces: Traces | None = None) -> None:
        self._renaming = renaming
        self._findings = findings
        self.spot = spot
        self.walker = Walker(self, renaming.common, traces, renaming.merged.text)

    def compare(self, baseline: JSON, replayed: JSON, owner: Owner | None = None) -> None:
        """Compare two documents."""
        self.walker.walk(baseline, replayed, owner)

    def leaf(self, path: Path, place: Place, baseline: JSON, replayed: JSON) -> None:
        """Compare two values."""
        self._known(path, place, classify(place, baseline, replayed), baseline, replayed)

    def traced(self, path: Path, trace: Trace) -> bool:
        """Compare the values where this was walked before."""
        if not trace.holds(self._renaming.text):
            return False
        for way, place, kind, baseline, replayed in trace.leaves:
            self._known((path, way), place, kind, baseline, replayed)
        return True

    def field(self, name: str, baseline: JSONObject, replayed: JSONObject) -> str:  # noqa: ARG002 - a Visitor
        """In the replay's words."""
        return self._renaming.field(name, replayed)

    def _known(self, path: Path, place: Place, kind: Kind | None, baseline: JSON, replayed: JSON) -> None:
        if kind is None:
            self._plain(path, place, baseline, replayed)
            return
        if kind is Kind.TIME and place.fields[:1] in CLIENTS and self._is_clients(path, str(baseline), str(replayed)):
            return
        if self.spot.where == "request" and baseline == replayed and not self._renaming.knows(kind, place, baseline):
            return  # what no server ever said is the client's own choice
        if kind is Kind.AGE:
            if not age_is_right(place, str(baseline), str(replayed), self.spot.now, self.spot.lag):
                self._differ(path, "renamed", baseline, replayed)
            return
        if kind is Kind.REVISION:
            self._revision(path, place, str(baseline), str(replayed))
        if not self._renaming.agrees(kind, place, baseline, replayed):
            self._differ(path, "renamed", baseline, replayed)
        elif kind is Kind.TIME and (baseline != replayed or self.spot.made is not None):
            self._time(path, place, str(baseline), str(replayed))

    def _is_clients(self, path: Path, baseline: str, replayed: str) -> bool:
        """Whether a time is none of the server's: both clients asked for the one that the baseline answers."""
        where = self._path(path)
        if self.spot.where == "request":
            if baseline == replayed:
                self.spot.chosen[where] = baseline
            return False
        if self.spot.chosen.get(where) != baseline or baseline == replayed:
            return False
        self._differ(path, "changed", baseline, replayed)
        return True

    def _revision(self, path: Path, place: Place, baseline: str, replayed: str) -> None:
        self.spot.revisions.append(
            SeenRevision(place.revision_scope(), int(baseline), int(replayed), self.spot.where, self.spot.root, path)
        )

    def _time(self, path: Path, place: Place, baseline: str, replayed: str) -> None:
        first, second = seconds(baseline), seconds(replayed)
        if first is None or second is None:
            return
        if lies_ahead(place):
            made = self.spot.made
            if made is not None and not made.as_far(first, second):
                self._differ(path, "renamed", baseline, replayed)
        elif baseline != replayed:
            grace, other = grace_of(place)
            seen = SeenTime(self.spot.seq, first - grace, second - other, self.spot.where, self.spot.root, path)
            self.spot.times.append(seen)

    def _plain(self, path: Path, place: Place, baseline: JSON, replayed: JSON) -> None:
        if isinstance(baseline, str) and isinstance(replayed, str):
            if same_words(self._renaming, baseline, replayed):
                return
            if (inner := documents_inside(baseline, replayed, MAX_DEPTH - depth_of(path))) is not None:
                self.walker.inside(path, place, *inner)
            else:
                kind = "renamed" if is_time(baseline) and is_time(replayed) else "changed"
                self._differ(path, kind, baseline, replayed)
        elif type(baseline) is not type(replayed) or baseline != replayed:
            self._differ(path, "changed", baseline, replayed)

    def removed(self, path: Path, place: Place, baseline: JSON) -> None:  # noqa: ARG002 - a Visitor
        """Something is not there any more."""
        self._differ(path, "removed", baseline, None)

    def added(self, path: Path, place: Place, replayed: JSON) -> None:  # noqa: ARG002 - a Visitor
        """Something is there now."""
        self._differ(path, "added", None, replayed)

    def reordered(self, path: Path, baseline: list[JSON], replayed: list[JSON]) -> None:
        """The same elements stand in another order."""
        self._differ(path, "reordered", baseline, replayed)

    def _path(self, path: Path) -> str:
        return self.spot.root + path_text(path)[1:]

    def _differ(self, path: Path, kind: str, baseline: JSON, replayed: JSON) -> None:
        self._findings.differ(
            self.spot.seq, self.spot.where, self._path(path), kind, shortened(baseline), shortened(replayed)
        )


def same_words(renaming: Renaming, baseline: str, replayed: str) -> bool:
    """Whether two texts say the same; one that names a uid, or hides a secret, must name, or hide, the other one's."""
    if baseline == replayed:
        return not (UUID.search(baseline) or has_pseudonym(baseline)) or renaming.same_text(baseline, replayed)
    return renaming.same_text(baseline, replayed)


def shortened(value: JSON) -> JSON:
    """A value for a report: bounded, so that a report of differences is no second recording."""
    if isinstance(value, str) and len(value) > MAX_SHOWN:
        return f"{value[:MAX_SHOWN]}… ({len(value)} characters)"
    if isinstance(value, dict | list) and len(text := str(value)) > MAX_SHOWN:
        return f"{text[:MAX_SHOWN]}… ({type(value).__name__} of {len(value)})"
    return value
