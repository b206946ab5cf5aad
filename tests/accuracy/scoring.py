"""Scores of the grounds `revision`, `object` and `window`, with the traced ones as the truth."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from kproxy.correlate.ledger import correlate
from kproxy.model.attribution import Basis, Ledger, LedgerEntry, Standing
from kproxy.model.etcd import key_text
from kproxy.model.exchange import Exchange, Seq
from kproxy.model.recording import Recording
from kproxy.wire.storage import key_object

HIDDEN = frozenset({Basis.TRACED, Basis.OTLP})
BY_TIME = frozenset(Basis) - {Basis.WINDOW}

OWN, SECONDARY = "the object's own key", "another key"


@dataclass(slots=True)
class Score:
    """Of the changes that have a true cause: how many a ground named, rightly and wrongly."""

    truth: int = 0
    right: dict[Basis, int] = field(default_factory=lambda: defaultdict(int))
    wrong: dict[Basis, int] = field(default_factory=lambda: defaultdict(int))
    mistakes: list[str] = field(default_factory=list)

    def add(self, other: "Score") -> None:
        """Both together."""
        self.truth += other.truth
        for basis in Basis:
            self.right[basis] += other.right[basis]
            self.wrong[basis] += other.wrong[basis]
        self.mistakes += other.mistakes


@dataclass(frozen=True, slots=True)
class Row:
    """Changes of one kind: the request's verb and resource (with its subresource), the key it wrote."""

    verb: str
    resource: str
    key: str


@dataclass(frozen=True, slots=True)
class Scores:
    """By kind; `caused`: changes outside the background with a true cause, `grounded`: those of them with a ground."""

    rows: dict[Row, Score]
    caused: int
    grounded: int
    unknown: list[str]


def score(recording: Recording) -> Scores:
    """Score a recording that has the api-server's calls."""
    truth = correlate(recording)
    without = correlate(recording, HIDDEN)
    guessed = correlate(recording, BY_TIME)
    rows: defaultdict[Row, Score] = defaultdict(Score)
    told = _Told(recording)
    caused = grounded = 0
    unknown = []
    for true, other, guess in _together(truth, without, guessed):
        if true.standing is Standing.UNATTRIBUTED:
            unknown.append(f"{true.change.revision} {key_text(true.change.key)}: {true.reason}")
        if true.attribution is None or true.attribution.basis is not Basis.TRACED:
            continue
        if true.standing is Standing.ATTRIBUTED:
            caused += 1
            grounded += other.attribution is not None
        found = rows[told.row(true, true.attribution.seq)]
        found.truth += 1
        for each in (other, guess):
            _judge(found, true, each)
    return Scores(dict(rows), caused, grounded, unknown)


def _judge(found: Score, true: LedgerEntry, other: LedgerEntry) -> None:
    if true.attribution is None or other.attribution is None:
        return
    basis, named = other.attribution.basis, other.attribution.seq
    if named == true.attribution.seq:
        found.right[basis] += 1
        return
    found.wrong[basis] += 1
    if basis is not Basis.WINDOW:
        found.mistakes.append(
            f"{true.change.revision} {key_text(true.change.key)}: #{true.attribution.seq}, not "
            f"#{named} ({basis.value}: {other.attribution.evidence})"
        )


def _together(*ledgers: Ledger) -> Iterator[tuple[LedgerEntry, LedgerEntry, LedgerEntry]]:
    first, second, third = ledgers
    yield from zip(first.entries, second.entries, third.entries, strict=True)


class _Told:
    """The exchanges, by number."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._known: dict[Seq, Exchange | None] = {}

    def row(self, entry: LedgerEntry, seq: Seq) -> Row:
        """Of which kind a change by an exchange is."""
        if seq not in self._known:
            self._known[seq] = self._recording.exchange(seq)
        exchange = self._known[seq]
        if exchange is None:
            return Row("?", "?", "?")
        info = exchange.info
        resource = f"{info.resource}.{info.group}" if info.group else info.resource
        ref = key_object(entry.change.key, self._recording.session.etcd_prefix)
        own = ref is not None and (ref.resource, ref.group) == (info.resource, info.group)
        subresource = f"/{info.subresource}" if info.subresource else ""
        return Row(info.verb, resource + subresource, OWN if own else SECONDARY)
