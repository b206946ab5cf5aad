"""kproxy.diff.atonce: what is compared at once comes to what comparing everything as a whole comes to."""

import json
import re
from dataclasses import replace
from random import Random

import pytest

from kproxy.correlate.ledger import correlate
from kproxy.diff import atonce, compare
from kproxy.diff.exchanges import compare_exchange
from kproxy.diff.findings import Findings
from kproxy.diff.pages import Chains
from kproxy.diff.sides import Comparison, Pair, read_side
from kproxy.diff.told import Told
from kproxy.diff.trees import Comparer
from kproxy.model.exchange import Body, Headers, Seq
from kproxy.model.jsontypes import JSON
from kproxy.model.verdict import Outcome, Verdict
from kproxy.renaming.lessons import Lesson
from kproxy.renaming.renaming import Renaming
from tests.diff.conftest import RealPair, in_memory
from tests.diff.edits import Edit, draw
from tests.diff.protobuf import in_protobuf
from tests.support.large_pair import make_pair
from tests.support.memory import MemoryRecording

EXCHANGES = 150
TIME = re.compile(rb"2026-[0-9-]+T[0-9:]+Z")
EDITS = [12, pytest.param(60, marks=pytest.mark.long)]
"""So many are tried."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[MemoryRecording, MemoryRecording]:
    """A session with lists, watches and writes, and its replay."""
    recorded, replayed = make_pair(tmp_path_factory.mktemp("pair"), EXCHANGES)
    return in_memory(recorded), in_memory(replayed)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> tuple[MemoryRecording, MemoryRecording]:
    """A longer one, with several watches."""
    recorded, replayed = make_pair(tmp_path_factory.mktemp("watched"), 400)
    assert len({each.seq for each in in_memory(recorded).frame_list}) > 3
    return in_memory(recorded), in_memory(replayed)


@pytest.fixture(scope="module")
def both_in_protobuf(made: tuple[MemoryRecording, MemoryRecording]) -> tuple[MemoryRecording, MemoryRecording]:
    """The same in protobuf."""
    return in_protobuf(made[0]), in_protobuf(made[1])


def verdict_of(recorded: MemoryRecording, replayed: MemoryRecording) -> Verdict:
    pairs = [(Seq(each.seq), Seq(each.seq)) for each in recorded.exchange_list]
    return compare.compare(recorded, correlate(recorded), replayed, correlate(replayed), pairs)


def as_a_whole(monkeypatch: pytest.MonkeyPatch, recorded: MemoryRecording, replayed: MemoryRecording) -> Verdict:
    with monkeypatch.context() as patched:
        patched.setattr(atonce, "may_say_nothing", lambda _pair: False)
        patched.setattr(atonce, "in_part", lambda pair, _told, _events: pair.baseline.seq)
        patched.setattr(atonce.AtOnce, "learn_list", lambda _self, _pair: None)
        patched.setattr(atonce.AtOnce, "learn_known_stream", lambda _self, _pair: None)
        return verdict_of(recorded, replayed)


def check_edits(
    monkeypatch: pytest.MonkeyPatch, pair: tuple[MemoryRecording, MemoryRecording], random: Random, edits: int
) -> None:
    recorded, replayed = pair
    different = 0
    for _ in range(edits):
        edit = draw(replayed, random)
        found = verdict_of(recorded, edit.recording)
        assert found == as_a_whole(monkeypatch, recorded, edit.recording), edit
        different += found.outcome is Outcome.DIFFERENT
    assert different > edits // 2


def test_all_of_a_session_is_compared_at_once(
    made: tuple[MemoryRecording, MemoryRecording], monkeypatch: pytest.MonkeyPatch
) -> None:
    wholes: list[Pair] = []

    def seen(of: Comparison, pair: Pair, chains: Chains) -> None:
        wholes.append(pair)
        compare_exchange(of, pair, chains)

    monkeypatch.setattr(compare, "compare_exchange", seen)
    found = verdict_of(*made)
    assert found.outcome is Outcome.IDENTICAL
    assert (found.exchanges.compared, found.exchanges.identical, wholes) == (EXCHANGES, EXCHANGES, [])


@pytest.mark.parametrize("edits", EDITS)
def test_edits_are_found_as_by_comparing_everything(
    made: tuple[MemoryRecording, MemoryRecording], monkeypatch: pytest.MonkeyPatch, edits: int
) -> None:
    check_edits(monkeypatch, made, Random(20261126), edits)


def test_all_of_a_session_in_protobuf_is_compared_at_once(
    both_in_protobuf: tuple[MemoryRecording, MemoryRecording], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compare, "compare_exchange", lambda _of, pair, _chains: pytest.fail(f"{pair.baseline.seq}"))
    found = verdict_of(*both_in_protobuf)
    assert (found.outcome, found.exchanges.identical) == (Outcome.IDENTICAL, EXCHANGES)


@pytest.mark.parametrize("edits", EDITS)
def test_edits_in_protobuf_are_found_as_by_comparing_everything(
    both_in_protobuf: tuple[MemoryRecording, MemoryRecording], monkeypatch: pytest.MonkeyPatch, edits: int
) -> None:
    check_edits(monkeypatch, both_in_protobuf, Random(20261128), edits)


@pytest.mark.parametrize("edits", EDITS)
def test_edits_of_a_real_session_are_found_as_by_comparing_everything(
    real_pair: RealPair, monkeypatch: pytest.MonkeyPatch, edits: int
) -> None:
    random = Random(20261127)
    for _ in range(edits // 3):
        edit = draw(real_pair.replayed, random)
        found = verdict_of(real_pair.recorded, edit.recording)
        assert found == as_a_whole(monkeypatch, real_pair.recorded, edit.recording), edit


def lists_in(recording: MemoryRecording) -> dict[int, bytes]:
    """Each list's body."""
    bodies = {each.seq: each.answer.body.digest for each in recording.exchange_list if each.answer is not None}
    lists = [each.seq for each in recording.exchange_list if each.info.verb == "list"]
    return {seq: recording.body_bytes[digest] for seq in lists if (digest := bodies[seq]) is not None}


@pytest.mark.parametrize("protobuf", [False, True])
@pytest.mark.parametrize("named", [b'"web-', b'"map-'])  # drawn names, and the same ones on both sides
def test_a_list_waits_only_while_an_object_in_it_is_not_known(
    made: tuple[MemoryRecording, MemoryRecording], monkeypatch: pytest.MonkeyPatch, *, protobuf: bool, named: bytes
) -> None:
    first_list = min(seq for seq, body in lists_in(made[0]).items() if named in body)
    later = [replace(each, exchange_list=each.exchange_list[first_list - 1 :]) for each in made]
    waited: list[int] = []
    learn_list = atonce.AtOnce.learn_list

    def watched_lists(once: atonce.AtOnce, pair: Pair) -> object:
        learned = learn_list(once, pair)
        waited.extend([pair.baseline.seq] * (learned is None))
        return learned

    monkeypatch.setattr(atonce.AtOnce, "learn_list", watched_lists)
    for recordings, waiting in ((made, []), (later, [first_list])):
        recorded, replayed = map(in_protobuf, recordings) if protobuf else recordings
        waited.clear()
        found = verdict_of(recorded, replayed)
        assert found.outcome is Outcome.IDENTICAL
        assert waited[:1] == waiting
        assert found == as_a_whole(monkeypatch, recorded, replayed)


@pytest.mark.parametrize("protobuf", [False, True])
def test_a_stream_waits_only_while_something_in_it_was_not_told(
    watched: tuple[MemoryRecording, MemoryRecording], monkeypatch: pytest.MonkeyPatch, *, protobuf: bool
) -> None:
    recorded, replayed = map(in_protobuf, watched) if protobuf else watched
    seqs = sorted({each.seq for each in recorded.frame_list})
    later = [replace(each, exchange_list=each.exchange_list[seqs[0] - 1 :]) for each in (recorded, replayed)]
    known: list[int] = []
    waited: list[int] = []
    learn_known_stream = atonce.AtOnce.learn_known_stream

    def watched_streams(once: atonce.AtOnce, pair: Pair) -> object:
        learned = learn_known_stream(once, pair)
        (waited if learned is None else known).append(pair.baseline.seq)
        return learned

    monkeypatch.setattr(atonce.AtOnce, "learn_known_stream", watched_streams)
    for pair, waiting in (((recorded, replayed), []), (later, seqs[:1])):
        known.clear()
        waited.clear()
        found = verdict_of(pair[0], pair[1])
        assert found.outcome is Outcome.IDENTICAL
        assert waited[:1] == waiting
        assert set(known) <= set(seqs) - set(waited)
        assert len(known) > len(seqs) // 2
        assert found == as_a_whole(monkeypatch, pair[0], pair[1])


def of_streams(recording: MemoryRecording, random: Random) -> Edit:
    """One edit of an event, or of which events there are."""
    while (edit := draw(recording, random)).where != "stream":
        pass
    return edit


@pytest.mark.parametrize("edits", EDITS)
def test_several_edits_of_streams_are_found_as_by_comparing_every_event(
    watched: tuple[MemoryRecording, MemoryRecording], monkeypatch: pytest.MonkeyPatch, edits: int
) -> None:
    random = Random(20261128)
    for recorded, replayed in (watched, (in_protobuf(watched[0]), in_protobuf(watched[1]))):
        for _ in range(edits // 6):
            edited = replayed
            for _ in range(3):
                edited = of_streams(edited, random).recording
            assert verdict_of(recorded, edited) == as_a_whole(monkeypatch, recorded, edited)


def test_a_stream_that_lacks_an_event_is_compared_by_what_its_others_told(
    watched: tuple[MemoryRecording, MemoryRecording], monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded, replayed = watched
    lacking = replace(replayed, frame_list=replayed.frame_list[1:])
    asked: list[JSON] = []
    with monkeypatch.context() as patched:
        patched.setattr(Comparer, "compare", lambda _self, baseline, _replayed: asked.append(baseline))
        found = verdict_of(recorded, lacking)
    assert [each.kind for each in found.differences] == ["removed"]
    assert asked == []
    assert found == as_a_whole(monkeypatch, recorded, lacking)


def with_times(recording: MemoryRecording, uid: str, time: str) -> MemoryRecording:
    """The same, with this for all times of an object where watches show it."""
    made = replace(recording, body_bytes={**recording.body_bytes})

    def body(old: Body) -> Body:
        data = recording.body_bytes[old.digest] if old.digest is not None else b""
        return made.keep(TIME.sub(time.encode(), data)) if uid.encode() in data else old

    made.frame_list = [replace(each, body=body(each.body)) for each in recording.frame_list]
    return made


def uids_in_streams(recording: MemoryRecording) -> list[str]:
    """Of the objects that watches show, as they come."""
    digests = [each.body.digest for each in recording.frame_list]
    shown = [json.loads(recording.body_bytes[each])["object"] for each in digests if each is not None]
    return list(dict.fromkeys(each["metadata"]["uid"] for each in shown))


def test_times_out_of_order_are_found_in_streams_that_are_compared_in_part(
    watched: tuple[MemoryRecording, MemoryRecording], monkeypatch: pytest.MonkeyPatch
) -> None:
    sides = [*watched]
    for which, times in enumerate(
        (("2026-12-01T15:00:00Z", "2026-12-01T16:00:00Z"), ("2026-12-02T16:00:00Z", "2026-12-02T15:00:00Z"))
    ):
        for uid, time in zip(uids_in_streams(watched[which]), times, strict=False):
            sides[which] = with_times(sides[which], uid, time)
    last = {each.seq: each for each in sides[1].frame_list}  # of each stream
    sides[1].frame_list = [each for each in sides[1].frame_list if last[each.seq] is not each]
    found = verdict_of(*sides)
    assert {each.where for each in found.differences if each.kind == "reordered"} >= {"stream"}
    assert found == as_a_whole(monkeypatch, *sides)


@pytest.mark.parametrize("value", ["4242", "9999999999"])
def test_a_revision_out_of_order_is_found_in_a_stream_that_is_compared_in_part(
    watched: tuple[MemoryRecording, MemoryRecording], monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    recorded, replayed = watched
    frames = [*replayed.frame_list[1:]]
    digest = frames[4].body.digest
    assert digest is not None
    shown = json.loads(replayed.body(digest))
    shown["object"]["metadata"]["resourceVersion"] = value
    edited = replace(replayed, frame_list=frames, body_bytes={**replayed.body_bytes})
    frames[4] = replace(frames[4], body=edited.keep(json.dumps(shown, separators=(",", ":")).encode()))
    found = verdict_of(recorded, edited)
    assert {each.path for each in found.differences} > {f"$[{frames[4].index}].object.metadata.resourceVersion"}
    assert found == as_a_whole(monkeypatch, recorded, edited)


def test_a_value_that_stands_for_two_is_found_where_votes_decide_against_the_first(
    made: tuple[MemoryRecording, MemoryRecording], monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded, replayed = made
    turned = replace(replayed, exchange_list=[replace(each) for each in replayed.exchange_list])
    first = turned.exchange_list[0]
    assert first.answer is not None
    headers: Headers = tuple(
        (name, "99999999-0001-4000-8000-000000000000" if name == "X-Kubernetes-Pf-Flowschema-Uid" else value)
        for name, value in first.answer.headers
    )
    turned.exchange_list[0] = replace(first, answer=replace(first.answer, headers=headers))
    found = verdict_of(recorded, turned)
    assert [each.seq for each in found.differences] == [first.seq]
    assert found == as_a_whole(monkeypatch, recorded, turned)


def with_bookmarks(recording: MemoryRecording, *revisions: str) -> MemoryRecording:
    """The same, its first watch with these bookmarks at its end."""
    watch = next(each for each in recording.exchange_list if each.info.verb == "watch")
    last = max((each for each in recording.frame_list if each.seq == watch.seq), key=lambda frame: frame.index)
    edited = replace(recording, frame_list=[*recording.frame_list], body_bytes={**recording.body_bytes})
    for place, revision in enumerate(revisions, start=1):
        shown = b'{"type":"BOOKMARK","object":{"kind":"Pod","metadata":{"resourceVersion":"%s"}}}' % revision.encode()
        edited.frame_list.append(replace(last, index=last.index + place, body=edited.keep(shown)))
    return edited


@pytest.mark.parametrize(
    ("revisions", "outcome"),
    [
        ((), Outcome.IDENTICAL),
        (("5000000000",), Outcome.EQUIVALENT),
        (("5000000000", "4000000000"), Outcome.DIFFERENT),  # it promises less than the one before
    ],
)
def test_bookmarks_more_are_found_as_by_comparing_everything(
    made: tuple[MemoryRecording, MemoryRecording],
    monkeypatch: pytest.MonkeyPatch,
    revisions: tuple[str, ...],
    outcome: Outcome,
) -> None:
    recorded, replayed = made
    marked = with_bookmarks(replayed, *revisions)
    found = verdict_of(recorded, marked)
    assert (found.outcome, found.exchanges.equivalent) == (outcome, int(outcome is Outcome.EQUIVALENT))
    assert found == as_a_whole(monkeypatch, recorded, marked)


def test_what_a_pair_tells_is_remembered_by_the_size_of_its_texts() -> None:
    small = Told(texts=[("a" * 10, "b" * 20)], revisions=[("", 1, 2)], times={(1, 2): 3})
    assert atonce._size_of(small) == 30 + 2 * atonce._OF_A_NUMBER
    lesson = Lesson(None, "a" * 50, "b" * 50)
    assert atonce._size_of(Told(lessons=[lesson])) == 100 + atonce._OF_A_LESSON


def test_what_a_pair_tells_at_length_is_not_remembered(made: tuple[MemoryRecording, MemoryRecording]) -> None:
    of = Comparison(read_side(made[0]), read_side(made[1]), Renaming(), Findings(strict=False))
    once = atonce.AtOnce(of, Chains(of))
    for length, known in ((10, True), (atonce._LARGEST, False)):
        once._keep(length, (Told(texts=[("a" * length, "")]),))
        assert (length in once.known) is known
