"""Faults on purpose: which rule of --fault touches a request, and what that means for it. Sans-I/O."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from kproxy.proxy.faults.answers import fault_answer
from kproxy.proxy.faults.editing import WatchEdit
from kproxy.proxy.faults.rules import FaultAction, FaultRule
from kproxy.proxy.status import OwnAnswer
from kproxy.wire.http1 import RequestHead
from kproxy.wire.requestinfo import request_info

_USER_AGENT = re.compile(rb"\r\n(?i:user-agent):[ \t]*([^\r]*)")
_ACCEPT_ENCODING = re.compile(rb"(?<=\r\n)(?i:accept-encoding):[^\r]*\r\n")
_EXPECT = re.compile(rb"\r\n(?i:expect):[ \t]*(?i:100-continue)[ \t]*\r")


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule that touches a request.

    `own`: the answer in the server's place, if it gives one. `edit`: what changes a watch's answer, if it does.
    `closes`: whether the client asked that the connection be closed after the answer.
    """

    rule: FaultRule
    own: OwnAnswer | None
    edit: WatchEdit | None
    closes: bool

    @property
    def cuts_at_once(self) -> bool:
        """Whether the client gets nothing of the server's answer."""
        return (
            self.rule.action is FaultAction.CUT and self.rule.after_events is None and self.rule.after_seconds is None
        )


class Faults:
    """The rules of a recording, with what they have counted. Of the rules that match a request the first one acts."""

    def __init__(self, rules: Sequence[FaultRule]) -> None:
        self._rules = [(rule, random.Random(rule.which.seed)) for rule in rules]  # noqa: S311 - chance, no secret
        self._counts = [0] * len(self._rules)

    def touch(self, head: RequestHead) -> Fault | None:
        """What becomes of this request. It counts: ask once for each request."""
        method, target = head.method.decode("latin-1"), head.target.decode("latin-1")
        info = request_info(method, target)
        acting: tuple[FaultRule, random.Random] | None = None
        for index, (rule, chance) in enumerate(self._rules):
            if not rule.matches(info, lambda: _user_agent(head.raw)):
                continue
            if rule.action is FaultAction.DROP:
                acting = acting or (rule, chance)  # its numbers count events
                continue
            self._counts[index] += 1
            if rule.which.meant(self._counts[index], chance.random):
                acting = acting or (rule, chance)
        if acting is None:
            return None
        rule, chance = acting
        answers = rule.action is FaultAction.ANSWER and not rule.expires
        return Fault(
            rule=rule,
            own=fault_answer(rule.status, info, head.method, rule.retry_after) if answers else None,
            edit=WatchEdit(rule, info, chance.random) if rule.edits else None,
            closes=head.version == b"1.0" or b"close" in b",".join(head.values(b"connection")).lower(),
        )


def without_coding(head: bytes) -> bytes:
    """A request's head without Accept-Encoding: what comes can be cut into events."""
    return _ACCEPT_ENCODING.sub(b"", head)


def expects(head: RequestHead) -> bool:
    """Whether the client waits for a 100 before it sends the content."""
    return _EXPECT.search(head.raw) is not None


def _user_agent(raw: bytes) -> str:
    found = _USER_AGENT.search(raw)
    return found[1].strip(b" \t").decode("latin-1") if found is not None else ""
