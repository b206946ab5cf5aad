"""Learning: a recorded answer beside a replayed one tells what the server chose."""

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.renaming.kinds import UUID, Kind, Owner, Place, classify
from kproxy.renaming.path import Path
from kproxy.renaming.pseudonyms import has_pseudonym, pseudonyms_in
from kproxy.renaming.renaming import Renaming
from kproxy.renaming.traces import Trace, Traces
from kproxy.renaming.walk import Walker


class Learner:
    """Learns from pairs of documents, in their order. `weight`: how often each was seen."""

    def __init__(
        self, renaming: Renaming, traces: Traces | None = None, *, known_only: bool = False, weight: int = 1
    ) -> None:
        """`known_only`: of lists only objects whose names are known teach anything."""
        self._renaming = renaming
        self._weight = weight
        self.revisions: list[tuple[str, int, int]] = []
        """Those that were seen: whose ("" for a list's), the baseline's, the replay's."""
        self.walker = Walker(self, renaming.common, traces, renaming.merged.text, known_only=known_only)

    def learn(self, baseline: JSON, replayed: JSON, owner: Owner | None = None) -> None:
        """What two answers, or events of one stream, or stored values tell; `owner`: what they do not say of theirs."""
        self.walker.walk(baseline, replayed, owner)

    def leaf(self, path: Path, place: Place, baseline: JSON, replayed: JSON) -> None:  # noqa: ARG002 - a Visitor
        """Learn what the server chose at a place."""
        self._known(place, classify(place, baseline, replayed), baseline, replayed)

    def traced(self, path: Path, trace: Trace) -> bool:  # noqa: ARG002 - a Visitor
        """Learn what the server chose where this was walked before."""
        if not trace.holds(self._renaming.text):
            return False
        for _, place, kind, baseline, replayed in trace.leaves:
            self._known(place, kind, baseline, replayed)
        return True

    def field(self, name: str, baseline: JSONObject, replayed: JSONObject) -> str:  # noqa: ARG002 - a Visitor
        """In the replay's words."""
        return self._renaming.field(name, replayed)

    def _known(self, place: Place, kind: Kind | None, baseline: JSON, replayed: JSON) -> None:
        if kind is not None:
            self._renaming.learn(kind, place, baseline, replayed, self._weight)
            if kind is Kind.REVISION:
                self.revisions.append((place.revision_scope(), int(str(baseline)), int(str(replayed))))
        elif (
            isinstance(baseline, str)
            and isinstance(replayed, str)
            and (
                baseline != replayed or has_pseudonym(baseline)
            )  # equal in a replay, which sends it: a vote like others
        ):
            learn_text(self._renaming, baseline, replayed, self._weight)

    def removed(self, path: Path, place: Place, baseline: JSON) -> None:
        """Nothing to learn."""

    def added(self, path: Path, place: Place, replayed: JSON) -> None:
        """Nothing to learn."""

    def reordered(self, path: Path, baseline: list[JSON], replayed: list[JSON]) -> None:
        """Nothing to learn."""


def learn_text(renaming: Renaming, baseline: str, replayed: str, weight: int = 1) -> None:
    """Uids and pseudonyms inside two texts, when both have as many; `weight`: how often they were seen."""
    for kind, found, other in (
        (Kind.UID, UUID.findall(baseline), UUID.findall(replayed)),
        (Kind.PSEUDONYM, pseudonyms_in(baseline), pseudonyms_in(replayed)),
    ):
        if len(found) == len(other):
            for a, b in zip(found, other, strict=True):
                renaming.learn_name(kind, a, b, weight)
