"""What is recorded at all: the rules of --only and --exclude, sans-I/O.

A rule is KEY=PATTERN terms that must all match, `resource=pods,namespace=prod-*`. Recorded is what some --only rule
matches (or everything, without one) and no --exclude rule does. Patterns are those of a shell: *, ? and [a-z].
"""

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import translate

from kproxy.errors import UsageError
from kproxy.model.api import RequestInfo
from kproxy.wire.http1 import RequestHead
from kproxy.wire.requestinfo import request_info

_USER_AGENT = "user-agent"
KEYS = ("verb", "resource", "namespace", _USER_AGENT)
MAX_RULE = 1024
"""Characters of a rule: it is kept in the recording's header."""

_NEXT_TERM = re.compile(r",(?=(?:" + "|".join(KEYS) + r")=)")
_AGENT = re.compile(rb"(?:\A|\n)(?i:user-agent):[ \t]*([^\r]*)")

type Match = Callable[[str], re.Match[str] | None]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; `text`: as it was given."""

    text: str
    agent: tuple[Match, ...]
    terms: tuple[tuple[Callable[[RequestInfo], str], Match], ...]


class Request:
    """A request as rules ask about it: what it means is found out when somebody asks."""

    __slots__ = ("_agent", "_head", "_info")

    def __init__(self, head: RequestHead) -> None:
        self._head = head
        self._agent: str | None = None
        self._info: RequestInfo | None = None

    @property
    def agent(self) -> str:
        """Its User-Agent, "" without one."""
        if self._agent is None:
            found = _AGENT.search(self._head.fields_raw)
            self._agent = found[1].rstrip(b" \t").decode("latin-1") if found else ""
        return self._agent

    @property
    def info(self) -> RequestInfo:
        """What the api-server makes of it."""
        if self._info is None:
            self._info = request_info(self._head.method.decode("latin-1"), self._head.target.decode("latin-1"))
        return self._info

    def fits(self, rule: Rule) -> bool:
        """Whether all terms of a rule match; the cheap ones are asked first."""
        return all(match(self.agent) for match in rule.agent) and all(
            match(get(self.info)) for get, match in rule.terms
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """The rules of a recording."""

    only: tuple[Rule, ...] = ()
    exclude: tuple[Rule, ...] = ()

    @property
    def text(self) -> str:
        """The rules as options, for the recording's header."""
        given = [("--only", rule) for rule in self.only] + [("--exclude", rule) for rule in self.exclude]
        return " ".join(f"{option} {shlex.quote(rule.text)}" for option, rule in given)

    def wants(self, head: RequestHead) -> bool:
        """Whether a request is to be recorded."""
        request = Request(head)
        return (not self.only or any(map(request.fits, self.only))) and not any(map(request.fits, self.exclude))


def wanted_by(only: Sequence[str], exclude: Sequence[str]) -> Wanted | None:
    """The rules, None where there are none. UsageError if one cannot be read."""
    if not only and not exclude:
        return None
    return Wanted(
        tuple(parse_rule(text, "--only") for text in only), tuple(parse_rule(text, "--exclude") for text in exclude)
    )


def parse_rule(text: str, option: str) -> Rule:
    """A rule as it was given to `option`. UsageError."""
    agent: list[Match] = []
    terms: list[tuple[Callable[[RequestInfo], str], Match]] = []
    if len(text) > MAX_RULE or not text.isprintable():
        raise UsageError(f"{option}: a rule is a line of at most {MAX_RULE} characters")
    for term in _NEXT_TERM.split(text):
        key, equals, pattern = term.partition("=")
        if not equals or key not in KEYS:
            raise UsageError(f"{option} {text!r}: {term!r} is not KEY=PATTERN with one of the keys {', '.join(KEYS)}")
        if "," in pattern and key != _USER_AGENT:
            raise UsageError(f"{option} {text!r}: {pattern!r} holds a comma; give the option once for each {key}")
        match = re.compile(translate(pattern)).match
        if key == _USER_AGENT:
            agent.append(match)
        else:
            terms.append((reading(key, pattern), match))
    return Rule(text, tuple(agent), tuple(terms))


def reading(key: str, pattern: str) -> Callable[[RequestInfo], str]:
    """What of a request a pattern is held against: a resource with what the pattern itself names beside it."""
    if key == "verb":
        return lambda info: info.verb
    if key == "namespace":
        return lambda info: info.namespace
    with_group, with_subresource = "." in pattern.partition("/")[0], "/" in pattern

    def resource(info: RequestInfo) -> str:
        group = f".{info.group}" if with_group and info.group else ""
        subresource = f"/{info.subresource}" if with_subresource and info.subresource else ""
        return info.resource + group + subresource

    return resource
