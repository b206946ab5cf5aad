"""Where the first cause must stand."""

from dataclasses import replace

from kproxy.model.exchange import Exchange, Nanos, Request, Seq
from kproxy.model.verdict import Difference
from kproxy.wire.requestinfo import request_info
from tests.mutants.mutant import Place

TARGET = "/api/v1/pods?limit=2"
EXCHANGE = Exchange(
    seq=Seq(1),
    connection=1,
    started=Nanos(0),
    request=Request(method="GET", target=TARGET, http_version="HTTP/1.1", headers=()),
    info=request_info("GET", TARGET),
)
FOUND = Difference(seq=Seq(1), where="body", path="$.items[2]", kind="added", baseline=None, replayed={})


def test_a_place_names_the_exchange_with_or_without_its_query_and_the_path() -> None:
    assert Place("GET", "/api/v1/pods", "body", r"\$\.items\[2\]").matches(FOUND, EXCHANGE)
    assert Place("GET", r"/api/v1/pods\?limit=2", "body", r"\$\.items.*").matches(FOUND, EXCHANGE)
    assert not Place("GET", r"/api/v1/pods\?limit=3", "body", r"\$\.items.*").matches(FOUND, EXCHANGE)
    assert not Place("POST", "/api/v1/pods", "body", r"\$\.items.*").matches(FOUND, EXCHANGE)
    assert not Place("GET", "/api/v1/pods", "stream", r"\$\.items.*").matches(FOUND, EXCHANGE)
    assert not Place("GET", "/api/v1/pods", "body", r"\$").matches(FOUND, EXCHANGE)


def test_a_place_of_no_exchange_matches_only_what_no_request_caused() -> None:
    nobodys = replace(FOUND, seq=None, where="etcd", path="/registry/pods/a[0]")
    place = Place("", "", "etcd", r"/registry/pods/a\[0\]")
    assert place.matches(nobodys, None)
    assert not place.matches(nobodys, EXCHANGE)
