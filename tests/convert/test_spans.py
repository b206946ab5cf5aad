"""A recording's exchanges, calls and changes as spans."""

from dataclasses import replace

from kproxy.convert.spans import MOST_EVENTS, MOST_KEYS, spans_of
from kproxy.correlate.ledger import correlate
from kproxy.model.api import RequestInfo
from kproxy.model.attribution import Attribution, Basis, Ledger
from kproxy.model.etcd import ChangeType, ClusterId, EtcdCall, EtcdKey, KeyOperation, KeyRange, Operation, Revision
from kproxy.model.exchange import End, Exchange, Nanos, Seq
from kproxy.otlp.writing import Kind, OutSpan
from tests.support.made import an_exchange
from tests.support.memory import MemoryRecording

TRACE, OURS, CLIENTS = "1" * 32, "2" * 16, "3" * 16
INFO = RequestInfo(
    verb="get", path="/x", is_resource=True, version="v1", resource="pods", namespace="default", name="x"
)


def a_call(**fields: object) -> EtcdCall:
    """A Txn of the exchange's, changed as asked."""
    known: dict[str, object] = {
        "number": 1,
        "cluster": ClusterId("aa"),
        "connection": 1,
        "stream": 1,
        "started": Nanos(2),
        "ended": Nanos(3),
        "method": "KV/Txn",
        "trace_id": TRACE,
        "parent_id": OURS,
        "status": 0,
        "revision": Revision(7),
        "operations": (KeyOperation(operation=Operation.PUT, keys=KeyRange(key=EtcdKey(b"/registry/pods/default/x"))),),
    }
    return EtcdCall(**(known | fields))  # type: ignore[arg-type] # the caller names fields of EtcdCall


def traced(exchange: Exchange) -> Exchange:
    """It, as it went on while a relay was attached."""
    return replace(exchange, info=INFO, trace_id=TRACE, parent_id=OURS)


def spans(*exchanges: Exchange, calls: tuple[EtcdCall, ...] = (), ledger: Ledger | None = None) -> list[OutSpan]:
    """Those of a recording of these."""
    recording = MemoryRecording(exchange_list=list(exchanges), call_list=list(calls))
    return list(spans_of(recording, ledger or correlate(recording)))


def test_a_call_to_etcd_hangs_below_the_exchange_that_caused_it() -> None:
    request, call = spans(traced(an_exchange(1)), calls=(a_call(), a_call(number=2, parent_id="9" * 16)))
    assert (request.trace_id, request.span_id, request.kind) == (TRACE, OURS, Kind.SERVER)
    assert request.name == "GET /api/v1/namespaces/{namespace}/pods/{name}"
    assert (call.trace_id, call.parent_id, call.kind, call.name) == (TRACE, OURS, Kind.CLIENT, "etcd KV/Txn")
    assert dict(call.attributes)["kproxy.etcd.keys"] == "put /registry/pods/default/x"
    assert dict(call.attributes)["kproxy.etcd.revision"] == 7


def test_an_exchange_hangs_below_the_clients_own_span_where_it_joined_its_trace() -> None:
    said = an_exchange(1)
    request = replace(said.request, headers=(("Traceparent", f"00-{TRACE}-{CLIENTS}-01"),))
    assert spans(traced(replace(said, request=request)))[0].parent_id == CLIENTS
    other = replace(said.request, headers=(("Traceparent", f"00-{'4' * 32}-{CLIENTS}-01"),))
    assert spans(traced(replace(said, request=other)))[0].parent_id == ""


def test_without_a_trace_the_ids_are_the_same_each_time_and_differ() -> None:
    once, twice = (spans(an_exchange(1), an_exchange(2)) for _ in range(2))
    assert once == twice
    assert len({span.trace_id for span in once} | {span.span_id for span in once}) == 4


def test_ids_that_are_none_are_replaced() -> None:
    hostile = replace(an_exchange(1), trace_id="zz" * 16, parent_id="<script>")
    (span,) = spans(hostile)
    assert bytes.fromhex(span.trace_id + span.span_id)


def test_keys_that_an_exchange_changed_are_events_on_it() -> None:
    ground = Attribution(
        cluster=ClusterId("aa"),
        revision=Revision(7),
        key=EtcdKey(b"/registry/pods/default/x"),
        type=ChangeType.PUT,
        seq=Seq(1),
        basis=Basis.REVISION,
        evidence="because",
    )
    ledger = Ledger(entries=(), by_seq={Seq(1): (ground,) * (MOST_EVENTS + 5)})
    (span,) = spans(an_exchange(1), ledger=ledger)
    changes = [event for event in span.events if event.name == "etcd change"]
    assert len(changes) == MOST_EVENTS
    assert dict(changes[0].attributes)["kproxy.basis"] == "revision"


def test_an_answer_of_500_or_an_end_that_is_the_servers_is_a_failure() -> None:
    good = an_exchange(1)
    assert good.answer
    assert spans(good)[0].failure == ""
    assert spans(replace(good, answer=replace(good.answer, status=404)))[0].failure == ""
    assert spans(replace(good, answer=replace(good.answer, status=503)))[0].failure == "status 503"
    assert spans(replace(good, end=End.SERVER_GONE))[0].failure == "server-gone"
    assert spans(replace(good, end=End.CLIENT_GONE))[0].failure == ""


def test_of_a_call_with_many_keys_some_are_named_and_the_rest_counted() -> None:
    many = a_call(operations=a_call().operations * (MOST_KEYS + 3), status=None, succeeded=False, ended=None)
    _, call = spans(traced(an_exchange(1)), calls=(many,))
    said = dict(call.attributes)
    assert str(said["kproxy.etcd.keys"]).endswith(" and 3 more")
    assert said["kproxy.etcd.succeeded"] is False
    assert (call.failure, call.ended) == ("no answer", call.started)


def test_a_path_that_is_no_resource_is_its_own_route() -> None:
    (span,) = spans(an_exchange(1, "/healthz?verbose"))
    assert span.name == "GET /healthz"
    assert dict(span.attributes)["url.query"] == "verbose"
