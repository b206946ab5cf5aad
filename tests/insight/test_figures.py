"""kproxy.insight.figures."""

from kproxy.insight.cost import Cost
from kproxy.insight.figures import Figures
from kproxy.model.exchange import End
from tests.support.told import Told


def test_errors_are_what_the_server_refused_and_what_never_was_answered_unless_the_client_left() -> None:
    told, figures = Told(), Figures()
    told.ask("GET", "/api")
    told.ask("GET", "/api", 404)
    told.ask("GET", "/api", 409)
    told.ask("GET", "/api", None, end=End.SERVER_GONE)
    told.ask("GET", "/api", None, end=End.CLIENT_GONE)
    for exchange in told.recording.exchanges():
        figures.count(exchange, None)
    assert (figures.exchanges, figures.errors, figures.unanswered, figures.conflicts) == (5, 3, 2, 1)
    assert figures.as_json()["p50_ms"] is None


def test_merged_figures_are_those_of_both() -> None:
    told, one, other = Told(), Figures(), Figures()
    told.ask("GET", "/api", size=100)
    for figures, millis in ((one, 10), (other, 30)):
        figures.count(told.recording.exchange_list[0], millis * 1_000_000)
        figures.cost(Cost(calls=2, reads=1, read_bytes=10, lists=1, listed=7))
    one.merge(other)
    found = one.as_json()
    assert (found["exchanges"], found["answer_bytes"], found["etcd_reads"], found["etcd_lists"]) == (2, 200, 2, 2)
    assert one.milliseconds(0.99) is not None
    assert 29 < (one.milliseconds(0.99) or 0) < 31
