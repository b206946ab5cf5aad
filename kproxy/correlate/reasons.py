"""Why a change has no ground, in a sentence: what is known of who wrote it, or what is missing."""

from bisect import bisect_right
from collections.abc import Sequence

from kproxy.correlate.changes import Changes, Place
from kproxy.correlate.claims import CallNote, Claims
from kproxy.correlate.values import Values
from kproxy.correlate.window import Windows
from kproxy.model.exchange import Nanos, Seq
from kproxy.model.recording import Recording
from kproxy.model.session import Gap
from kproxy.wire.storage import key_object

_NEAR = 5_000_000_000
"""Nanoseconds around a gap whose extent is not known."""
_NAMED = 3
"""Exchanges that a sentence names."""


class Reasons:
    """Asked about changes without a ground, one by one."""

    def __init__(  # noqa: PLR0913, PLR0917 - what is known of a change
        self,
        recording: Recording,
        changes: Changes,
        values: Values,
        claims: Claims,
        windows: Windows,
        known: frozenset[str],
        *,
        with_calls: bool,
    ) -> None:
        self._recording = recording
        self._changes = changes
        self._values = values
        self._claims = claims
        self._windows = windows
        self._known = known  # field managers of the recording's writes
        self._with_calls = with_calls
        self._gaps = _Stretches(recording)

    def of(self, place: Place) -> str:
        """The best that can be said."""
        if told := self._at_once(place):
            return told
        call, note = self._claims.calls[place], CallNote(self._claims.notes[place])
        manager = ", ".join(sorted(self._values.managers(place) - {""}))
        if note is CallNote.STRANGER:
            told = f" (the object's managedFields name {manager})" if manager else ""
            who = "by another client than kproxy's, or in a trace of the api-server's own"
            return f"{who}: call {call} to etcd has a trace that is of no exchange{told}"
        if note is CallNote.AMBIGUOUS:
            return f"call {call} to etcd has a client's trace, which other requests may have, too"
        if (gap := self._gaps.around(self._changes.seen(place))) is not None:
            return f"in a gap of the recording: {gap}"
        if note is CallNote.NO_TRACE and (not manager or manager == "kube-apiserver"):
            return f"written by the api-server's own loop: call {call} to etcd has no trace"
        return self._without_call(place, manager, call)

    def _at_once(self, place: Place) -> str:
        """Which requests that went on at the same time nothing tells apart, "" where it is not that."""
        if (disputed := self._claims.disputed.get(place)) is not None:
            return f"#{disputed[0]} and #{disputed[1]} went on at the same time, and both answered this revision"
        if (several := self._claims.contested.get(place)) is not None:
            return f"{_named(several)} went on at the same time, and each may have done this to the object"
        return ""

    def _without_call(self, place: Place, manager: str, call: int) -> str:
        if manager == "kube-apiserver":
            return "written by the api-server's own loop: the object's managedFields name kube-apiserver"
        if manager and not set(manager.split(", ")) & self._known:
            return f"by another client than kproxy's: the object's managedFields name {manager}"
        if call:
            told = f", and managedFields name {manager}" if manager else ""
            return (
                f"by the api-server's own loop, or another client than kproxy's: call {call} to etcd has no trace{told}"
            )
        put = self._changes.before(place)
        if self._changes.is_delete(place) and put is not None and self._changes.lease(put):
            return f"its lease {self._changes.lease(put):x} may have ended; who put it under that is not known"
        if self._with_calls:
            return (
                "no call of the api-server's that was read wrote it: another client of etcd did, or a call was missed"
            )
        return self._by_time(place, manager)

    def _by_time(self, place: Place, manager: str) -> str:
        ref = key_object(self._changes.keys[place], self._recording.session.etcd_prefix)
        around = self._windows.around(ref, self._changes.seen(place)) if ref is not None else []
        told = f"; managedFields name {manager}" if manager else ""
        if around:
            return f"one of several requests at the same time, whose answers do not tell: {_named(around)}{told}"
        return f"no request of the recording named this object at that time{told}"


def _named(seqs: Sequence[Seq]) -> str:
    return ", ".join(f"#{seq}" for seq in seqs[:_NAMED]) + (", …" if len(seqs) > _NAMED else "")


class _Stretches:
    """When exchanges were lost, as far as that is known."""

    def __init__(self, recording: Recording) -> None:
        gaps = [gap for gap in recording.gaps() if gap.kind == "exchanges"]
        self._stretches = sorted((*_extent(recording, gap), gap.reason) for gap in gaps)

    def around(self, seen: Nanos) -> str | None:
        """Why exchanges are missing at a moment, None where none are."""
        last = bisect_right(self._stretches, int(seen), key=lambda each: each[0])
        return next((reason for _, end, reason in self._stretches[:last] if seen <= end), None)


def _extent(recording: Recording, gap: Gap) -> tuple[int, int]:
    before = recording.exchange(gap.first_seq) if gap.first_seq else None
    after = recording.exchange(gap.last_seq) if gap.last_seq else None
    return (
        before.started if before is not None else gap.at - _NEAR,
        after.started if after is not None else gap.at + _NEAR,
    )
