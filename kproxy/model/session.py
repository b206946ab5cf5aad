"""A session: what was recorded, where, and how it ended."""

from dataclasses import dataclass
from enum import StrEnum

from kproxy.model.etcd import ClusterId, Revision
from kproxy.model.exchange import Nanos, Seq

SCHEMA = 3
"""The number of the recording's schema that this kproxy writes; it reads 1..SCHEMA."""


class SessionEnd(StrEnum):
    """How a recording ended."""

    COMPLETE = "complete"
    PROXY_GONE = "proxy-gone"  # the proxy process died; the recorder drained what it had been sent
    RECORDER_GONE = "recorder-gone"  # nobody closed it: said by the next who opens it
    RECORDING = "recording"  # it still grows


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The api-server behind kproxy and its etcd, as far as they told. "" and None: not known."""

    url: str = ""
    kind: str = ""  # emulated | kube-apiserver | "" (a user's own)
    version: str = ""  # gitVersion
    system_uid: str = ""  # uid of the namespace kube-system: who this cluster is
    etcd_version: str = ""
    etcd_cluster: ClusterId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A recording's header."""

    id: str  # 32 hex digits; names the pseudonyms' key too
    schema: int = SCHEMA
    kproxy_version: str = ""
    started_at: str = ""  # RFC 3339, UTC, nanoseconds
    server: Server = Server()
    etcd_start: Revision | None = None  # the watch begins at the next one
    etcd_end: Revision | None = None  # the store's revision when the proxy had ended
    etcd_prefix: str = "/registry"
    when_stuck: str = "pass"
    end: SessionEnd = SessionEnd.RECORDING
    ended: Nanos | None = None
    command: tuple[str, ...] = ()
    exit_code: int | None = None
    max_lag: Nanos = Nanos(0)  # the longest between a byte at the proxy and its commit
    lane: str = "tap"  # | addon: which of the two recorded it
    capture: str = ""  # what was left out on purpose: the rules of --only and --exclude
    traced: str = ""  # how requests were followed into etcd: relay | otlp | relay+otlp | "" (not at all)
    start_state: str = ""  # where what the server held at the start was read from, whole: etcd | api | "" (not taken) |
    # unused: it was looked at, and it held only what a server makes by itself, which is not kept

    @property
    def has_start(self) -> bool:
        """Whether what the server held at the start is in the recording."""
        return self.start_state in {"etcd", "api"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A named point in a recording: everything that began before it has a lower seq than `seq`."""

    at: Nanos
    seq: Seq  # of the next exchange
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Something that is missing, where, how much and why."""

    kind: str  # exchanges | body | etcd | calls | spans | start
    reason: str
    at: Nanos
    count: int  # exchanges or bytes or revisions (0: not known)
    first_seq: Seq | None = None
    last_seq: Seq | None = None
    first_revision: Revision | None = None
    last_revision: Revision | None = None
    cluster: ClusterId = ClusterId("")  # of which etcd, where it is one's revisions
