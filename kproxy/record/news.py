"""What a recorder tells the session that started it, a line of JSON each, and what of it people should know."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from kproxy.store.structure import fields_to_json, from_json


@dataclass(frozen=True, slots=True)
class Ready:
    """It takes batches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EtcdNews:
    """Whether an etcd is followed: `again`, after it was away; `reason`: why it is not."""

    following: bool
    again: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayNews:
    """Whether it is attached to an etcd relay's feed: `again`, after it was missed; `reason`: why it is not."""

    feed: str
    attached: bool
    again: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpansNews:
    """Where an api-server's spans are taken, and whether its exporter has `found` that."""

    port: int
    found: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StartMissing:
    """The start state, or some of it, is not in the recording, and why."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """Nothing can be committed, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unblocked:
    """It goes on."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The recording is closed: its last word."""


type News = Ready | EtcdNews | RelayNews | SpansNews | StartMissing | Blocked | Unblocked | Closed

type Say = Callable[[News], None]

_KINDS: dict[str, type[News]] = {
    each.__name__: each for each in (Ready, EtcdNews, RelayNews, SpansNews, StartMissing, Blocked, Unblocked, Closed)
}


def to_line(news: News) -> bytes:
    """One line, with its end."""
    return json.dumps({"news": type(news).__name__, **fields_to_json(news)}).encode() + b"\n"


def of_line(line: bytes) -> News:
    """What to_line wrote. ValueError, LookupError for anything else."""
    found = json.loads(line)
    return from_json(_KINDS[found.pop("news")], found)


def sentence_of(news: News) -> str:  # noqa: PLR0911 - one for each
    """What people should know of it; "" for nothing."""
    match news:
        case Blocked(reason=reason):
            return f"{reason} It is tried again each second."
        case StartMissing(reason=reason):
            return reason
        case EtcdNews(following=False, reason=reason):
            return f"{reason}; what it changes is read when it is back"
        case EtcdNews(again=True):
            return "etcd is followed again"
        case RelayNews(attached=False, reason=reason, feed=feed):
            return f"{reason} ({feed}); calls to etcd are not recorded until it is back"
        case RelayNews(again=True, feed=feed):
            return f"the etcd relay is attached to again ({feed})"
        case _:
            return ""
