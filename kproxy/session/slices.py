"""Which slice of a session is replayed, as people name it, and the recording of that slice."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice

from kproxy.errors import UsageError
from kproxy.model.attribution import Ledger
from kproxy.model.exchange import Nanos, Seq
from kproxy.model.recording import Recording
from kproxy.model.session import Mark
from kproxy.replay.needs import needs
from kproxy.replay.people import People
from kproxy.replay.slices import Kept, Part, Slice, part_of
from kproxy.session.midway import Midway, began, revisions_at
from kproxy.session.opened import Opened, started_at
from kproxy.session.partledger import changes_of

_LONGEST = 10.0**12
"""Seconds of an offset at most."""

_NAMED = 20
"""Things left out that are named one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceWish:
    """What the command line says of a slice; `words` of options are kept as they were given."""

    begins: str | None = None
    ends: str | None = None
    from_mark: str | None = None
    to_mark: str | None = None
    clients: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    people: People | None = None

    def __str__(self) -> str:
        """As options: `--from 10 --client kubectl`."""
        single = (
            ("--from", self.begins),
            ("--to", self.ends),
            ("--from-mark", self.from_mark),
            ("--to-mark", self.to_mark),
        )
        words = [f"{option} {value}" for option, value in single if value is not None]
        for option, values in (("--client", self.clients), ("--namespace", self.namespaces), ("--verb", self.verbs)):
            words += [f"{option} {value}" for value in values]
        if self.people is not None:
            words += ["--drive people", *(f"--drive-client {each}" for each in self.people.driven)]
            words += [f"--leave-client {each}" for each in self.people.left]
        return " ".join(words)


ALL = SliceWish()


def slice_of(recording: Recording, wish: SliceWish) -> Slice:
    """The slice that is wished. UsageError for a time that is none, or a mark that is not there."""
    marks = sorted(recording.marks(), key=lambda mark: (mark.seq, mark.at))
    first = _mark(marks, wish.from_mark, "--from-mark")
    after = [mark for mark in marks if first is None or (mark.seq, mark.at) > (first.seq, first.at)]
    last = _mark(after, wish.to_mark, "--to-mark")
    return Slice(
        begins=_time(recording, wish.begins, "--from"),
        ends=_time(recording, wish.ends, "--to"),
        first=first.seq if first is not None else None,
        last=last.seq if last is not None else None,
        clients=wish.clients,
        namespaces=wish.namespaces,
        verbs=wish.verbs,
        people=wish.people,
    )


def _mark(marks: Sequence[Mark], text: str | None, option: str) -> Mark | None:
    if text is None:
        return None
    found = next((mark for mark in marks if mark.text == text), None)
    if found is None:
        there = ", ".join(dict.fromkeys(repr(mark.text) for mark in marks[:_NAMED])) or "none"
        raise UsageError(f"{option} {text!r} is no mark of this recording at such a place; there are: {there}")
    return found


def _time(recording: Recording, words: str | None, option: str) -> Nanos | None:
    """Seconds since the session's start, or RFC 3339."""
    if words is None:
        return None
    try:
        seconds = float(words.removeprefix("+").removesuffix("s"))
    except ValueError:
        seconds = _clock_seconds(recording, words, option)
    if not -_LONGEST < seconds < _LONGEST:
        raise UsageError(f"{option} {words!r} is no time of this session; `kproxy log --json` shows its times")
    return Nanos(int(seconds * 1e9))


def _clock_seconds(recording: Recording, words: str, option: str) -> float:
    try:
        moment = datetime.fromisoformat(words)
    except ValueError as error:
        raise UsageError(
            f"{option} {words!r} is neither seconds since the start such as 12.5 nor a time such as "
            "2026-11-23T12:00:00Z"
        ) from error
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment - started_at(recording)).total_seconds()


@dataclass(frozen=True)
class _OpenedPart(Opened):
    """A part of an opened recording, with what its own exchanges changed of the whole's ledger."""

    whole: Opened | None = None

    @cached_property
    def ledger(self) -> Ledger:
        """Every change that an exchange of the part made."""
        ledger = super().ledger if self.whole is None else self.whole.ledger
        return changes_of(ledger, self.recording.seqs) if isinstance(self.recording, Part) else ledger


def sliced(whole: Opened, wish: SliceWish) -> Opened:
    """An opened recording's slice; all of it where nothing is wished. UsageError if nothing would be left."""
    if wish == ALL:
        return whole
    of = slice_of(whole.recording, wish)
    part = part_of(whole.recording, of)
    begun = began(whole.recording, of)
    if begun is not None and (at := revisions_at(whole, *begun)) is not None:
        part = Midway(whole, Kept(of), at)
    if next(part.exchanges(), None) is None:
        raise UsageError(f"the slice {wish} of this recording holds no exchange; `kproxy log` shows what there is")
    return _OpenedPart(part, kept=whole.kept, whole=whole)


def begun_with(whole: Opened, wish: SliceWish) -> Recording:
    """The recording whose start state the target is to have: the slice, where it begins later than its session."""
    part = sliced(whole, wish).recording
    return part if isinstance(part, Midway) else whole.recording


def slice_notes(session: Opened, wish: SliceWish, *, restored: bool = True) -> Iterator[str]:
    """What a slice leaves out: a sentence on it, and one for each thing outside that it needs, as many as one reads.

    `restored`: the target is given the start state; else nothing is there that the slice does not make.
    """
    part = session.recording
    if not isinstance(part, Part):
        return
    whole = sum(1 for _ in part.whole.exchanges())
    yield f"only a slice was replayed and compared ({wish}): {len(part.seqs)} of {whole} exchanges"
    begun = began(part.whole, slice_of(part.whole, wish)) if restored else None
    if begun is not None:
        yield from _start_notes(part)
    if wish.people is not None:
        return  # what controllers made is made again by those of the target
    since = begun[1] if begun is not None and isinstance(part, Midway) else Seq(0)  # what was before is there
    found = needs(part.whole, lambda exchange: exchange.seq in part.seqs, since)
    for need in islice(found, _NAMED):
        yield f"the slice leaves out what it needs: {need}"
    if more := sum(1 for _ in found):
        yield f"the slice leaves out {more} more things that it needs"


def _start_notes(part: Part) -> Iterator[str]:
    session = part.session
    if isinstance(part, Midway):
        yield f"the start state is the one that the slice began with: etcd at {_revisions(part)}"
    elif session.start_state:
        yield "the start state is the session's, not the slice's: the recording does not have all of etcd's history"
    elif session.etcd_start is not None:
        yield "nothing is restored, not the slice's start state: the recording does not say what the server held before"


def _revisions(part: Midway) -> str:
    own = part.session.etcd_start
    others = sum(1 for each in part.etcds() if each.start != own)
    return f"revision {own}" + (f", and {others} others" if others else "")
