"""kproxy.diff.gaps: what is missing makes only that inconclusive which it can be."""

from dataclasses import replace

import pytest

from kproxy.diff.gaps import MissingChanges, MissingExchanges
from kproxy.model.etcd import Revision
from kproxy.model.exchange import NO_WHOLE_EVENT, BodyState, End, Nanos, Seq
from kproxy.model.session import Gap, SessionEnd
from kproxy.model.verdict import Outcome, Verdict
from tests.diff.sessions import PODS, FakeServer, verdict_of
from tests.diff.test_streams import LIVE, event
from tests.support.memory import MemoryRecording

KEY = "/registry/pods/default"


def gap(kind: str, first: int | None = None, last: int | None = None, count: int = 0) -> Gap:
    """Of exchanges, or of revisions after the base of the replay's server."""
    made = Gap(kind=kind, reason="the buffer was full", at=Nanos(0), count=count)
    if kind == "exchanges":
        return replace(made, first_seq=Seq(first) if first else None, last_seq=Seq(last) if last else None)
    return replace(made, first_revision=Revision(5000 + (first or 0)), last_revision=Revision(5000 + (last or 0)))


@pytest.mark.parametrize(
    ("first", "last", "around", "found"),
    [
        (None, None, (3, 5), True),
        (4, 4, (3, 5), True),
        (6, 9, (3, 5), False),
        (1, 2, (3, 5), False),
        (6, 9, (3, None), True),
        (1, 2, (None, 3), True),
        (8, 9, (None, 3), False),
        (4, 4, (5, 3), True),
    ],
)
def test_a_gap_holds_what_may_have_been_where_it_is(
    first: int | None, last: int | None, around: tuple[Seq | None, Seq | None], found: bool
) -> None:
    missing = MissingExchanges(MemoryRecording(gap_list=[gap("exchanges", first, last)]))
    assert (missing.take(around) is not None) is found


def test_a_gap_holds_no_more_than_it_counts() -> None:
    missing = MissingExchanges(MemoryRecording(gap_list=[gap("exchanges", count=2)]))
    assert [missing.take((None, None)) is not None for _ in range(3)] == [True, True, False]


def pods(letter: str, base: int, hour: int) -> FakeServer:
    """Three pods are made, each changed once."""
    made = FakeServer(letter, base, hour)
    for number, name in enumerate("abc"):
        for version in (1, 2):
            at = 2 * number + version
            made.exchange(
                "POST" if version == 1 else "PUT", PODS if version == 1 else f"{PODS}/{name}", 201, made.pod(at, name)
            )
            made.put(at, f"{KEY}/{name}", made.pod(at, name), version=version)
    return made


def both() -> tuple[FakeServer, FakeServer]:
    """Two servers that behave the same."""
    return pods("a", 100, 7), pods("b", 5000, 15)


def missing(verdict: Verdict) -> list[int | None]:
    """The exchanges that are called missing."""
    return [each.seq for each in verdict.differences if each.where == "missing"]


def test_an_exchange_that_a_gap_elsewhere_cannot_hold_is_missing() -> None:
    for first, expected in ((2, []), (5, [2])):
        one, two = both()
        del two.made.exchange_list[1]
        two.made.gap_list.append(gap("exchanges", first, first, count=1))
        verdict = verdict_of(one, two)
        assert missing(verdict) == expected
        assert verdict.outcome is (Outcome.DIFFERENT if expected else Outcome.INCONCLUSIVE)


def test_a_key_whose_change_is_in_a_gap_is_inconclusive_and_the_others_are_judged() -> None:
    one, two = both()
    del two.made.change_list[3]  # b's second one
    two.made.gap_list.append(gap("etcd", 4, 4))
    verdict = verdict_of(one, two)
    assert (verdict.outcome, verdict.differences) == (Outcome.INCONCLUSIVE, ())
    assert any(f"{KEY}/b was changed 2 and 1 times, and changes are missing" in reason for reason in verdict.reasons)
    assert verdict.etcd.compared == 2


def test_a_change_too_many_is_no_gap_of_the_side_that_has_it() -> None:
    one, two = both()
    del one.made.change_list[3]
    two.made.gap_list.append(gap("etcd", 4, 4))
    assert verdict_of(one, two).outcome is Outcome.DIFFERENT


def watched(*, cut: bool, events: int = 1, end: End = End.UNKNOWN, missing: Gap | None = None) -> Verdict:
    """The verdict when the replay's watch has only the first of two events; `cut`: it says that it is not whole.

    `missing`: a gap of the replay's recording.
    """
    one, two = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    one.watch(LIVE, event("ADDED", one.pod(1)), event("MODIFIED", one.pod(2)), end=end)
    seen = [event("ADDED", two.pod(1)), event("MODIFIED", two.pod(2))]
    seq = two.watch(LIVE, *seen[:events], end=end)
    answer = two.made.exchange_list[-1].answer
    assert answer is not None
    if cut:
        two.edit(seq, lambda each: replace(each, answer=replace(answer, body=replace(answer.body, reason="lost"))))
    two.made.gap_list.extend([missing] if missing is not None else [])
    return verdict_of(one, two)


@pytest.mark.parametrize(
    ("missing", "end", "outcome"),
    [
        (gap("exchanges"), End.STOPPED, Outcome.INCONCLUSIVE),
        (gap("exchanges"), End.CLIENT_GONE, Outcome.DIFFERENT),
        (gap("exchanges", 7, 9), End.STOPPED, Outcome.DIFFERENT),
        (None, End.STOPPED, Outcome.DIFFERENT),
    ],
)
def test_a_stream_that_went_on_when_the_rest_was_not_handed_over_may_lack_its_end(
    missing: Gap | None, end: End, outcome: Outcome
) -> None:
    assert watched(cut=False, end=end, missing=missing).outcome is outcome


def test_the_rest_of_a_stream_that_was_not_kept_whole_is_inconclusive() -> None:
    assert watched(cut=True, end=End.CLIENT_GONE).outcome is Outcome.INCONCLUSIVE
    assert watched(cut=False, end=End.UNKNOWN).outcome is Outcome.INCONCLUSIVE
    assert watched(cut=False, end=End.CLIENT_GONE).outcome is Outcome.DIFFERENT


def test_a_recording_whose_proxy_died_is_judged_as_far_as_it_goes() -> None:
    one, two = both()
    for server in (one, two):
        server.made.session = replace(server.made.session, end=SessionEnd.PROXY_GONE)
    verdict = verdict_of(one, two)
    assert (verdict.outcome, verdict.exchanges.identical) == (Outcome.INCONCLUSIVE, 6)
    two.edit(Seq(3), lambda each: replace(each, answer=replace(each.answer, status=500)))  # type: ignore[type-var] # it has one
    assert verdict_of(one, two).outcome is Outcome.DIFFERENT


def test_a_body_that_was_cut_is_inconclusive() -> None:
    one, two = both()
    body = replace(two.made.keep(b'{"kind":"Pod","meta'), state=BodyState.PARTIAL)
    two.edit(Seq(3), lambda each: replace(each, answer=replace(each.answer, body=body)))  # type: ignore[type-var] # it has one
    verdict = verdict_of(one, two)
    assert {each.where for each in verdict.differences} <= {"header"}  # its length
    assert any("exchange 3: an answer's body is there only up to where it was cut" in each for each in verdict.reasons)


def cut(size: int) -> FakeServer:
    """A server whose second answer is there only up to where it was cut."""
    server = FakeServer("a" if size == 100 else "b", 100, 7)
    server.exchange("GET", "/version", 200, {"major": "1"})
    server.exchange("GET", "/api", 200, {"a": 1}, headers=(("Content-Length", "7"),))
    body = replace(server.made.keep(b'{"kind":"Pod","meta'), state=BodyState.PARTIAL, size=size)
    server.edit(Seq(2), lambda each: replace(each, answer=replace(each.answer, body=body)))  # type: ignore[type-var] # it has one
    return server


def test_two_bodies_that_were_cut_are_inconclusive_though_what_is_there_is_the_same() -> None:
    verdict = verdict_of(cut(100), cut(5000))
    assert any("exchange 2: an answer's body is there only up to where it was cut" in each for each in verdict.reasons)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict_of(cut(100), cut(100)).outcome is Outcome.IDENTICAL, "beside itself nothing is missing"


def test_two_streams_of_which_one_was_cut_are_inconclusive_though_their_events_are_the_same() -> None:
    verdict = watched(cut=True, events=2, end=End.CLIENT_GONE)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.reasons == ("exchange 1: the replay's recording has not all of this stream",)
    assert watched(cut=False, events=2, end=End.UNKNOWN).outcome is Outcome.INCONCLUSIVE


def test_a_client_that_left_amid_an_event_got_all_that_was_kept() -> None:
    def broken_off(whole: int, end: End = End.CLIENT_GONE) -> Verdict:
        """Against a recording whose client left amid an event; the replay has so many whole ones."""
        one, two = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
        seq = one.watch(LIVE, event("ADDED", one.pod(1)), event("MODIFIED", one.pod(2)), end=end)
        amid = f"its last 9 bytes {NO_WHOLE_EVENT}"
        answer = one.made.exchange_list[-1].answer
        assert answer is not None
        one.edit(seq, lambda each: replace(each, answer=replace(answer, body=replace(answer.body, reason=amid))))
        seen = [event("ADDED", two.pod(1)), event("MODIFIED", two.pod(2))]
        two.watch(LIVE, *seen[:whole], end=End.CLIENT_GONE)
        return verdict_of(one, two)

    assert broken_off(2).outcome is Outcome.IDENTICAL
    assert broken_off(1).outcome is Outcome.DIFFERENT
    assert broken_off(2, End.SERVER_GONE).outcome is not Outcome.IDENTICAL, "what the server did not say is missing"


def test_a_stream_that_was_cut_is_identical_beside_itself() -> None:
    one, _ = both()
    one.watch(LIVE, event("ADDED", one.pod(1)), end=End.UNKNOWN)
    assert verdict_of(one, one).outcome is Outcome.IDENTICAL


@pytest.mark.parametrize("end", [End.UNKNOWN, End.UNREACHABLE])
def test_what_has_no_answer_in_either_recording_is_inconclusive_but_beside_itself(end: End) -> None:
    one, two = both()
    for server in (one, two):
        server.edit(server.exchange("GET", "/version"), lambda each: replace(each, end=end, answer=None))
    verdict = verdict_of(one, two)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.reasons == ("exchange 7: what was answered is in neither recording",)
    assert verdict_of(one, one).outcome is Outcome.IDENTICAL


def test_a_gap_of_one_change_excuses_one_key() -> None:
    one, two = both()
    del two.made.change_list[3]  # b's second one
    two.made.gap_list.append(gap("etcd", 4, 4, count=1))
    assert verdict_of(one, two).outcome is Outcome.INCONCLUSIVE
    del two.made.change_list[3]  # another key's, for which no change is missing any more
    verdict = verdict_of(one, two)
    assert verdict.outcome is Outcome.DIFFERENT
    assert "removed" in {each.kind for each in verdict.differences}


def test_changes_are_taken_from_all_gaps_and_from_one_of_unknown_size_without_end() -> None:
    recording = MemoryRecording()
    recording.gap_list += [gap("etcd", 1, 2, count=2), gap("etcd", 5, 5, count=1)]
    missing = MissingChanges(recording)
    assert [missing.take(count) for count in (4, 2, 2)] == [None, recording.gap_list[0], None]
    assert missing.take(1) == recording.gap_list[1]
    recording.gap_list.append(gap("etcd", 7, 7))
    unknown = MissingChanges(recording)
    assert [unknown.take(count) is not None for count in (9, 9)] == [True, True]
