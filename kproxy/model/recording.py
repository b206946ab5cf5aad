"""A recording as analysis reads it: a seam, so that steps take values and never a database."""

from collections.abc import Collection, Iterable, Iterator
from typing import Protocol

from kproxy.model.etcd import EtcdCall, EtcdKey, EtcdStore, KeyChange
from kproxy.model.exchange import Digest, Exchange, Frame, Seq
from kproxy.model.session import Gap, Mark, Session
from kproxy.model.start import StartEntry
from kproxy.model.trace import Span

LATELY = 4 << 20
"""Bytes of bodies that a recording which is read remembers: more need not be asked for ahead."""
SHARE = 16
"""How many of the largest bodies that are remembered would fill that."""


class Recording(Protocol):
    """What can be asked of a recording; all in a defined order, lazily."""

    @property
    def session(self) -> Session:
        """The header."""

    def exchanges(self, verbs: Collection[str] = ()) -> Iterator[Exchange]:
        """In the order of seq; of these verbs only, where some are named."""

    def exchange(self, seq: Seq) -> Exchange | None:
        """One of them."""

    def traces(self) -> Iterator[tuple[Seq, str, str]]:
        """Each exchange's trace id and parent id, of those that went on with one."""

    def frames(self, seq: Seq) -> Iterator[Frame]:
        """A stream's frames in their order."""

    def key_changes(self) -> Iterator[KeyChange]:
        """In the order of (cluster, revision, key)."""

    def changes_of(self, key: EtcdKey) -> Iterator[KeyChange]:
        """One key's, in the order of (cluster, revision); quick in a recording of any size."""

    def etcds(self) -> Iterator[EtcdStore]:
        """The etcds that were followed, the main one first."""

    def etcd_calls(self, methods: Collection[str] = ()) -> Iterator[EtcdCall]:
        """The api-server's calls to etcd (of these methods, where some are named), in the order of their numbers."""

    def calls_of(self, exchange: Exchange) -> Iterator[EtcdCall]:
        """Those that carry the trace and the parent that the exchange went on with, in the order of their numbers."""

    def spans(self) -> Iterator[Span]:
        """The api-server's own spans, in the order in which they came."""

    def start_state(self) -> Iterator[StartEntry]:
        """What the server held when the session began; nothing where the header does not say that it was taken.

        Keys in the order of (cluster, key), then objects in that of (group, resource, namespace, name).
        """

    def gaps(self) -> Iterator[Gap]:
        """What is missing."""

    def marks(self) -> Iterator[Mark]:
        """Named points, in their order."""

    def body(self, digest: Digest) -> bytes:
        """The stored bytes of a body. RecordingError if they are not there."""

    def bodies(self, digests: Iterable[Digest]) -> dict[Digest, bytes]:
        """The stored bytes of several, those that are not there left out: quicker than one by one."""
