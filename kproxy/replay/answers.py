"""Answers of the target as the engine reads them: content decoding, watch events, and what is learned from them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple, Self

from kproxy.errors import ReplayError
from kproxy.renaming.renaming import Renaming
from kproxy.replay.coming import MOST, Chance, Coming, Owed, Shown
from kproxy.replay.expected import Expected
from kproxy.replay.pairing import WatchLearner
from kproxy.replay.states import event_state
from kproxy.replay.transport import Reply
from kproxy.replay.watched import counts, name_of, revision_of, teaches
from kproxy.wire.coding import CodingError, decoder
from kproxy.wire.content import ContentError
from kproxy.wire.watchevents import WatchCutter, WatchEvent, decode_event

MAX_ANSWER = 256 * 1024 * 1024
"""Bytes of one answer that are read at most."""

_FIRST_LOOK_SECONDS = 0.05
_LOOK_SECONDS = 0.2
"""So long a watch may say nothing before etcd is asked whether it still can: when its events are awaited, and then."""

_LOOKS = 5
"""So often in a row etcd has to deny it, where it may not know all (`Chance.HARDLY`)."""


async def content(reply: Reply) -> AsyncIterator[bytes]:
    """An answer's content, its content coding taken away. ReplayError for one that is broken or not known."""
    try:
        taking = decoder(reply.field(b"content-encoding"), MAX_ANSWER)
        async for piece in reply.pieces():
            for plain in (piece,) if taking is None else taking.pieces(piece):
                yield plain
    except CodingError as error:
        raise ReplayError(f"The target's answer cannot be read: {error}.") from error


async def read_all(reply: Reply, *, leave_after: int | None = None) -> bytes:
    """All of an answer, or as many bytes as the recorded client read before it left. ReplayError if it is too large."""
    if leave_after == 0:
        return b""
    if not reply.field(b"content-encoding") and (whole := reply.whole()) is not None:
        _bounded(whole)
        return whole
    found = bytearray()
    async for piece in content(reply):
        found += piece
        _bounded(found)
        if leave_after is not None and len(found) >= leave_after:
            break
    return bytes(found)


def _bounded(data: bytes | bytearray) -> None:
    if len(data) > MAX_ANSWER:
        raise ReplayError(f"The target's answer is larger than {MAX_ANSWER} bytes.")


class Watch:
    """An open watch: counts and learns, until it is closed or ends."""

    def __init__(  # noqa: PLR0913 - what it reads, what it learns from, what it may ask
        self,
        reply: Reply,
        recorded: Sequence[Expected],
        renaming: Renaming,
        *,
        resource: str = "",
        making: Callable[[], bool] = lambda: False,
        coming: Coming | None = None,
    ) -> None:
        """`making`: whether names of such objects are about to be told; `coming`: whether what is owed can come."""
        self.events = 0
        self.ended = False
        self.broken = ""
        self.lived = 0.0
        """Seconds, until its server ended it."""
        self._began = asyncio.get_running_loop().time()
        self._refused = False  # it was shown an error: then both sides leave
        self.missed = 0
        """Events that were waited for in vain."""
        self.vain = 0
        """How often in vain since the last event came: each time the next wait is half as long."""
        self._reply = reply
        self._learner = WatchLearner(renaming, recorded, resource, making)
        self._recorded = [each for each in recorded if each.counts]
        self._states: set[str] = set()
        """What was shown, as states: where others act, only these can be awaited."""
        self._last: dict[str, Shown] = {}
        """What was shown last of each object."""
        self._whole = False
        """All that there was when it began has been told."""
        self._coming = coming
        self._denied: tuple[Owed | None, ...] = ()
        """What cannot come, as etcd said last."""
        self._looks = 0
        """How often in a row it said that."""
        self._silent = 0
        """How often it was asked since an event came."""
        self._first_look = True
        """Whether it was not asked yet since events are awaited."""
        self._renaming = renaming
        self._changed = asyncio.Event()
        self._task = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        media_type = self._reply.field(b"content-type")
        try:
            cutter = WatchCutter(media_type)
            async for piece in content(self._reply):
                for data, _ in cutter.feed(piece):
                    self._came(decode_event(media_type, data))
        except (ContentError, ReplayError) as error:
            self.broken = str(error)
        else:
            self.lived = asyncio.get_running_loop().time() - self._began
        finally:
            self.ended = True
            self._changed.set()

    def _came(self, event: WatchEvent) -> None:
        self._refused |= event.type == "ERROR"
        if not teaches(event):
            return
        self._learner.came(event)
        self._make_up()
        if counts(event):
            self.events += 1
            self.vain = self._looks = self._silent = 0
            if self._coming is None:  # where others act nobody knows what can come, and states are awaited
                self._states.add(event_state(event))
            self._last[name_of(event)] = Shown(event.type == "DELETED", revision_of(event))
            self._whole |= event.type == "BOOKMARK"
            self._changed.set()

    def _make_up(self) -> None:
        self.missed = max(0, self.missed - self._learner.made_up())

    async def wait_states(
        self, events: int, seconds: float, passed: Callable[[WatchEvent], bool] = lambda _: False, still: float = 0.0
    ) -> bool:
        """Until each object was shown in the state that it had after so many recorded events, however it got there.

        What was gone in the end, and is not there when the watch begins, was gone before. A state that was only
        `passed` is waited for until nothing has come for `still` seconds, and need not come.
        """
        last = {each.name: each for each in self._recorded[:events]}
        wanted = [_Wanted.of(event, passed(event)) for event in (each.read() for each in last.values())]
        stay = [each for each in wanted if not each.passed]
        clock = asyncio.get_running_loop().time
        until = clock() + seconds
        with suppress(TimeoutError):  # said by the caller, who knows what it means
            while not self.ended and not self._has_shown(wanted):
                self._changed.clear()
                async with asyncio.timeout_at(min(clock() + still, until) if self._has_shown(stay) else until):
                    await self._changed.wait()
        self._learner.settle()
        return self._has_shown(stay)

    def _has_shown(self, wanted: Iterable["_Wanted"]) -> bool:
        return all(map(self._shown, wanted))

    def _shown(self, wanted: "_Wanted") -> bool:
        gone = wanted.gone and self._renaming.text(wanted.name) not in self._last
        return wanted.state in self._states or (gone and self.events > 0)

    async def wait(self, events: int | None, seconds: float) -> bool:
        """Until this many events came (None: until the server ends it), or it ends, or the time is over.

        True, too, where those that did not come cannot come. Events that were waited for in vain are not waited for
        again, unless they come after all.
        """
        may_come = self._first_look = True
        try:
            async with asyncio.timeout(seconds):
                while may_come and not self.ended and not self._delivered(events):
                    may_come = await self._until_changed(events)
        except TimeoutError:
            pass  # said by the caller, who knows what it means
        came = self._delivered(events)
        self._learner.settle()
        self._make_up()
        if events is None:
            return self.ended
        if not came:
            self.missed = events - self.events
            self._learner.give_up(self._recorded[:events])
        elif self.events >= events:
            self.missed = 0
        return came or not may_come

    def _delivered(self, events: int | None) -> bool:
        """Whether so many recorded events came, without those that were waited for in vain."""
        return events is not None and self.events >= events - self.missed

    async def _until_changed(self, events: int | None) -> bool:
        """Until something comes, or for a while; then whether anything of so many recorded events may still come."""
        self._changed.clear()
        if self._coming is None or events is None:
            return await self._changed.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(_FIRST_LOOK_SECONDS if self._first_look else _LOOK_SECONDS):
                return await self._changed.wait()
        self._learner.settle()
        owed = self._all_owed(events)
        self._silent += 1
        self._first_look = False
        whole = self._whole or self._silent > _LOOKS  # what began before would have been told by now
        chance = Chance.OPEN if None in owed else await self._coming.chance(filter(None, owed), whole=whole)
        if chance is not Chance.HARDLY or self._changed.is_set():  # it may have come while etcd was asked
            self._looks = 0
            return chance is Chance.OPEN or self._changed.is_set()
        self._looks = self._looks + 1 if owed == self._denied else 1
        self._denied = owed
        return self._looks < _LOOKS

    def _all_owed(self, events: int) -> tuple[Owed | None, ...]:
        """Whose events did not come, of so many recorded ones; not of many more than etcd is asked about."""
        found: dict[Owed | None, None] = {}
        for each in self._learner.left(self._recorded[:events]):
            found[self._owed(each)] = None
            if None in found or len(found) > MOST:
                break
        return tuple(found)

    def _owed(self, recorded: Expected) -> Owed | None:
        """Whose a recorded event is that did not come; None: nobody knows what its name became."""
        name = self._learner.name_here(recorded)
        if name is None:
            return None
        namespace, _, own = name.partition("/")
        return Owed(namespace, own, self._last.get(name), drawn=bool(recorded.drawn))

    @property
    def asks_etcd(self) -> bool:
        """Whether it is known what can still come."""
        return self._coming is not None

    @property
    def ended_early(self) -> bool:
        """Whether its server ended it, in good order and unasked, before half of the time until now was over."""
        if self.broken or self._refused or not self.ended:
            return False
        return self.lived < (asyncio.get_running_loop().time() - self._began) / 2

    async def linger(self, seconds: float) -> None:
        """Until each recorded event has come, or it ends, or the time is over.

        What went on at once may be told in another order: as many events as were recorded are not yet the same ones.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                may_come = True
                while may_come and not self.ended and not self._learner.complete:
                    may_come = await self._until_changed(len(self._recorded))
                    self._learner.settle()

    async def close(self) -> None:
        """Leave it, as the recorded client did."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._reply.leave()


class _Wanted(NamedTuple):
    """A state that an object is to be shown in, or that it is `gone`; `passed`: it need not be."""

    name: str
    state: str
    gone: bool
    passed: bool

    @classmethod
    def of(cls, recorded: WatchEvent, passed: bool) -> Self:  # noqa: FBT001 - what was found out of it
        """What a recorded event showed."""
        return cls(name_of(recorded), event_state(recorded), recorded.type == "DELETED", passed)
