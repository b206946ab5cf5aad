"""Lies about when a watch's events come, and about how it ends."""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from kproxy.model.jsontypes import JSONObject
from tests.mutants.lies import Asked, Behind, Ending, Events, Lie, Of, Said, Step

_PATIENCE = 30.0
"""Seconds that an answer waits for an event."""


@dataclass
class EventsFirst(Events):
    """The same, and a request is not answered before the event with this number (from 0) was sent."""

    number: int = field(kw_only=True)
    before: Of = field(kw_only=True)
    _sent: asyncio.Event = field(default_factory=asyncio.Event)

    async def said(self, asked: Asked, said: Said, behind: Behind) -> Said:  # noqa: ARG002 - a Lie
        """Let it come first."""
        if self.before.matches(asked):
            with suppress(TimeoutError):  # then it never lied, which is told
                await asyncio.wait_for(self._sent.wait(), _PATIENCE)
        return said

    def stream(self, asked: Asked) -> Step | None:
        """The step, which tells that it was there."""
        inner, seen = Events.stream(self, asked), 0

        def step(event: JSONObject) -> Iterable[JSONObject]:
            nonlocal seen
            seen += 1
            if seen == self.number + 1:
                self._sent.set()  # heard of only when these have been written
            return inner(event) if inner is not None else [event]

        return step if inner is not None else None


@dataclass
class Ends(Lie):
    """Ends some watches before their client leaves them."""

    of: Of = field(kw_only=True)
    end: Ending = field(kw_only=True)

    def ending(self, asked: Asked) -> Ending | None:
        """When, and how."""
        if not self.of.matches(asked):
            return None
        self.told += 1
        return self.end
