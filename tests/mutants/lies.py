"""What a mutating server does to requests, answers and watch streams: small pieces that a mutant is made of."""

import json
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Protocol

from kproxy.etcd import Etcd
from kproxy.model.exchange import Headers, header
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.wire.content import ContentError, decode, encode
from kproxy.wire.mediatype import JSON as JSON_TYPE

type Step = Callable[[JSONObject], Iterable[JSONObject]]
"""One event of a stream in, those that are sent in its place out."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it goes on to the server."""

    method: str
    path: str
    query: str
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Said:
    """An answer as it goes back to the client."""

    status: int
    reason: str
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class Ending:
    """After how many events a watch is ended, and whether its connection is cut instead of ended in good order."""

    events: int
    cut: bool = False


NOTHING = Said(0, "", (), b"")
"""No answer: the connection is cut."""


class Behind(Protocol):
    """What is behind the mutating server: the honest one, and its etcd."""

    @property
    def etcd(self) -> Etcd:
        """For lies that change keys."""

    async def send(self, asked: Asked) -> Said:
        """What the honest server says to a request of our own."""


@dataclass(frozen=True, slots=True)
class Of:
    """Which requests a lie is about: all that is given must match, `path` whole, the others anywhere."""

    method: str
    path: str
    query: str = ""
    body: str = ""
    accept: str = ""

    def matches(self, asked: Asked) -> bool:
        """Whether it is about this one."""
        return (
            self.method in {"", asked.method}
            and re.fullmatch(self.path, asked.path) is not None
            and re.search(self.query, asked.query) is not None
            and re.search(self.accept, header(asked.headers, "accept")) is not None
            and re.search(_tight(self.body), _tight(asked.body.decode("utf-8", "replace"))) is not None
        )


def _tight(text: str) -> str:
    """JSON without the space behind its colons: a replay that renames writes it anew."""
    return text.replace('": ', '":')


@dataclass
class Lie:
    """A server that says what the one behind it says; `told` counts what it changed."""

    told: int = 0

    async def asked(self, asked: Asked, behind: Behind) -> Asked | Said:  # noqa: ARG002 - for those that use it
        """The request that goes on, or an answer in the server's place."""
        return asked

    async def said(self, asked: Asked, said: Said, behind: Behind) -> Said:  # noqa: ARG002 - the same
        """The answer that goes back."""
        return said

    def stream(self, asked: Asked) -> Step | None:  # noqa: ARG002 - the same
        """What is done to a watch's events; None: they pass untouched."""
        return None

    def ending(self, asked: Asked) -> Ending | None:  # noqa: ARG002 - the same
        """How a watch is ended by the server; None: it is left open."""
        return None


@dataclass
class Answers(Lie):
    """Changes the answers to some requests."""

    of: Of = field(kw_only=True)
    change: Callable[[Said], Said] = field(kw_only=True)

    async def said(self, asked: Asked, said: Said, behind: Behind) -> Said:  # noqa: ARG002 - a Lie
        """Change what was asked for so."""
        if not self.of.matches(asked):
            return said
        changed = self.change(said)
        self.told += changed != said
        return changed


@dataclass
class Requests(Lie):
    """Changes some requests: the server does what nobody asked for."""

    of: Of = field(kw_only=True)
    change: Callable[[Asked], Asked] = field(kw_only=True)

    async def asked(self, asked: Asked, behind: Behind) -> Asked | Said:  # noqa: ARG002 - a Lie
        """Change what is asked so."""
        if not self.of.matches(asked):
            return asked
        changed = self.change(asked)
        self.told += changed != asked
        return changed


@dataclass
class Cuts(Lie):
    """Cuts the connection in an answer's place."""

    of: Of = field(kw_only=True)

    async def asked(self, asked: Asked, behind: Behind) -> Asked | Said:  # noqa: ARG002 - a Lie
        """Nothing is said."""
        if not self.of.matches(asked):
            return asked
        self.told += 1
        return NOTHING


@dataclass
class Before(Lie):
    """Does something before a request goes on, once: behind the client's back, or in etcd."""

    of: Of = field(kw_only=True)
    act: Callable[[Asked, Behind], Awaitable[None]] = field(kw_only=True)

    async def asked(self, asked: Asked, behind: Behind) -> Asked | Said:
        """Do it."""
        if self.of.matches(asked) and not self.told:
            self.told += 1
            await self.act(asked, behind)
        return asked


@dataclass
class After(Lie):
    """Does something after the server's answer to a request, once, and before the client gets it."""

    of: Of = field(kw_only=True)
    act: Callable[[Asked, Behind], Awaitable[None]] = field(kw_only=True)

    async def said(self, asked: Asked, said: Said, behind: Behind) -> Said:
        """Do it."""
        if self.of.matches(asked) and not self.told:
            self.told += 1
            await self.act(asked, behind)
        return said


@dataclass
class Stale(Lie):
    """Answers a request as it answered the one before: a cache that is behind."""

    of: Of = field(kw_only=True)
    last: Said | None = None

    async def said(self, asked: Asked, said: Said, behind: Behind) -> Said:  # noqa: ARG002 - a Lie
        """The last answer, under this request's headers."""
        if not self.of.matches(asked):
            return said
        before, self.last = self.last, said
        if before is None or before.body == said.body:
            return said
        self.told += 1
        return replace(said, status=before.status, reason=before.reason, body=before.body)


@dataclass
class Remembers(Lie):
    """Changes answers by what an earlier one said: `change(document, remembered)`."""

    first: Of = field(kw_only=True)
    of: Of = field(kw_only=True)
    change: Callable[[JSONObject, JSONObject], None] = field(kw_only=True)
    memory: JSONObject = field(default_factory=dict)

    async def said(self, asked: Asked, said: Said, behind: Behind) -> Said:  # noqa: ARG002 - a Lie
        """Change a later one."""
        if self.first.matches(asked) and not self.memory:
            self.memory.update(_parsed(said))
            return said
        if not self.of.matches(asked) or not self.memory:
            return said
        changed = documents(lambda value: self.change(value, self.memory))(said)
        self.told += changed != said
        return changed


@dataclass
class Events(Lie):
    """Changes the events of some watches; `make` makes a step for each."""

    of: Of = field(kw_only=True)
    make: Callable[[], Step] = field(kw_only=True)

    def stream(self, asked: Asked) -> Step | None:
        """The step that is counted."""
        if not self.of.matches(asked):
            return None
        step = self.make()

        def counted(event: JSONObject) -> Iterable[JSONObject]:
            plain = json.dumps(event)
            out = list(step(event))
            self.told += [json.dumps(each) for each in out] != [plain]
            return out

        return counted


def documents(change: Callable[[JSONObject], object]) -> Callable[[Said], Said]:
    """A change of an answer's document, in its own media type; what is none stays."""

    def changed(said: Said) -> Said:
        media_type = header(said.headers, "content-type") or JSON_TYPE
        try:
            value = decode(media_type, said.body)
        except ContentError:
            return said
        if not isinstance(value, dict):
            return said
        before = json.dumps(value)
        change(value)
        return said if json.dumps(value) == before else replace(said, body=encode(media_type, value))

    return changed


def bodies(change: Callable[[JSONObject], object]) -> Callable[[Asked], Asked]:
    """A change of a request's document."""

    def changed(asked: Asked) -> Asked:
        value = json.loads(asked.body or b"{}")
        change(value)
        return replace(asked, body=json.dumps(value).encode())

    return changed


def without_parameter(name: str) -> Callable[[Asked], Asked]:
    """A request without a parameter of its query."""
    return lambda asked: replace(
        asked, query="&".join(part for part in asked.query.split("&") if part.partition("=")[0] != name)
    )


def with_parameter(name: str, value: str) -> Callable[[Asked], Asked]:
    """A request with another value of a parameter."""

    def changed(asked: Asked) -> Asked:
        asked = without_parameter(name)(asked)
        return replace(asked, query="&".join(filter(None, [asked.query, f"{name}={value}"])))

    return changed


def without_header(name: str) -> Callable[[Said], Said]:
    """An answer without a header."""
    return lambda said: replace(said, headers=tuple(pair for pair in said.headers if pair[0].lower() != name))


def with_header(name: str, value: str) -> Callable[[Said], Said]:
    """An answer with another value of a header."""
    return lambda said: replace(
        said, headers=tuple((each, value if each.lower() == name else old) for each, old in said.headers)
    )


def with_status(code: int, value: JSONObject) -> Callable[[Said], Said]:
    """Another answer, under the same headers."""
    return lambda said: replace(said, status=code, body=json.dumps(value).encode())


def status(code: int) -> Callable[[Said], Said]:
    """An answer with another status."""
    return lambda said: replace(said, status=code)


def at(value: JSON, *steps: str | int) -> JSON:
    """What stands there; KeyError or IndexError if nothing does."""
    for step in steps:
        value = value[step]  # type: ignore[index] # a wrong step is a wrong mutant, and seen at once
    return value


def put(new: JSON, *steps: str | int) -> Callable[[JSONObject], None]:
    """Set a field."""

    def change(value: JSONObject) -> None:
        at(value, *steps[:-1])[steps[-1]] = new  # type: ignore[index] # the same

    return change


def drop(*steps: str | int) -> Callable[[JSONObject], None]:
    """Take a field, or an element, away."""

    def change(value: JSONObject) -> None:
        del at(value, *steps[:-1])[steps[-1]]  # type: ignore[union-attr, arg-type] # the same

    return change


def _parsed(said: Said) -> JSONObject:
    value = json.loads(said.body)
    return value if isinstance(value, dict) else {}
