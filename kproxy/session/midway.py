"""A slice that begins later than its session: what the server held then, where the recording knows etcd's history.

The start state is the session's; with what changed since until the slice's first request it is the slice's. Of a server
that was found unused when the session began, what it held later is what the session changed; of others nobody knows.
"""

from collections.abc import Container, Iterator, Mapping
from dataclasses import replace
from functools import cached_property

from kproxy.model.attribution import LedgerEntry, Standing
from kproxy.model.etcd import ClusterId, EtcdKey, EtcdStore, KeyChange, Revision
from kproxy.model.exchange import Body, BodyState, Exchange, Nanos, Seq
from kproxy.model.recording import Recording
from kproxy.model.session import Gap, Session
from kproxy.model.start import StartEntry, StartKey
from kproxy.replay.slices import Part, Slice
from kproxy.session.opened import Opened


class Midway(Part):
    """A part whose start state is that of the revision `at` of each etcd; satisfies Recording."""

    def __init__(self, whole: Opened, keeps: Container[Exchange], at: dict[ClusterId, Revision]) -> None:
        super().__init__(whole.recording, keeps)
        self._opened = whole
        self.at = at

    @property
    def session(self) -> Session:
        """The whole's header, but for the revision at which it begins."""
        header = self.whole.session
        own = self.at.get(header.server.etcd_cluster) if header.server.etcd_cluster is not None else None
        return replace(header, etcd_start=header.etcd_start if own is None else own, start_state="etcd")

    def etcds(self) -> Iterator[EtcdStore]:
        """The whole's, from there on."""
        return (replace(each, start=self.at.get(each.cluster, each.start)) for each in super().etcds())

    def start_state(self) -> Iterator[StartEntry]:
        """What was there then."""
        return iter(self._state)

    @cached_property
    def _state(self) -> list[StartKey]:
        held = {(each.cluster, each.key): each for each in self.whole.start_state() if isinstance(each, StartKey)}
        seconds = {(each.cluster, each.lease): each.ttl for each in held.values() if each.lease}
        for entry in self._opened.ledger.entries:
            change = entry.change
            if entry.standing is not Standing.BEFORE and change.revision <= self.at.get(change.cluster, 0):
                _take(held, change, seconds)
        return list(held.values())


def _take(
    held: dict[tuple[ClusterId, EtcdKey], StartKey], change: KeyChange, seconds: dict[tuple[ClusterId, int], int]
) -> None:
    place = change.cluster, change.key
    if change.type == "DELETE":
        held.pop(place, None)
        return
    ttl = seconds.get((change.cluster, change.lease), 0)
    held[place] = StartKey(
        cluster=change.cluster,
        key=change.key,
        value=change.value or Body(state=BodyState.LOST, size=0),
        create_revision=change.create_revision,
        mod_revision=change.revision,
        version=change.version,
        lease=change.lease if ttl else 0,  # how long one was granted for that came later nobody was told
        ttl=ttl,
    )


def began(recording: Recording, of: Slice) -> tuple[Nanos, Seq] | None:
    """When the first request of a slice came that begins later than its session; None: it begins with it."""
    if of.begins is None and of.first is None:
        return None
    first = next(iter(recording.exchanges()), None)
    for exchange in recording.exchanges():
        if (of.begins is None or exchange.started >= of.begins) and (of.first is None or exchange.seq >= of.first):
            return None if first is None or exchange.seq == first.seq else (exchange.started, exchange.seq)
    return None


def revisions_at(whole: Opened, moment: Nanos, seq: Seq) -> dict[ClusterId, Revision] | None:
    """Each etcd's last revision before a request; None where the recording does not know what there was.

    Not before what that request or a later one wrote; and not behind what was seen only later, unless an earlier
    request wrote it.
    """
    recording = whole.recording
    found = {each.cluster: each.start for each in recording.etcds() if each.start is not None}
    if recording.session.start_state not in {"unused", "etcd"} or recording.session.etcd_start is None:
        return None
    if any(each.cluster not in found for each in recording.etcds()):
        return None
    if any(_is_of_the_session(gap, found, recording.session) for gap in recording.gaps()):
        return None
    closed: set[ClusterId] = set()
    for entry in whole.ledger.entries:
        cluster = entry.change.cluster
        if entry.standing is Standing.BEFORE or cluster in closed:
            continue
        if _comes_before(entry, moment, seq):
            found[cluster] = max(found.get(cluster, Revision(0)), entry.change.revision)
        elif entry.attribution is not None:
            closed.add(cluster)
    return found


def _is_of_the_session(gap: Gap, starts: Mapping[ClusterId, Revision], session: Session) -> bool:
    """Whether what a gap lacks may be of the start state or later; not of the history before the session alone."""
    if gap.kind != "etcd":
        return gap.kind == "start"
    start = starts.get(gap.cluster, session.etcd_start or Revision(0))
    return gap.last_revision is None or gap.last_revision > start


def _comes_before(entry: LedgerEntry, moment: Nanos, seq: Seq) -> bool:
    if entry.attribution is not None:
        return entry.attribution.seq < seq
    return entry.change.at <= moment
