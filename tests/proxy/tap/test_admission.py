"""What is said of a request by its head, before anything of it is sent or kept."""

from kproxy.config.upstream import upstream_from_url
from kproxy.model.exchange import Altered
from kproxy.proxy.identity.judge import Admitted, Identity
from kproxy.proxy.status import OwnAnswer, status_answer
from kproxy.proxy.tap.admission import Admission
from kproxy.wire.handoff import unpack_head
from kproxy.wire.http1 import RequestHead
from kproxy.wire.http1_head import parse_request_head

HEAD = parse_request_head(b"GET /api/v1/pods HTTP/1.1\r\nHost: h\r\n\r\n")
JUDGE = Identity(upstream_from_url("http://up:1"), token=None, local=None, allow_exec=True)


class Closed:
    """A way in that lets nobody through."""

    altered = Altered.HOP_BY_HOP

    def enter(self, head: RequestHead) -> RequestHead | OwnAnswer:
        return status_answer(403, f"{head.target.decode()} is closed")


def test_an_admitted_head_is_recorded_as_it_came_and_goes_on_as_the_judge_wrote_it() -> None:
    admission = Admission(JUDGE, 7, tls=True)
    head, verdict, recorded = admission.of(HEAD)
    assert recorded
    assert isinstance(verdict, Admitted)
    kept = unpack_head(admission.record(head, verdict, int(Altered.FAULT)))
    assert (kept.connection, kept.tls, kept.raw) == (7, True, HEAD.raw)
    assert Altered.FAULT in kept.altered
    assert admission.onward(head, verdict, 3) == verdict.head


def test_what_the_way_in_refuses_is_recorded_though_nobody_judged_it() -> None:
    admission = Admission(JUDGE, 7, tls=False, entrance=Closed())
    head, verdict, recorded = admission.of(HEAD)
    assert isinstance(verdict, OwnAnswer)
    assert (head, recorded) == (HEAD, True)
    kept = unpack_head(admission.record_unjudged(head.raw))
    assert (kept.altered, kept.caller, kept.raw) == (Altered.NOTHING, "client", HEAD.raw)
