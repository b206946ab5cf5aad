"""kproxy.diff.counterparts."""

import sys

import pytest

from kproxy.diff.counterparts import matched_events
from kproxy.diff.events import Seen
from kproxy.model.exchange import Nanos
from kproxy.model.jsontypes import JSONObject
from kproxy.renaming.kinds import Kind
from kproxy.renaming.renaming import Renaming
from kproxy.wire.watchevents import WatchEvent
from tests.diff.sessions import FakeServer


@pytest.mark.parametrize("drawn", [False, True])
def test_a_watch_of_many_objects_takes_as_many_steps_as_there_are(*, drawn: bool) -> None:
    """Objects that the other side has under another name, or not at all: nobody looks through all for each."""

    def events(server: FakeServer, count: int) -> list[Seen]:
        found: list[Seen] = []
        for number in range(count):
            digits = "".join("bcdfghjklm"[int(digit)] for digit in f"{number:04}")
            name = f"web-{'x' if server.letter == 'a' else 'z'}{digits}"
            metadata = server.pod(number, name)["metadata"]
            assert isinstance(metadata, dict)
            metadata |= {"generateName": "web-"} if drawn else {}
            shown = WatchEvent(type="ADDED", object={"metadata": metadata})
            found.append(Seen(number, Nanos(0), shown, bookmark=False))
        return found

    def calls(count: int) -> int:
        first, second = (events(FakeServer(letter, 0, 7), count) for letter in "ab")
        made = 0

        def step(_frame: object, what: str, _value: object) -> None:
            nonlocal made
            made += what in {"call", "c_call"}

        renaming = Renaming()
        sys.setprofile(step)
        try:
            matched_events(renaming, first, second)
        finally:
            sys.setprofile(None)
        return made

    assert calls(400) < 6 * calls(100)


def test_only_an_object_that_nothing_told_of_stands_beside_another_one_that_was_drawn_for_the_same() -> None:
    def drawn(letter: str) -> list[Seen]:
        metadata: JSONObject = {"name": f"web-{letter * 5}", "generateName": "web-", "uid": letter * 8}
        found = WatchEvent(type="MODIFIED", object={"kind": "Pod", "metadata": metadata})
        return [Seen(0, Nanos(0), found, bookmark=False)]

    renaming = Renaming()
    (pair,) = matched_events(renaming, drawn("x"), drawn("z"))
    assert None not in pair
    renaming.learn_name(Kind.UID, "x" * 8, "w" * 8)
    assert [(a is None, b is None) for a, b in matched_events(renaming, drawn("x"), drawn("z"))] == [
        (False, True),
        (True, False),
    ]
