"""kproxy.replay.read_ahead: an exchange as the plan sees it."""

from dataclasses import replace

import pytest

from kproxy.model.exchange import Answer, Body, BodyState
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.replay.read_ahead import Looked, looked_at
from tests.replay.test_sights import MAPS, PODS, exchanged
from tests.support.memory import MemoryRecording

SERVICES = "/api/v1/namespaces/default/services"
SENT: JSONObject = {"metadata": {"generateName": "x-"}}
SAID: JSONObject = {"metadata": {"name": "x-1"}}


def looked(method: str, target: str, status: int = 200, said: JSON = SAID, sent: JSON = SENT) -> Looked:
    """One exchange as it is seen."""
    recording, exchange = exchanged(method, target, status, said, sent)
    [found] = looked_at(recording, [exchange])
    return found


@pytest.mark.parametrize(
    ("method", "target", "status", "name", "sent", "told", "asked", "shown"),
    [
        ("POST", MAPS, 201, "x-1", True, True, False, True),
        ("POST", MAPS, 200, "x-1", True, True, False, True),
        ("POST", MAPS, 409, "", True, False, True, False),
        ("POST", SERVICES, 201, "x-1", True, True, True, True),
        ("POST", f"{PODS}/p/binding", 201, "p", True, True, False, False),
        ("PUT", f"{MAPS}/x", 200, "x", True, False, False, False),
        ("PUT", f"{MAPS}/x", 201, "x", True, True, False, False),
        ("GET", f"{MAPS}/x", 200, "x", False, False, False, False),
        ("GET", MAPS, 200, "", False, False, False, False),
        ("GET", f"{MAPS}?fieldSelector=metadata.name%3Dx", 200, "", False, False, False, False),
        ("DELETE", MAPS, 200, "", True, False, False, False),
        ("POST", f"{MAPS}?dryRun=All", 201, "", False, False, False, False),
    ],
)
def test_only_of_writes_bodies_are_read_and_only_creations_are_decoded(  # noqa: PLR0913 - one column each
    method: str, target: str, status: int, name: str, *, sent: bool, told: bool, asked: bool, shown: bool
) -> None:
    found = looked(method, target, status)
    effect = found.effect
    assert (bool(found.sent), bool(found.told)) == (sent, told)
    assert (effect.sent, effect.told) == (SENT if asked else {}, SAID if shown else {})
    assert (effect.ref.name if effect.ref else "") == name


@pytest.mark.parametrize("said", [None, [1], "text"])
def test_a_creation_whose_answer_shows_nothing_is_of_the_object_that_was_asked_for(said: JSON) -> None:
    found = looked("POST", MAPS, 201, said, {"metadata": {"name": "asked"}})
    assert found.effect.ref is not None
    assert found.effect.ref.name == "asked"
    assert found.effect.told == {}


def test_what_was_not_kept_or_cannot_be_read_says_nothing() -> None:
    recording, exchange = exchanged("POST", MAPS, 201, SAID, SENT)
    lost = Body(state=BodyState.COUNTED, size=9)
    answer = exchange.answer
    assert isinstance(answer, Answer)
    empty = replace(exchange, request=replace(exchange.request, body=lost), answer=replace(answer, body=lost))
    [found] = looked_at(recording, [empty])
    assert (found.sent, found.told, found.effect.ref) == (b"", b"", None)
    [found] = looked_at(MemoryRecording(), [exchange])
    assert (found.sent, found.told) == (b"", b"")
    for digest in recording.body_bytes:
        recording.body_bytes[digest] = b"{"
    [found] = looked_at(recording, [exchange])
    assert (found.sent, found.told, found.effect.told) == (b"{", b"{", {})
    [found] = looked_at(recording, [replace(exchange, answer=None)])
    assert (found.told, found.effect.told) == (b"", {})


def test_each_of_many_is_seen_in_its_order() -> None:
    recording, exchange = exchanged("POST", MAPS, 201, SAID, SENT)
    many = [replace(exchange, connection=number) for number in range(500)]
    found = list(looked_at(recording, many))
    assert [each.effect.exchange.connection for each in found] == list(range(500))
    assert all(each.sent and each.told for each in found)
