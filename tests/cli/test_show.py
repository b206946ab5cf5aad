"""`kproxy show`: frames of each kind, and what was asked beside the object."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from kproxy.cli.main import _exit_code
from kproxy.model.etcd import ClusterId, Compared, EtcdCall, EtcdKey, KeyOperation, KeyRange, Operation, Revision
from kproxy.model.exchange import CHANNEL, LOG_LINE, Answer, Body, BodyState, Direction, Frame, Nanos, Seq
from kproxy.store.text import export_text
from tests.support.made import an_exchange
from tests.support.memory import MemoryRecording

GOLDEN = str(Path(__file__).parents[2] / "recordings" / "hello-kubectl")


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert _exit_code(["show", *arguments]) == 0
    return capsys.readouterr().out


def test_options_stand_under_the_first_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert "\npatch: apply\nfield manager: kubectl\nfield validation: Strict\n\n>" in shown(capsys, GOLDEN, "26")
    assert '\ndelete options: {"propagationPolicy": "Background"}\n\n>' in shown(capsys, GOLDEN, "33")


def test_a_log_s_lines_stand_behind_their_times(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recording = a_log()
    export_text(recording, tmp_path / "log")
    lines = shown(capsys, str(tmp_path / "log"), "1").splitlines()
    assert lines[-4:] == [
        "2026-11-23T07:00:01Z  one",
        "2026-11-23T07:00:02Z  two",
        "2026-11-23T07:00:02Z  three",
        "2026-11-23T07:00:02Z  ",
    ]
    frames = json.loads(shown(capsys, str(tmp_path / "log"), "1", "--json"))["frames"]
    assert frames[0] == {"index": 0, "time": "2026-11-23T07:00:01Z", "kind": "log-line", "text": "one\n"}


def test_the_bookmark_that_ends_the_initial_events_is_marked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = MemoryRecording()
    watch = an_exchange(1, "/api/v1/pods?watch=1&sendInitialEvents=true")
    answer = Answer(status=200, reason="OK", http_version="HTTP/1.1", headers=(("Content-Type", "application/json"),))
    recording.exchange_list.append(replace(watch, answer=answer))
    for index, annotations in enumerate(({}, {"k8s.io/initial-events-end": "true"})):
        event = {"type": "BOOKMARK", "object": {"metadata": {"annotations": annotations}}}
        body = recording.keep(json.dumps(event).encode())
        recording.frame_list.append(Frame(seq=Seq(1), index=index, at=Nanos(index), body=body))
    export_text(recording, tmp_path / "watch")
    out = shown(capsys, str(tmp_path / "watch"), "1")
    assert "BOOKMARK\n" in out
    assert "BOOKMARK  (the initial events end here)\n" in out


def test_calls_to_etcd_stand_before_the_changes_with_what_came_of_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = MemoryRecording()
    recording.exchange_list.append(replace(an_exchange(1), trace_id="a" * 32, parent_id="b" * 16))
    recording.exchange_list.append(replace(an_exchange(2), trace_id="a" * 32, parent_id="c" * 16))
    key = EtcdKey(b"/registry/pods/default/x")
    put = KeyOperation(operation=Operation.PUT, keys=KeyRange(key=key), size=2048)
    compares = (Compared(key=key, target="mod", relation="=", expected=4),)
    call = EtcdCall(
        number=1,
        cluster=ClusterId("aa"),
        connection=1,
        stream=1,
        started=Nanos(1_000_000),
        ended=Nanos(1_500_000),
        method="KV/Txn",
        trace_id="a" * 32,
        parent_id="b" * 16,
        compares=compares,
        operations=(put,),
        succeeded=True,
        revision=Revision(5),
        status=0,
        request_size=3000,
        answer_size=40,
    )
    recording.call_list.append(call)
    export_text(recording, tmp_path / "calls")
    out = shown(capsys, str(tmp_path / "calls"), "1")
    put_if = "⇢ KV/Txn  put /registry/pods/default/x (2048 bytes) if mod = 4"
    assert f"{put_if}  (revision 5, 0.5 ms, 2.9 KiB to etcd, 40 B back)" in out
    assert f"\ntrace {'a' * 32}, parent {'b' * 16}\n" in out
    assert "⇢" not in shown(capsys, str(tmp_path / "calls"), "2")
    (told,) = json.loads(shown(capsys, str(tmp_path / "calls"), "1", "--json"))["etcd_calls"]
    assert told["operations"] == [{"operation": "put", "key": "/registry/pods/default/x", "size": 2048}]
    assert (told["time"], told["duration_ms"], told["succeeded"]) == ("2026-11-23T07:00:00.001000Z", 0.5, True)


def a_log() -> MemoryRecording:
    """A pod's log of four lines, three of which came together."""
    recording = MemoryRecording()
    recording.exchange_list.append(an_exchange(1, "/api/v1/namespaces/default/pods/a/log"))
    for index, data in enumerate((b"one\n", b"two\nthree\n\n")):
        at = Nanos((index + 1) * 1_000_000_000)
        recording.frame_list.append(Frame(seq=Seq(1), index=index, at=at, kind=LOG_LINE, body=recording.keep(data)))
    return recording


def test_what_went_by_on_a_channel_is_one_line_and_its_content_below_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = MemoryRecording()
    recording.exchange_list.append(an_exchange(1, "/api/v1/namespaces/default/pods/a/exec"))
    asked, answered = Direction.REQUEST, Direction.ANSWER
    bodies = [(asked, "stdin", recording.keep(b"ls\ncd")), (answered, "stdout", Body(state=BodyState.COUNTED, size=9))]
    for index, (direction, channel, body) in enumerate(bodies):
        at = Nanos((index + 1) * 1_000_000_000)
        frame = Frame(seq=Seq(1), index=index, at=at, kind=CHANNEL, direction=direction, channel=channel, body=body)
        recording.frame_list.append(frame)
    export_text(recording, tmp_path / "exec")
    lines = shown(capsys, str(tmp_path / "exec"), "1").splitlines()
    assert lines[-4:] == [
        "> 2026-11-23T07:00:01Z  stdin  5 bytes",
        "  ls",
        "  cd",
        "< 2026-11-23T07:00:02Z  stdout  9 bytes",
    ]
    frames = json.loads(shown(capsys, str(tmp_path / "exec"), "1", "--json"))["frames"]
    assert frames[0] == {
        "index": 0,
        "time": "2026-11-23T07:00:01Z",
        "kind": "channel",
        "direction": "request",
        "channel": "stdin",
        "size": 5,
        "text": "ls\ncd",
        "reason": "",
    }
