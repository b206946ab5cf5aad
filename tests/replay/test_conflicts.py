"""kproxy.replay.conflicts."""

from dataclasses import replace

from kproxy.model.exchange import Answer, End, Exchange, Nanos, Request, Seq
from kproxy.replay.conflicts import conflict_of, excuses
from kproxy.wire.requestinfo import request_info
from tests.support.memory import MemoryRecording

ONE = "/api/v1/namespaces/default/configmaps/one"
JSON_TYPE = (("Content-Type", "application/json"),)


def made(  # noqa: PLR0913 - an exchange has as many parts
    recording: MemoryRecording,
    seq: int,
    method: str,
    status: int,
    *,
    wanted: int = 0,
    revision: int = 0,
    target: str = ONE,
) -> None:
    """An exchange about the object `one`, or what is at `target`, whose answer is of `one`."""
    sent = b'{"metadata":{"name":"one","resourceVersion":"%d"}}' % wanted if wanted else b'{"metadata":{"name":"one"}}'
    told = b'{"kind":"ConfigMap","metadata":{"name":"one","uid":"u","resourceVersion":"%d"}}' % revision
    if status == 409:
        told = b'{"kind":"Status","reason":"Conflict","details":{"name":"one"}}'
    recording.exchange_list.append(
        Exchange(
            seq=Seq(seq),
            connection=1,
            started=Nanos(seq * 10),
            answered=Nanos(seq * 10 + 5),
            ended=Nanos(seq * 10 + 5),
            end=End.COMPLETE,
            request=Request(
                method=method, target=target, http_version="HTTP/1.1", headers=JSON_TYPE, body=recording.keep(sent)
            ),
            info=request_info(method, target),
            answer=Answer(
                status=status, reason="", http_version="HTTP/1.1", headers=JSON_TYPE, body=recording.keep(told)
            ),
        )
    )


def world() -> MemoryRecording:
    """Written at 5, read, written by somebody at 7, an update of 5 refused, read, another object read."""
    recording = MemoryRecording()
    made(recording, 1, "PUT", 200, revision=5)
    made(recording, 2, "GET", 200, revision=5)
    made(recording, 3, "PUT", 200, revision=7)
    made(recording, 4, "PUT", 409, wanted=5)
    made(recording, 5, "GET", 200, revision=7)
    return recording


def excused(recording: MemoryRecording, *left_out: int) -> dict[int, str]:
    conflict = conflict_of(recording, recording.exchange_list[3])
    assert conflict is not None
    sent = {each.seq: each.seq for each in recording.exchange_list if each.seq not in left_out}
    return dict(excuses(recording, [conflict], sent))


def test_a_conflict_whose_writer_was_sent_has_no_excuse() -> None:
    assert excused(world()) == {}


def test_a_conflict_without_its_writer_and_what_saw_the_object_later_say_nothing() -> None:
    found = excused(world(), 3)
    assert set(found) == {4, 5}
    assert found[4] == "its conflict (409) was with a writer that is not replayed"
    assert found[5] == "configmaps/default/one was written by exchange 4, which the recorded server refused"


def test_what_is_no_conflict_is_none() -> None:
    recording = world()
    assert conflict_of(recording, recording.exchange_list[0]) is None
    assert dict(excuses(recording, [], {})) == {}


def refused_after(*, other: str, started: int = 30) -> dict[int, str]:
    """What is excused where the only write beside the refused one is of `other`, and began at this time."""
    recording = MemoryRecording()
    made(recording, 3, "POST" if other.endswith("s") else "PUT", 201, revision=7, target=other)
    recording.exchange_list[0] = replace(recording.exchange_list[0], started=Nanos(started))
    made(recording, 4, "PUT", 409, wanted=5)
    conflict = conflict_of(recording, recording.exchange_list[1])
    assert conflict is not None
    return dict(excuses(recording, [conflict], {each.seq: each.seq for each in recording.exchange_list}))


def test_the_other_writer_is_one_of_the_same_object_that_began_before_the_conflict_was_answered() -> None:
    assert refused_after(other=ONE) == {}
    assert refused_after(other=ONE.removesuffix("/one")) == {}, "it made the object"
    for no_writer in (
        refused_after(other=ONE.replace("/one", "/two")),
        refused_after(other=ONE.replace("configmaps/one", "secrets")),
        refused_after(other=ONE, started=45),
    ):
        assert no_writer[4] == "its conflict (409) was with a writer that is not replayed"


def test_a_conflict_that_says_nothing_of_its_object_is_of_the_one_that_was_asked_for() -> None:
    for target, name in ((ONE, "one"), (ONE.rpartition("/")[0], None)):
        recording = MemoryRecording()
        made(recording, 1, "PUT" if name else "POST", 409, target=target)
        for digest in recording.body_bytes:
            recording.body_bytes[digest] = b"{}"
        found = conflict_of(recording, recording.exchange_list[0])
        assert (found.ref.name if found is not None else None) == name
        assert found is None or found.wanted == 0


def test_only_a_conflict_is_one() -> None:
    recording = world()
    assert [conflict_of(recording, each) is not None for each in recording.exchange_list] == [False] * 3 + [True, False]
    assert conflict_of(recording, replace(recording.exchange_list[3], answer=None)) is None
