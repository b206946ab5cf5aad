"""Who caused each change of a soak's keys, by the calls to etcd alone: what the ledger is held against.

docs/correlation.md says what counts as caused by clients. All clients of a soak go through kproxy, but the lab's own
probe, which makes sure of the server before.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from kproxy.lab.users import PROBE
from kproxy.model.api import ObjectRef
from kproxy.model.attribution import Basis, LedgerEntry, Standing
from kproxy.model.etcd import EtcdCall, EtcdKey, Operation, Revision
from kproxy.model.recording import Recording
from tests.controlplane.soak.join import ITSELF, LOOPBACK

WRITERS = ("KV/Txn", "KV/Put", "KV/DeleteRange", "Lease/LeaseRevoke")
GROUNDS = frozenset({Basis.TRACED, Basis.REVISION, Basis.OBJECT})
"""Those that count; `window` is a guess."""


class Cause(StrEnum):
    """Whose a change is."""

    CLIENT = "client"  # its call has the trace of a request of ours, or no call is known
    SERVER = "server"  # its call has no trace
    AROUND = "around"  # its call has a trace that is not ours


@dataclass(frozen=True, slots=True)
class Caused:
    """A change outside the background, and whose it is."""

    entry: LedgerEntry
    cause: Cause

    @property
    def is_of_clients(self) -> bool:
        """Whether a client caused it. What is allocated for a request goes without its trace; the object tells."""
        attribution = self.entry.attribution
        return self.cause is Cause.CLIENT or (attribution is not None and attribution.basis in GROUNDS)

    @property
    def has_ground(self) -> bool:
        """Whether the ledger says by more than time which request it was."""
        attribution = self.entry.attribution
        return attribution is not None and attribution.basis in GROUNDS

    def __str__(self) -> str:
        change, attribution = self.entry.change, self.entry.attribution
        told = self.entry.reason if attribution is None else f"{attribution.basis} #{attribution.seq}"
        return f"{change.revision} {change.type} {change.key.decode()}: {self.cause}; {told}"


def causes(recording: Recording, entries: Iterator[LedgerEntry]) -> Iterator[Caused]:
    """All of the session, without the background's."""
    ours = {trace for _, trace, _ in recording.traces()}
    traces: dict[tuple[Revision, EtcdKey], str] = {}
    for call in recording.etcd_calls(WRITERS):
        traces |= {(call.revision, key): call.trace_id for key in written(call)}
    for entry in entries:
        if entry.standing not in {Standing.BACKGROUND, Standing.BEFORE}:
            trace = traces.get((entry.change.revision, entry.change.key))
            cause = Cause.SERVER if trace == "" else Cause.CLIENT if trace is None or trace in ours else Cause.AROUND
            yield Caused(entry, cause)


def written(call: EtcdCall) -> Iterator[EtcdKey]:
    """The single keys that a call wrote; kube-apiserver writes no others but by a lease's end."""
    if call.succeeded is not False and call.status in {0, None}:
        yield from (each.keys.key for each in call.operations if each.operation is not Operation.RANGE)


def written_by_itself(audit_log: Path) -> set[ObjectRef]:
    """The objects that the api-server's own loopback client and the lab's probe asked to change."""
    found = set()
    with audit_log.open() as log:
        for line in log:
            event = json.loads(line)
            user = (event.get("impersonatedUser") or event.get("user") or {}).get("username")
            if event["verb"] not in {"get", "list", "watch"} and (
                user in {LOOPBACK, PROBE} or event.get("userAgent") in ITSELF
            ):
                found.add(_object(event.get("objectRef") or {}))
    return found


def _object(asked: dict[str, str]) -> ObjectRef:
    resource, namespace = asked.get("resource", ""), asked.get("namespace", "")
    return ObjectRef(
        group=asked.get("apiGroup", ""),
        resource=resource,
        namespace="" if resource == "namespaces" else namespace,
        name=asked.get("name", ""),
    )
