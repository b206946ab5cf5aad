"""The text form: exact both ways, and hostile folders are one sentence."""

import json
import tempfile
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from kproxy.errors import RecordingError, SchemaError, UsageError
from kproxy.model.exchange import Seq
from kproxy.model.recording import Recording
from kproxy.model.session import SCHEMA, SessionEnd
from kproxy.store.copying import copy, import_text
from kproxy.store.reader import open_recording
from kproxy.store.text import export_text
from tests.support.made import a_session, an_exchange, recordings
from tests.support.memory import MemoryRecording

FILES = ["bodies.jsonl", "exchanges.jsonl", "frames.jsonl", "gaps.jsonl", "keys.jsonl", "session.yaml"]


def everything(recording: Recording) -> list[object]:
    """All rows, and the bytes of all bodies they name, in order."""
    exchanges = list(recording.exchanges())
    frames = [list(recording.frames(exchange.seq)) for exchange in exchanges]
    changes = list(recording.key_changes())
    bodies = [e.request.body for e in exchanges] + [e.answer.body for e in exchanges if e.answer]
    bodies += [frame.body for each in frames for frame in each]
    bodies += [body for change in changes for body in (change.value, change.previous) if body]
    start = list(recording.start_state())
    bodies += [each.value for each in start]
    data = [recording.body(body.digest) for body in bodies if body.digest]
    others = [recording.gaps(), recording.marks(), recording.etcds(), recording.etcd_calls(), recording.spans()]
    return [recording.session, exchanges, frames, changes, start, data, *map(list, others)]


@pytest.mark.long
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(recording=recordings())
def test_a_recording_comes_back_exactly_from_text_and_from_a_file(recording: MemoryRecording) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        export_text(recording, folder / "one")
        with open_recording(str(folder / "one")) as text:
            assert everything(text) == everything(recording)
        import_text(folder / "one", folder / "a.kproxy")
        with open_recording(str(folder / "a.kproxy")) as file:
            assert everything(file) == everything(recording)
            export_text(file, folder / "two")
        for part in FILES:
            assert (folder / "one" / part).read_bytes() == (folder / "two" / part).read_bytes()


def exported(tmp_path: Path) -> Path:
    """A small recording in text form."""
    made = MemoryRecording(session=a_session(command=("kubectl", "get", "pods")))
    body = made.keep(b'{"kind":"Pod","metadata":{"name":"\xc3\xa9<"}}\n')
    made.exchange_list = [an_exchange(1, body=body), an_exchange(2, body=made.keep(b"plain text\n"))]
    export_text(made, tmp_path / "text")
    return tmp_path / "text"


def test_the_text_is_for_people_and_for_git(tmp_path: Path) -> None:
    folder = exported(tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == FILES
    header = (folder / "session.yaml").read_text()
    assert f"\nschema: {SCHEMA}\n" in header
    assert "- kubectl\n" in header
    assert '"json":{"kind":"Pod","metadata":{"name":"é<"}}' in (folder / "bodies.jsonl").read_text()
    assert '"text":"plain text\\n"' in (folder / "bodies.jsonl").read_text()
    assert len((folder / "exchanges.jsonl").read_text().splitlines()) == 2


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    folder = exported(tmp_path)
    with open_recording(str(folder)) as recording, pytest.raises(UsageError, match="not empty"):
        export_text(recording, folder)


def test_a_recording_that_grows_is_not_exported(tmp_path: Path) -> None:
    growing = MemoryRecording(session=a_session(end=SessionEnd.RECORDING))
    with pytest.raises(RecordingError, match="grows"):
        export_text(growing, tmp_path / "text")
    assert not (tmp_path / "text").exists()


BOMB = "a: &a [x, x]\n" + "".join(f"{name}: &{name} [*{old}, *{old}]\n" for old, name in pairwise("abcdefghijkl"))


@pytest.mark.parametrize(
    ("part", "content"),
    [
        ("session.yaml", BOMB),
        ("session.yaml", "!!python/object/apply:os.system ['true']"),
        ("session.yaml", "[" * 100_000),
        ("session.yaml", "id: 3\n"),
        ("session.yaml", "id: x\nsurprise: 1\n"),
        ("session.yaml", "just text"),
        ("session.yaml", "\x00"),
        ("exchanges.jsonl", "[" * 100_000),
        ("exchanges.jsonl", "{}"),
        ("exchanges.jsonl", '{"seq": 1e400}'),
        ("exchanges.jsonl", "null"),
        ("frames.jsonl", '{"seq":1,"index":0,"at":99999999999999999999}'),
        ("keys.jsonl", '{"cluster":"a","revision":1,"key":{"base64":"%"},"type":"PUT","at":1}'),
        ("gaps.jsonl", '{"kind":"etcd","reason":"\\ud800","at":1,"count":0}'),
        ("bodies.jsonl", "no json"),
        ("bodies.jsonl", '{"digest":1}'),
    ],
)
def test_a_hostile_file_is_one_sentence_that_names_it(tmp_path: Path, part: str, content: str) -> None:
    folder = exported(tmp_path)
    (folder / part).write_text(content)
    with pytest.raises(RecordingError) as caught, open_recording(str(folder)):
        pass
    assert part in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    folder = exported(tmp_path)
    (folder / "keys.jsonl").unlink()
    with pytest.raises(RecordingError, match=r"keys\.jsonl"), open_recording(str(folder)):
        pass


def test_a_newer_schema_is_refused_naming_both_numbers(tmp_path: Path) -> None:
    folder = exported(tmp_path)
    header = folder / "session.yaml"
    header.write_text(header.read_text().replace(f"schema: {SCHEMA}", "schema: 99"))
    with pytest.raises(SchemaError, match=rf"99.*1 to {SCHEMA}"), open_recording(str(folder)):
        pass


@pytest.mark.parametrize("line", [{}, {"text": 3}, {"base64": "%"}, {"json": 1, "style": "x"}, {"text": "other"}])
def test_a_body_that_is_not_what_its_name_says_is_refused(tmp_path: Path, line: dict[str, object]) -> None:
    folder = exported(tmp_path)
    digest = json.loads((folder / "bodies.jsonl").read_text().splitlines()[0])["digest"]
    (folder / "bodies.jsonl").write_text(json.dumps({"digest": digest} | line))
    with open_recording(str(folder)) as recording, pytest.raises(RecordingError, match="damaged"):
        recording.body(digest)


def test_a_recording_without_a_body_it_names_does_not_become_a_file(tmp_path: Path) -> None:
    folder = exported(tmp_path)
    (folder / "bodies.jsonl").write_text("")
    with pytest.raises(RecordingError, match="no body"):
        import_text(folder, tmp_path / "a.kproxy")


def test_an_upgraded_recording_is_the_same(tmp_path: Path) -> None:
    made = MemoryRecording(session=a_session(), exchange_list=[an_exchange(1)])
    copy(made, tmp_path / "a.kproxy")
    with open_recording(str(tmp_path / "a.kproxy")) as recording:
        assert everything(recording) == everything(made)
        assert recording.exchange(Seq(1)) == an_exchange(1)
