"""The ground `lease`: the key's lease ended, and etcd took away all that lay under it in one revision.

Nobody asks for that: the change goes to the exchange that put the key under its lease. That several keys of one lease
went in one revision is proof, as the api-server deletes one key in a revision; of a single key it is one only where the
api-server's calls were read and none of them deleted it.
"""

from collections import Counter
from collections.abc import Iterable

from kproxy.correlate.changes import Changes, Place
from kproxy.correlate.claims import CallNote, Claims
from kproxy.model.attribution import Basis


def claim_leases(changes: Changes, claims: Claims, *, with_calls: bool) -> None:
    """Lay claim to what went with a lease and has no better ground."""
    revision, together = range(0), Counter[int]()
    for place in changes.places():
        if not changes.is_delete(place) or changes.is_past(place) or not claims.is_free(place):
            continue
        put = changes.before(place)
        lease = changes.lease(put) if put is not None else 0
        if put is None or not lease or claims.notes[place] == CallNote.STRANGER:
            continue
        if place not in revision:
            revision = changes.in_revision(changes.cluster(place), changes.revision(place))
            together = _ended(changes, map(Place, revision))
        alone = with_calls and not claims.calls[place]
        seq = claims.seq(put)
        if seq and (together[lease] > 1 or alone or claims.notes[place] == CallNote.NO_TRACE):
            evidence = f"lease {lease:x} ended, under which this exchange had put the key at {changes.revision(put)}"
            more = f", with {together[lease] - 1} more of its keys" if together[lease] > 1 else ""
            claims.claim(place, Basis.LEASE, seq, evidence + more)


def _ended(changes: Changes, places: Iterable[Place]) -> Counter[int]:
    """How many keys of each lease were deleted there."""
    puts = (changes.before(place) for place in places if changes.is_delete(place))
    return Counter(changes.lease(put) for put in puts if put is not None)
