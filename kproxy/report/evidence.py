"""What a report shows beside the verdict: both sides' documents where they differ, and what was compared. Bounded.

A value that session gathers from the two recordings; a report without it says less and is no other verdict.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kproxy.model.exchange import Headers, Seq
from kproxy.model.jsontypes import JSON

MAX_CASES = 2_000
"""Exchanges, and keys, that are listed one by one; of more only those that differ, the others by kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One recording: its name as it was given, when it began, and of which server it is ("" where it does not say)."""

    name: str
    started_at: str = ""
    server: str = ""
    etcd: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """The first lines and headers of one exchange, and how it ended."""

    request: str
    request_headers: Headers = ()
    answer: str = ""
    answer_headers: Headers = ()
    end: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """Two documents beside each other: of a request, an answer, a watch event, a key in etcd.

    `where` and `root` are those of the differences within: a difference's path begins with `root`; `paths` are all of
    them. None: not there. `note`: why one of them is not shown.
    """

    title: str
    where: str
    root: str
    baseline: JSON = None
    replayed: JSON = None
    paths: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """An exchange that differs, its counterpart beside it."""

    seq: Seq
    counterpart: Seq | None
    request: str
    baseline: Heads
    replayed: Heads | None = None
    documents: tuple[Documents, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An exchange in a list: what it asked for (`get pods/default/a`), and of which kind that is (`get pods`)."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All of it. `kinds`: how many exchanges of each kind were recorded; `folders`: keys of etcd by their resource.

    `names` and `keys` hold all when there are at most MAX_CASES of them, else only what differs. `left_out`: exchanges
    that differ and are not in `exchanges`.
    """

    baseline: Side
    replayed: Side
    exchanges: Mapping[Seq, Beside] = field(default_factory=dict)
    left_out: int = 0
    names: Mapping[Seq, Named] = field(default_factory=dict)
    kinds: Mapping[str, int] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    folders: Mapping[str, int] = field(default_factory=dict)


NO_EVIDENCE = Evidence(baseline=Side(name=""), replayed=Side(name=""))
