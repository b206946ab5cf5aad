"""Rules of --fault: one line of text each, read into a value.

    RULE    = ACTION WORD…                  words are parted by white space, in any order
    ACTION  = CODE | delay=TIME | cut | drop-event
    WORD    = delay=TIME | after=COUNT | after=TIME | retry-after=SECONDS
            | verb= | resource= | subresource= | namespace= | name= | path= | user-agent=    which requests
            | type=                                                 which events of a watch
            | nth=N | first=N | every=N | probability=P [seed=N]    which of those

docs/faults.md says what each of them means.
"""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from fnmatch import translate

from kproxy.errors import UsageError
from kproxy.model.api import RequestInfo
from kproxy.proxy.faults.answers import REASONS
from kproxy.proxy.tap.wanted import Match, reading

MAX_RULE = 1000
"""Characters."""

_MAX_TIME = 3600.0
"""Seconds of a delay."""

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0}
_TIME = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s|m)")
_COUNT = re.compile(r"[0-9]{1,9}")


class FaultAction(Enum):
    """What a rule does to a request that it matches."""

    ANSWER = "answer"  # kproxy answers with a Status in the server's place
    DELAY = "delay"  # the request goes on later
    CUT = "cut"  # the connection is cut, as by a server that died
    DROP = "drop-event"  # an event of a watch is left out


type Reading = Callable[[RequestInfo], str]


@dataclass(frozen=True, slots=True)
class Globs:
    """A shell's patterns, of which one has to match: each with what it is held against, as --only has it."""

    patterns: tuple[tuple[Reading, Match], ...]

    def fit(self, info: RequestInfo) -> bool:
        """Whether one of them matches what it reads of a request."""
        return any(match(read(info)) for read, match in self.patterns)

    def fits(self, value: str) -> bool:
        """Whether one of them matches all of `value`."""
        return any(match(value) for _, match in self.patterns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which of the things that match are meant; without any of these, all of them."""

    nth: int = 0
    first: int = 0
    every: int = 0
    probability: float = 1.0
    seed: int | None = None

    def meant(self, count: int, chance: Callable[[], float]) -> bool:
        """Whether the `count`th (from 1) is; `chance` gives numbers in [0, 1)."""
        if self.nth and count != self.nth:
            return False
        if self.first and count > self.first:
            return False
        if self.every and count % self.every:
            return False
        return self.probability >= 1.0 or chance() < self.probability


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultRule:
    """One rule. `text`: as it is recorded; times are in seconds; None where nothing was said."""

    text: str
    action: FaultAction
    status: int = 0
    delay: float = 0.0
    after_events: int | None = None
    after_seconds: float | None = None
    retry_after: int | None = None
    requests: tuple[Globs, ...] = ()  # which all have to fit
    user_agent: Globs | None = None
    event_type: Globs | None = None
    which: Which = Which()

    def matches(self, info: RequestInfo, user_agent: Callable[[], str]) -> bool:
        """Whether this request is one that the rule is about; `user_agent` is asked only where that counts."""
        return (
            all(globs.fit(info) for globs in self.requests)
            and (not self.edits or info.verb == "watch")
            and (self.user_agent is None or self.user_agent.fits(user_agent()))
        )

    @property
    def edits(self) -> bool:
        """Whether the rule is about a watch's events."""
        return self.action is FaultAction.DROP or self.after_events is not None or self.expires

    @property
    def expires(self) -> bool:
        """Whether the rule ends a watch with an ERROR event."""
        return self.action is FaultAction.ANSWER and (self.after_events is not None or self.after_seconds is not None)


def parse_rule(text: str) -> FaultRule:
    """The rule that `text` says. UsageError."""
    words = text.split()
    shown = " ".join(words)
    if len(text) > MAX_RULE:
        raise UsageError(f"a rule of --fault is longer than {MAX_RULE} characters")
    try:
        action, options = _parts(words)
        rule = _rule(shown, action, options)
        _check(rule, options)
    except ValueError as error:
        raise UsageError(f"the rule of --fault {shown!r} {error}; docs/faults.md has the grammar") from error
    return rule


def _parts(words: list[str]) -> tuple[str, dict[str, str]]:
    actions: list[str] = []
    options: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            actions.append(word)
        elif key not in _OPTIONS:
            raise ValueError(f"has the word {word!r}, whose {key!r} is none of {', '.join(_OPTIONS)}")
        elif not value:
            raise ValueError(f"has nothing behind {key}=")
        elif key in options:
            raise ValueError(f"says {key}= twice")
        else:
            options[key] = value
    if not actions and "delay" in options:
        return "delay", options
    if len(actions) != 1:
        raise ValueError("must have one action: a status such as 409, delay=TIME, cut or drop-event")
    return actions[0], options


def _rule(text: str, action: str, options: dict[str, str]) -> FaultRule:
    rule = FaultRule(text=text, action=_action(action), status=_status(action))
    which: dict[str, object] = {}
    for key, value in options.items():
        field, read = _OPTIONS[key]
        if field in _WHICH:
            which[field] = read(key, value)
        elif field == "requests":
            rule = replace(rule, requests=(*rule.requests, _globs(key, value)))
        elif field == "after":
            seconds = _TIME.fullmatch(value) is not None
            rule = (
                replace(rule, after_seconds=_time(key, value))
                if seconds
                else replace(rule, after_events=_whole(key, value))
            )
        else:
            rule = replace(rule, **{field: read(key, value)})  # type: ignore[arg-type]  # each reads what its field holds
    rule = replace(rule, which=Which(**which))  # type: ignore[arg-type]  # the same
    if rule.which.probability < 1.0 and rule.which.seed is None:
        seed = secrets.randbelow(1_000_000)  # said in the recording, so that it can be had again
        rule = replace(rule, text=f"{text} seed={seed}", which=replace(rule.which, seed=seed))
    return rule


def _action(word: str) -> FaultAction:
    if word.isascii() and word.isdigit():
        return FaultAction.ANSWER
    if word in {FaultAction.CUT.value, FaultAction.DROP.value, FaultAction.DELAY.value}:
        return FaultAction(word)
    raise ValueError(f"has the word {word!r}, which is no action: a status such as 409, delay=TIME, cut or drop-event")


def _status(word: str) -> int:
    if not (word.isascii() and word.isdigit()):
        return 0
    if len(word) > 3 or int(word) not in REASONS:
        raise ValueError(f"has the status {word}, which is none of {', '.join(map(str, sorted(REASONS)))}")
    return int(word)


def _check(rule: FaultRule, options: dict[str, str]) -> None:
    """What goes together."""
    if rule.action is FaultAction.DELAY and "delay" not in options:
        raise ValueError("must say how long: delay=2s")
    if rule.action in {FaultAction.DELAY, FaultAction.DROP} and "after" in options:
        raise ValueError(f"has after=, which {rule.action.value} does not take")
    if rule.expires and rule.status != 410:
        raise ValueError(f"has after= with {rule.status}: within a watch an api-server says 410 only")
    if "retry-after" in options and rule.status not in {429, 503, 504}:
        raise ValueError("has retry-after=, which only 429, 503 and 504 take")
    if "type" in options and rule.action is not FaultAction.DROP:
        raise ValueError("has type=, which only drop-event takes")
    if "seed" in options and "probability" not in options:
        raise ValueError("has seed= without probability=")


def _time(key: str, value: str) -> float:
    match = _TIME.fullmatch(value)
    if match is None:
        raise ValueError(f"has {key}={value}, which is no time such as 2s, 250ms or 1m")
    seconds = float(match[1]) * _UNITS[match[2]]
    if seconds > _MAX_TIME:
        raise ValueError(f"has {key}={value}, which is longer than an hour")
    return seconds


def _whole(key: str, value: str) -> int:
    if _COUNT.fullmatch(value) is None:
        what = "neither a number nor a time such as 2s" if key == "after" else "no number"
        raise ValueError(f"has {key}={value}, which is {what}")
    return int(value)


def _counted(key: str, value: str) -> int:
    number = _whole(key, value)
    if not number:
        raise ValueError(f"has {key}=0: counting begins at 1")
    return number


def _probability(key: str, value: str) -> float:
    if not re.fullmatch(r"[01](\.[0-9]{1,9})?", value) or float(value) > 1:
        raise ValueError(f"has {key}={value}, which is no number from 0 to 1 such as 0.1")
    return float(value)


def _globs(key: str, value: str) -> Globs:
    read = _READINGS.get(key)
    texts = [each for each in value.split(",") if each]
    return Globs(tuple((read or reading(key, each), re.compile(translate(each)).match) for each in texts))


_WHICH = ("nth", "first", "every", "probability", "seed")
_READINGS: dict[str, Reading] = {
    "subresource": lambda info: info.subresource or "-",
    "name": lambda info: info.name,
    "path": lambda info: info.path,
}
_OPTIONS: dict[str, tuple[str, Callable[[str, str], object]]] = {
    "delay": ("delay", _time),
    "after": ("after", _whole),
    "retry-after": ("retry_after", _whole),
    "verb": ("requests", _globs),
    "resource": ("requests", _globs),
    "subresource": ("requests", _globs),
    "namespace": ("requests", _globs),
    "name": ("requests", _globs),
    "path": ("requests", _globs),
    "user-agent": ("user_agent", _globs),
    "type": ("event_type", _globs),
    "nth": ("nth", _counted),
    "first": ("first", _counted),
    "every": ("every", _counted),
    "probability": ("probability", _probability),
    "seed": ("seed", _whole),
}
