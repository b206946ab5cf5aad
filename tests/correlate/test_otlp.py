"""The ground `otlp`: what the api-server's own spans say of who wrote a key."""

from dataclasses import replace

from kproxy.correlate.ledger import correlate
from kproxy.correlate.otlp import EARLY, LATE
from kproxy.model.attribution import LedgerEntry
from kproxy.model.exchange import Nanos, Seq
from kproxy.model.trace import Span
from tests.correlate.story import POD, PODS, Story, pod

SEEN = 60_000_000_000


def told(
    audit_id: str, started: int, ended: int, name: str = "GuaranteedUpdate etcd3", key: str = "/pods/default/web"
) -> Span:
    """A span of the storage layer's, of the pod."""
    return Span(
        trace_id="1" * 32,
        span_id="2" * 16,
        name=name,
        started=Nanos(started),
        ended=Nanos(ended),
        audit_id=audit_id,
        key=key,
    )


def attributed(*spans: Span, answers: bool = False, status: int = 200) -> LedgerEntry:
    """The entry of revision 101, which one of two patches (audit ids a, b) wrote.

    `answers`: the first one says so. `status`: the second one's.
    """
    story = Story()
    for audit_id in ("a", "b"):
        document = pod(revision=101) if answers and audit_id == "a" else pod()
        seq = story.ask("PATCH", f"{PODS}/web", 200 if audit_id == "a" else status, document)
        asked = story.recording.exchange_list[-1]
        assert asked.answer is not None
        answer = replace(asked.answer, headers=(*asked.answer.headers, ("Audit-Id", audit_id)))
        story.recording.exchange_list[-1] = replace(asked, answer=answer)
        assert seq
    story.put(101, POD, pod())
    story.recording.change_list[-1] = replace(story.recording.change_list[-1], at=Nanos(SEEN))
    story.recording.span_list.extend(spans)
    return next(iter(correlate(story.recording).entries))


def ground(entry: LedgerEntry) -> tuple[str, Seq] | None:
    """Basis and exchange."""
    return (entry.attribution.basis.value, entry.attribution.seq) if entry.attribution else None


def test_a_span_that_wrote_the_key_about_then_names_its_request() -> None:
    assert ground(attributed(told("b", SEEN - 5, SEEN + 5))) == ("otlp", 2)
    assert ground(attributed(told("b", SEEN - LATE - 5, SEEN - LATE))) == ("otlp", 2)
    assert ground(attributed(told("b", SEEN + EARLY, SEEN + EARLY + 1))) == ("otlp", 2)


def test_a_span_of_another_time_of_a_read_or_of_a_strangers_request_names_nobody() -> None:
    for span in (
        told("b", SEEN - LATE - 9, SEEN - LATE - 1),
        told("b", SEEN + EARLY + 1, SEEN + EARLY + 2),
        told("b", SEEN - 5, SEEN + 5, name="Get etcd3"),
        told("stranger", SEEN - 5, SEEN + 5),
    ):
        assert (ground(attributed(span)) or ("window",))[0] == "window", span


def test_of_two_spans_that_fit_the_answer_decides_and_nothing_else() -> None:
    both = (told("a", SEEN - 9, SEEN - 5), told("b", SEEN - 5, SEEN + 5))
    assert ground(attributed(*both, answers=True)) == ("otlp", 1)
    assert (ground(attributed(*both)) or ("window",))[0] == "window"
    assert attributed(*both, answers=True).contradictions == ()


def test_an_answer_with_the_revision_whose_span_was_dropped_is_not_overruled_by_anothers_span() -> None:
    entry = attributed(told("b", SEEN - 5, SEEN + 5), answers=True)
    assert ground(entry) == ("revision", 1)
    assert entry.contradictions == ()


def test_a_request_that_failed_wrote_nothing_whatever_span_it_has() -> None:
    entry = attributed(told("b", SEEN - 5, SEEN + 5), status=409)
    assert (ground(entry) or ("window",))[0] == "window"


def test_a_request_that_was_only_tried_and_one_without_an_audit_id_wrote_no_key() -> None:
    story = Story()
    story.ask("PATCH", f"{PODS}/web?dryRun=All", 200, pod(), audit_id="a")
    story.ask("PATCH", f"{PODS}/web", 200, pod(), answer=None)
    story.put(101, POD, pod(), at=Nanos(SEEN))
    story.recording.span_list.append(told("a", SEEN, SEEN))
    assert ground(next(iter(correlate(story.recording).entries))) is None


def test_a_span_names_its_key_with_or_without_etcds_prefix() -> None:
    for key in ("/registry/pods/default/web", "/pods/default/web", "pods/default/web", "//pods/default/web"):
        assert ground(attributed(told("b", SEEN - 5, SEEN + 5, key=key))) == ("otlp", 2), key
    assert (ground(attributed(told("b", SEEN - 5, SEEN + 5, key="/registrypods/default/web"))) or ("window",))[
        0
    ] == "window"


def test_what_a_span_says_is_said_as_the_ground() -> None:
    found = attributed(told("b", SEEN - 5, SEEN + 5)).attribution
    assert found is not None
    assert found.evidence == "a span of the api-server's with this exchange's audit id wrote the key at that time"
