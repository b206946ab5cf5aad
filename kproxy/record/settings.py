"""What a recorder process is told: one line of JSON on its standard input, and a goodbye as the second one."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from kproxy.config.upstream import Tls
from kproxy.errors import ConfigError
from kproxy.etcd.settings import EtcdSettings
from kproxy.model.etcd import EtcdStore
from kproxy.model.session import Session
from kproxy.model.start import StartSource
from kproxy.record.contents import MAX_BODY
from kproxy.store.structure import StructureError, from_json, to_json
from kproxy.wire.tracecontext import TraceSeeds

_END_PATIENCE = 10.0
"""Seconds that the end waits for etcd's last revision."""

START_BYTES = 64 << 20
"""Bytes of a start state's values that are taken at most, unless settings say otherwise."""
_START_SMALLEST = 512
"""Bytes that a key counts for at least: small ones are no less work."""

MAX_LINE = 16 << 20
"""Bytes of a line: literals may be keys and certificates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """An etcd that is to be followed: how it is reached, and what the recording says of it.

    `history`: its changes from before the session too, as far back as it has them.
    """

    settings: EtcdSettings
    store: EtcdStore
    history: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiPlace:
    """Where and as whom the API is asked for the start state: `headers` hold the credentials."""

    host: str
    port: int
    host_header: str
    path_prefix: str = ""
    tls: Tls | None = None
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartWish:
    """What is to be taken of what the server holds when the session begins.

    `if_used`: only where the server holds more than what it makes by itself. Where it is more than `max_bytes` of
    values, or that many keys that 512 bytes each would be more, none of it is taken.
    """

    source: StartSource = StartSource.NONE
    if_used: bool = False
    max_bytes: int = START_BYTES
    api: ApiPlace | None = None

    @property
    def max_keys(self) -> int:
        """Keys or objects that are taken at most."""
        return self.max_bytes // _START_SMALLEST


_NO_START = StartWish()


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderSettings:
    """What to record, where, and how.

    `session`: the header; `epoch`: its start on CLOCK_MONOTONIC, nanoseconds; `handoffs`: the inherited descriptors of
    the recorder's end of the hand-off, one for each worker of the proxy; `literals`: secrets to be replaced wherever
    they occur; `etcds`: the main one first. An existing `recording` of the same session is gone on with, another one
    needs `force`. `etcd_patience`: seconds that the end waits for etcd's last revision. `otlp`: HOST:PORT where an
    api-server's spans are taken; `relays`: sockets of etcd relays' feeds; `trace`: what the proxy makes traceparents
    of; `start`: what is taken of the start state.
    """

    recording: Path
    session: Session
    epoch: int
    handoffs: tuple[int, ...]
    key: Path
    force: bool = False
    literals: tuple[str, ...] = field(default=(), repr=False)
    max_body: int = MAX_BODY
    etcds: tuple[Followed, ...] = ()
    etcd_patience: float = _END_PATIENCE
    otlp: str = ""
    relays: tuple[Path, ...] = ()
    trace: TraceSeeds | None = None
    start: StartWish = _NO_START

    def to_json(self) -> str:
        """One line."""
        command = tuple(part.encode("utf-8", "backslashreplace").decode() for part in self.session.command)
        return json.dumps(to_json(replace(self, session=replace(self.session, command=command))))

    @classmethod
    def from_json(cls, line: str | bytes) -> Self:
        """What to_json wrote. ConfigError."""
        return _read(cls, line)


@dataclass(frozen=True, slots=True, kw_only=True)
class Goodbye:
    """The proxy has ended properly, and this is how the session did."""

    exit_code: int | None = None
    left_out: int = 0  # exchanges that passed and were not to be recorded
    drained: bool = True  # all that the proxy had was handed over

    def to_json(self) -> str:
        """One line."""
        return json.dumps(to_json(self))

    @classmethod
    def from_json(cls, line: str | bytes) -> Self:
        """What to_json wrote. ConfigError."""
        return _read(cls, line)


def _read[T](kind: type[T], line: str | bytes) -> T:
    try:
        return from_json(kind, json.loads(line))
    except (StructureError, ValueError, RecursionError) as error:
        raise ConfigError(f"The recorder was told what it does not understand: {error}.") from error
