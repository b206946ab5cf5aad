"""kproxy.insight.joined."""

from kproxy.insight.joined import served
from kproxy.model.exchange import Seq
from tests.support.told import Told, reading, writing

POD = "/registry/pods/default/web"


def numbers(told: Told) -> list[tuple[Seq | None, list[int]]]:
    return [
        (each.exchange.seq if each.exchange else None, [call.number for call in each.calls])
        for each in served(told.recording)
    ]


def test_each_exchange_comes_in_its_order_with_its_calls() -> None:
    told = Told()
    first = told.ask("GET", "/api/v1/pods", at=1.0, took=3.0)
    second = told.ask("PUT", "/api/v1/namespaces/default/pods/web", at=1.5)
    told.call(first, reading(POD, at=1.1))
    told.call(second, writing(POD, at=1.6))
    told.call(first, reading(POD, at=3.9))
    assert numbers(told) == [(first, [1, 3]), (second, [2])]


def test_calls_of_nobody_come_alone() -> None:
    told = Told()
    told.call(None, reading("/registry/leases/a", at=0.1))
    seq = told.ask("GET", "/api", at=5.0)
    told.call(Seq(77), reading(POD, at=9.0))
    assert sorted(numbers(told), key=str) == sorted([(None, [1]), (seq, []), (None, [2])], key=str)


def test_a_watch_of_an_hour_holds_nothing_back_and_has_the_calls_of_its_beginning() -> None:
    told = Told()
    watch = told.ask("GET", "/api/v1/pods?watch=1", at=0.0, took=3600.0)
    told.call(watch, reading(POD, at=0.001))
    for second in range(1, 100):
        told.ask("GET", "/api/v1/namespaces/default/pods/web", at=float(second))
    told.call(None, reading(POD, at=99.5))
    stream = served(told.recording)
    first = next(stream)
    assert first.exchange is not None
    assert (first.exchange.seq, len(first.calls)) == (watch, 1)
    assert len(list(stream)) == 100


def test_a_call_long_after_its_exchange_is_nobodys() -> None:
    told = Told()
    seq = told.ask("GET", "/api", at=0.0)
    told.ask("GET", "/api", at=60.0)
    told.call(seq, reading(POD, at=58.0))
    assert (None, [1]) in numbers(told)


def test_what_never_ended_is_not_waited_for_without_end() -> None:
    told = Told()
    lost = told.ask("GET", "/api/v1/pods", None, at=0.0, took=None)
    for second in range(1, 90):
        told.ask("GET", "/api", at=float(second))
    told.call(lost, reading(POD, at=0.5))
    told.call(None, reading(POD, at=89.0))
    assert numbers(told)[0] == (lost, [1])
    assert len(numbers(told)) == 91
