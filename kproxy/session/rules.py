"""Files of rules: read for a comparison, and learned from runs of one session."""

import itertools
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from kproxy.diff.compare import compare
from kproxy.diff.learned import Lessons, check_teachers, teacher
from kproxy.diff.rulefile import read_rules, write_rules
from kproxy.diff.rules import HidingRule, RuleBook, Teacher, resource_name
from kproxy.errors import UsageError
from kproxy.model.api import RequestInfo
from kproxy.model.recording import Recording
from kproxy.model.verdict import Verdict
from kproxy.session.opened import Opened, opened

MOST_RUNS = 10
"""Runs that teach at most: each is compared with each other one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What runs taught. `refused`: differences that no rule may be learned of, by a sentence, how often.

    `unknown`: what could not be compared, and so taught nothing.
    """

    rules: tuple[HidingRule, ...]
    refused: Counter[str]
    runs: tuple[Teacher, ...]
    unknown: tuple[str, ...] = ()

    def text(self) -> str:
        """The file."""
        return write_rules(self.rules)


def rule_book(files: Sequence[Path]) -> RuleBook:
    """The rules of all files together. UsageError or ConfigError for one that cannot be used."""
    rules: list[HidingRule] = []
    for path in files:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise UsageError(
                f"the rules cannot be read from {path}: {error.strerror}; --rules names a file of them"
            ) from error
        rules += read_rules(data, str(path))
    return RuleBook(tuple(rules))


def learn_rules(runs: Sequence[str], *, version: str = "") -> Learned:
    """Compare each run with each other one. `version`: the one that they must be of, "" for any.

    UsageError for runs that cannot teach.
    """
    if len(runs) > MOST_RUNS:
        raise UsageError(f"rules are learned from at most {MOST_RUNS} runs")
    with ExitStack() as stack:
        sides = [stack.enter_context(opened(where)) for where in runs]
        teachers = [teacher(each.recording) for each in sides]
        check_teachers(teachers)
        check_version(teachers[0].version, version)
        _check_asked([each.recording for each in sides])
        lessons, unknown = Lessons(), dict[str, None]()
        for (first, one), (second, other) in itertools.combinations(zip(sides, teachers, strict=True), 2):
            verdict = compare(first.recording, first.ledger, second.recording, second.ledger)
            _learn(lessons, first, verdict, (one, other))
            unknown |= dict.fromkeys((*verdict.reasons, *verdict.notes))
        return Learned(rules=lessons.rules(), refused=lessons.refused, runs=tuple(teachers), unknown=tuple(unknown))


def _learn(lessons: Lessons, first: Opened, verdict: Verdict, runs: tuple[Teacher, Teacher]) -> None:
    for difference in verdict.differences:
        exchange = first.recording.exchange(difference.seq) if difference.seq is not None else None
        lessons.take(difference, exchange.info if exchange is not None else None, runs)


def check_version(runs: str, recorded: str) -> None:
    """UsageError for runs on another version than the recorded one ("": any)."""
    if recorded and runs != recorded:
        raise UsageError(
            f"the runs were on {runs} and the recording on {recorded}: what differs between versions is no noise"
        )


def _check_asked(runs: Sequence[Recording]) -> None:
    """UsageError for runs of different sessions: something is asked in one that is not asked in another at all.

    How often is nobody's choice (polling), and neither is discovery, which clients keep in files of their own.
    """
    asked = [{_asked(each.info) for each in run.exchanges() if each.info.is_resource} for run in runs]
    for found, where in ((set.union(*asked) - each, number) for number, each in enumerate(asked, 1)):
        if found:
            verb, resource = min(found)
            raise UsageError(
                f"these are no runs of one session: in run {where} nobody asks to {verb} {resource}, "
                "and in another one somebody does"
            )


def _asked(info: RequestInfo) -> tuple[str, str]:
    return info.verb, resource_name(info)


def recorded_version(where: str) -> str:
    """The version of the server that a recording is of, "" if it does not say."""
    with opened(where) as recorded:
        return recorded.recording.session.server.version
