"""A Table's age: a duration, right when it is the time since the object's creation."""

from kproxy.model.jsontypes import JSON
from kproxy.renaming.kinds import Place
from kproxy.renaming.times import age_range, seconds

SLACK = 3
"""Seconds between the server's look at its clock for the age and for the answer's Date, and its rounding."""

STREAM_SLACK = 30
"""Seconds that a watch event may have been on its way: it has no Date."""

_WORDS = frozenset({"<unknown>", "<none>", "<invalid>", ""})


def age_is_right(place: Place, baseline: str, replayed: str, now: int | None, lag: int = SLACK) -> bool:
    """Whether an age cell of the replay can stand for the baseline's.

    `now`: the replayed server's clock, or up to `lag` seconds later.
    """
    if baseline in _WORDS or replayed in _WORDS:
        return baseline == replayed
    first, second = age_range(baseline), age_range(replayed)
    if first is None or second is None:
        return baseline == replayed
    created = _created(place.replayed.get("object"))
    if place.column != "Age" or created is None or now is None:
        return True
    least, most = second
    return least - SLACK <= now - created <= most + lag


def _created(row_object: JSON) -> int | None:
    metadata = row_object.get("metadata") if isinstance(row_object, dict) else None
    created = metadata.get("creationTimestamp") if isinstance(metadata, dict) else None
    return seconds(created) if isinstance(created, str) else None
