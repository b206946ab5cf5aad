"""Recorded conflicts (409) that do not come back: whether the other writer was there to make them. Pure.

A conflict is an outcome like any other, as long as whoever it was with is replayed, too. Where nobody who wrote the
object before it was (left out, sliced away, not part of the recording), its absence says nothing of the server.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from kproxy.model.api import WRITE_VERBS, ObjectRef
from kproxy.model.exchange import Exchange, Seq
from kproxy.model.recording import Recording
from kproxy.replay.effects import group_of, ref_of
from kproxy.replay.sights import CONFLICT, Sight, sight


@dataclass(frozen=True, slots=True)
class Conflict:
    """A recorded one. `ref`: the object; `wanted`: the resourceVersion that the request insisted on, 0: none."""

    exchange: Exchange
    ref: ObjectRef
    wanted: int = 0


def conflict_of(recording: Recording, exchange: Exchange) -> Conflict | None:
    """The conflict that an exchange was answered with; None: none, or of no object."""
    if exchange.answer is None or exchange.answer.status != CONFLICT:
        return None
    found = sight(recording, exchange)
    ref = found.ref if found is not None else ref_of(exchange, exchange.info.name)
    return Conflict(exchange, ref, found.wanted if found is not None else 0) if ref is not None else None


def excuses(
    recording: Recording, conflicts: Collection[Conflict], sent: Mapping[Seq, int]
) -> Iterator[tuple[Seq, str]]:
    """What cannot be held against the server, and why: conflicts without their other writer, and what they led to.

    `conflicts`: those that did not come back; `sent`: what was.
    """
    excused = _without_writer(recording, conflicts, sent)
    if not excused:
        return
    for each in excused:
        yield each.exchange.seq, "its conflict (409) was with a writer that is not replayed"
    for exchange in recording.exchanges():
        for each in excused:
            if exchange.seq != each.exchange.seq and _sees(exchange, each):
                yield (
                    exchange.seq,
                    f"{each.ref} was written by exchange {each.exchange.seq}, which the recorded server refused",
                )
                break


def _sees(exchange: Exchange, conflict: Conflict) -> bool:
    """Whether a request may have seen the object after the conflict."""
    info, ref = exchange.info, conflict.ref
    return (exchange.ended is None or exchange.ended > conflict.exchange.started) and (
        (group_of(exchange), info.resource) == (ref.group, ref.resource)
        and info.namespace in {"", ref.namespace, ref.name if ref.resource == "namespaces" else ref.namespace}
        and info.name in {"", ref.name}
        and not (info.verb == "create" and not info.name)
    )


def _without_writer(recording: Recording, conflicts: Collection[Conflict], sent: Mapping[Seq, int]) -> list[Conflict]:
    """Those whose other writer was not sent, in one pass through the writes."""
    if not conflicts:
        return []
    left = {each.exchange.seq: each for each in conflicts}
    objects = {each.ref for each in conflicts}
    for exchange in recording.exchanges(WRITE_VERBS):
        if exchange.answer is None or exchange.answer.status >= 300 or exchange.seq not in sent:
            continue
        if exchange.info.name and ref_of(exchange, exchange.info.name) not in objects:
            continue  # only a creation has to be looked into for its name
        written = sight(recording, exchange)
        for seq, each in list(left.items()):
            if written is not None and _may_have_made(each, written):
                del left[seq]
    return list(left.values())


def _may_have_made(conflict: Conflict, written: Sight) -> bool:
    if written.ref not in {None, conflict.ref}:
        return False
    if written.exchange.started >= (conflict.exchange.ended or conflict.exchange.started):
        return False
    return not conflict.wanted or not written.revision or written.revision > conflict.wanted
