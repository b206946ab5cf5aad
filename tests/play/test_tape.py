from dataclasses import replace

import pytest

from kproxy.model.exchange import End, Exchange, Nanos, Seq
from kproxy.play.tape import Tape, key_of, why_not
from kproxy.wire.requestinfo import request_info
from tests.support.made import an_exchange
from tests.support.memory import MemoryRecording

PODS = "/api/v1/namespaces/default/pods"


def exchange(seq: int, target: str = f"{PODS}/x", method: str = "GET", accept: str = "application/json") -> Exchange:
    made = an_exchange(seq, target)
    request = replace(made.request, method=method, target=target, headers=(("Accept", accept),))
    return replace(made, request=request, info=request_info(method, target), started=Nanos(seq), end=End.COMPLETE)


def tape(*exchanges: Exchange, repeat: bool = True) -> Tape:
    return Tape([MemoryRecording(exchange_list=list(exchanges))], repeat=repeat)


def asked(of: Tape, target: str = f"{PODS}/x", method: str = "GET", accept: str = "application/json") -> Seq | None:
    found = of.next(method, target, (("Accept", accept),))
    return found.exchange.seq if found else None


def test_each_is_played_once_in_its_order_and_a_read_s_last_one_again() -> None:
    played = tape(exchange(1), exchange(2, method="POST", target=PODS), exchange(3))
    assert [asked(played), asked(played), asked(played)] == [1, 3, 3]
    assert (played.recorded, played.played) == (3, 2)
    assert [seq for _, seq in played.left()] == [2]


def test_a_write_is_not_played_twice_and_with_once_no_read_either() -> None:
    played = tape(exchange(1, method="POST", target=PODS))
    assert [asked(played, PODS, "POST"), asked(played, PODS, "POST")] == [1, None]
    played = tape(exchange(1), repeat=False)
    assert [asked(played), asked(played)] == [1, None]


@pytest.mark.parametrize(
    ("recorded", "now"),
    [
        (f"{PODS}?watch=1&resourceVersion=7&timeoutSeconds=5", f"{PODS}?timeoutSeconds=9&resourceVersion=8&watch=1"),
        (f"{PODS}?fieldSelector=a%3D1%2Cb%3D2", f"{PODS}?fieldSelector=b%3D2%2Ca%3D1"),
        (f"{PODS}?limit=500&continue=abc", f"{PODS}?limit=500&continue=def"),
    ],
)
def test_what_is_drawn_anew_tells_no_requests_apart(recorded: str, now: str) -> None:
    assert asked(tape(exchange(1, recorded)), now) == 1


@pytest.mark.parametrize("now", [f"{PODS}/y", f"{PODS}/x?dryRun=All", "/api/v1/namespaces/other/pods/x"])
def test_everything_else_does(now: str) -> None:
    assert asked(tape(exchange(1)), now) is None


def test_who_asks_for_the_same_form_gets_it_first() -> None:
    played = tape(exchange(1), exchange(2, accept="application/vnd.kubernetes.protobuf"))
    assert asked(played, accept="application/vnd.kubernetes.protobuf") == 2
    assert asked(played) == 1


def test_recordings_are_played_one_after_the_other() -> None:
    first = MemoryRecording(exchange_list=[exchange(1)])
    second = MemoryRecording(exchange_list=[exchange(1), exchange(2, f"{PODS}/y")])
    played = Tape([first, second])
    one, two = (played.next("GET", f"{PODS}/x", ()) for _ in range(2))
    assert one is not None
    assert two is not None
    assert (one.recording, two.recording) == (first, second)


def test_an_event_is_due_when_the_writes_before_it_were_played_or_given_up() -> None:
    made = MemoryRecording(exchange_list=[exchange(1, PODS, "POST"), exchange(5, f"{PODS}/x", "DELETE")])
    played = Tape([made])
    assert [played.is_due(made, Nanos(at)) for at in (1, 2, 6)] == [True, False, False]
    assert asked(played, PODS, "POST") == 1
    assert [played.is_due(made, Nanos(at)) for at in (2, 6)] == [True, False]
    played.give_up(made, Nanos(6))
    assert played.is_due(made, Nanos(6))


def test_what_has_no_answer_is_not_on_the_tape() -> None:
    assert tape(replace(exchange(1), answer=None), replace(exchange(2), end=End.REFUSED)).recorded == 0


def test_an_upgrade_cannot_be_played() -> None:
    played = tape(replace(exchange(1), upgrade="websocket"))
    found = played.next("GET", f"{PODS}/x", ())
    assert found is not None
    assert "upgrade to websocket" in why_not(found)


def test_a_key_is_of_the_method_the_path_and_what_counts_of_the_query() -> None:
    assert key_of("get", "/a?b=&c=1&c=0&resourceVersion=3") == ("GET", "/a", (("b", ""), ("c", "0"), ("c", "1")))
