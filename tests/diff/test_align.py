"""kproxy.diff.align."""

from kproxy.diff.align import align_exchanges
from kproxy.model.exchange import Exchange, Nanos, Request, Seq
from kproxy.wire.requestinfo import request_info

PODS = "/api/v1/namespaces/default/pods"


def exchanges(*lines: str) -> list[Exchange]:
    """Exchanges of `METHOD TARGET` lines."""
    made = []
    for number, line in enumerate(lines, start=1):
        method, _, target = line.partition(" ")
        request = Request(method=method, target=target, http_version="HTTP/1.1", headers=())
        info = request_info(method, target)
        made.append(Exchange(seq=Seq(number), connection=1, started=Nanos(0), request=request, info=info))
    return made


def test_the_first_of_a_kind_stands_beside_the_first() -> None:
    first = exchanges(f"GET {PODS}", f"POST {PODS}", f"GET {PODS}")
    second = exchanges(f"POST {PODS}", f"GET {PODS}", f"GET {PODS}", "GET /version")
    assert align_exchanges(first, second) == [(1, 2), (2, 1), (3, 3)]


def test_revisions_and_time_limits_do_not_tell_requests_apart() -> None:
    first = exchanges(f"GET {PODS}?watch=true&resourceVersion=5&timeoutSeconds=311")
    second = exchanges(f"GET {PODS}?timeoutSeconds=498&resourceVersion=90&watch=true")
    assert align_exchanges(first, second) == [(1, 1)]


def test_generated_names_are_paired_by_what_is_asked_for() -> None:
    first = exchanges(f"GET {PODS}/web-aaaaa", f"DELETE {PODS}/web-aaaaa")
    second = exchanges(f"GET {PODS}/web-bbbbb", f"DELETE {PODS}/web-bbbbb")
    assert align_exchanges(first, second) == [(1, 1), (2, 2)]


def test_other_questions_have_no_partner() -> None:
    assert align_exchanges(exchanges(f"GET {PODS}"), exchanges("GET /api/v1/nodes", f"POST {PODS}")) == []
