"""Reading a recording, whatever state it is in."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given

from kproxy.errors import RecordingError, SchemaError
from kproxy.model.attribution import Attribution, Basis, Consequence, LedgerEntry, NoOpWrite, Standing
from kproxy.model.etcd import (
    ClusterId,
    Compared,
    EtcdCall,
    EtcdKey,
    EtcdStore,
    KeyChange,
    KeyOperation,
    KeyRange,
    Operation,
    Revision,
)
from kproxy.model.exchange import Body, BodyState, Digest, IdentityMode, Nanos, Seq
from kproxy.model.session import SCHEMA, SessionEnd
from kproxy.model.start import StartKey, StartObject
from kproxy.model.trace import Span
from kproxy.store import exchangerows
from kproxy.store.bodies import digest_of
from kproxy.store.copying import copy
from kproxy.store.reader import FileRecording, is_unclosed, open_recording
from kproxy.store.sqlite import leftovers
from kproxy.store.writer import Batch, Writer
from tests.support.made import a_session, an_exchange, recordings
from tests.support.memory import MemoryRecording

A_STORE = EtcdStore(cluster=ClusterId("aa"), endpoints=("http://e:1",), version="3.6.16", resources=("/events",))
A_CALL = EtcdCall(
    number=1,
    cluster=ClusterId("aa"),
    connection=1,
    stream=3,
    started=Nanos(5),
    ended=Nanos(9),
    method="KV/Txn",
    trace_id="1" * 32,
    parent_id="2" * 16,
    compares=(Compared(key=EtcdKey(b"/registry/pods/default/x"), target="mod", relation="="),),
    operations=(
        KeyOperation(operation=Operation.PUT, keys=KeyRange(key=EtcdKey(b"/registry/pods/default/x")), size=7),
    ),
    succeeded=True,
    revision=Revision(6),
    status=0,
)
A_SPAN = Span(trace_id="1" * 32, span_id="3" * 16, name="Create etcd3", started=Nanos(5), ended=Nanos(9), audit_id="a")
A_START_KEY = StartKey(
    cluster=ClusterId("aa"),
    key=EtcdKey(b"/registry/configmaps/default/before"),
    value=Body(state=BodyState.OPAQUE, size=3, reason="encrypted at rest"),
    create_revision=Revision(2),
    mod_revision=Revision(4),
    version=2,
    lease=7,
    ttl=3600,
)
A_START_OBJECT = StartObject(
    group="apps",
    version="v1",
    resource="deployments",
    kind="Deployment",
    namespace="default",
    name="web",
    revision=Revision(4),
    value=Body(state=BodyState.OPAQUE, size=3, reason="may hold a secret"),
    status=True,
)
GROWING = a_session(end=SessionEnd.RECORDING)
FIXTURES = Path(__file__).parent / "fixtures"


def closed(file: Path, exchanges: int = 3) -> Path:
    """A closed recording."""
    data = b"some bytes" * 40
    body = Body(state=BodyState.KEPT, size=len(data), digest=digest_of(data))
    with Writer.create(file, GROWING) as writer:
        made = [an_exchange(seq, body=body) for seq in range(1, exchanges + 1)]
        writer.commit(Batch(exchanges=made, bodies={digest_of(data): data}))
        writer.close(a_session())
    return file


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from kproxy.model.session import SessionEnd
    from kproxy.store.writer import Batch, Writer
    from tests.support.made import a_session, an_exchange

    writer = Writer.create(Path(sys.argv[1]), a_session(end=SessionEnd.RECORDING))
    writer.commit(Batch(number=1, exchanges=[an_exchange(seq) for seq in range(1, int(sys.argv[2]) + 1)]))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def killed(file: Path, exchanges: int = 2) -> Path:
    """A recording whose recorder was killed."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), str(file), str(exchanges)], check=False, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    return file


def sentence(where: Path, kind: type[Exception] = RecordingError) -> str:
    """What opening says."""
    with pytest.raises(kind) as caught, open_recording(str(where)) as recording:
        list(recording.exchanges())
    text = str(caught.value)
    assert "\n" not in text
    assert where.name in text
    return text


def test_what_is_not_there_or_not_ours_is_one_sentence(tmp_path: Path) -> None:
    assert "no recording" in sentence(tmp_path / "missing.kproxy")
    (tmp_path / "empty.kproxy").touch()
    assert "empty" in sentence(tmp_path / "empty.kproxy")
    (tmp_path / "text.kproxy").write_text("hello\n" * 100)
    assert "no kproxy recording" in sentence(tmp_path / "text.kproxy")
    with sqlite3.connect(tmp_path / "other.kproxy") as other:
        other.execute("CREATE TABLE session (id)")
    other.close()
    assert "no kproxy recording" in sentence(tmp_path / "other.kproxy")
    (tmp_path / "folder").mkdir()
    assert "no recording in text form" in sentence(tmp_path / "folder")


def test_a_newer_schema_names_both_numbers(tmp_path: Path) -> None:
    file = closed(tmp_path / "a.kproxy")
    with sqlite3.connect(file) as newer:
        newer.execute("PRAGMA user_version=99")
    newer.close()
    text = sentence(file, SchemaError)
    assert "99" in text
    assert str(SCHEMA) in text


@pytest.mark.process
def test_a_recorder_killed_while_its_wal_is_folded_in_leaves_all_of_it(tmp_path: Path) -> None:
    """The first page, which says how large the file is, was written; those at its end were not yet."""
    file, whole = killed(tmp_path / "a.kproxy", 400), tmp_path / "whole"
    for part in (file, *leftovers(file)):
        shutil.copy(part, whole.with_name(part.name.replace("a.kproxy", "whole")))
    with closing(sqlite3.connect(whole)) as folded:
        folded.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with file.open("r+b") as data:
        data.write(whole.read_bytes()[:4096])
    assert file.stat().st_size < whole.stat().st_size
    with open_recording(str(file)) as recording:
        assert len(list(recording.exchanges())) == 400
    assert is_unclosed(file, a_session().id)
    with Writer.resume(file) as writer:
        assert writer.committed_batch() == 1


@pytest.mark.parametrize("part", [0.01, 0.1, 0.5, 0.9, 0.999])
def test_a_cut_file_is_one_sentence(tmp_path: Path, part: float) -> None:
    file = closed(tmp_path / "a.kproxy", 500)
    os.truncate(file, int(file.stat().st_size * part))
    sentence(file)


def read_all(file: Path) -> str:
    """What reading says: "" if nothing is wrong."""
    try:
        with open_recording(str(file)) as recording:
            list(recording.exchanges())
    except RecordingError as error:
        return str(error)
    return ""


def test_damaged_pages_are_one_sentence_or_are_not_met(tmp_path: Path) -> None:
    whole = closed(tmp_path / "a.kproxy", 300)
    said = []
    for place in range(4096, whole.stat().st_size, 4096):
        file = Path(shutil.copy(whole, tmp_path / "b.kproxy"))
        with file.open("r+b") as damaged:
            damaged.seek(place)
            damaged.write(os.urandom(2048))
        said.append(read_all(file))
    assert any(said)
    assert not any("\n" in text for text in said)


def test_a_row_that_no_recorder_writes_is_one_sentence(tmp_path: Path) -> None:
    file = closed(tmp_path / "a.kproxy")
    with sqlite3.connect(file) as hostile:
        hostile.execute("UPDATE exchanges SET request_headers = '{\"a\": 1}'")
    hostile.close()
    assert "damaged" in sentence(file)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("verb", b"get"),  # what SQLite's JSON cannot hold
        ("answer_headers", b"[]"),
        ("answer_headers", '[["a","b","c"]]'),
        ("answer_headers", '[["a",1]]'),
        ("answer_trailers", "[]["),
        ("end", "nowhere"),
        ("altered", "much"),
        ("caller", None),
        ("reason", None),
        ("status", "much"),
        ("name", b"x"),
        ("target", b"x"),
        ("started", "x"),
        ("ended", b""),
        ("connection", 1.5),
        ("answer_body_size", None),
        ("request_body_size", "x"),
        ("answer_body_digest", b"x"),
    ],
)
def test_a_column_that_holds_what_no_recorder_writes_is_one_sentence(
    tmp_path: Path, column: str, value: str | bytes | float | None
) -> None:
    file = closed(tmp_path / "a.kproxy")
    with sqlite3.connect(file) as hostile:
        hostile.execute("PRAGMA writable_schema = ON")
        hostile.execute("UPDATE sqlite_schema SET sql = replace(sql, ' NOT NULL', '') WHERE name = 'exchanges'")
    hostile.close()
    with sqlite3.connect(file) as hostile:
        hostile.execute(f'UPDATE exchanges SET "{column}" = ?', (value,))  # noqa: S608 - a column of those above
    hostile.close()
    assert "damaged" in sentence(file)


def test_text_that_is_no_utf_8_is_one_sentence_that_repeats_nothing_of_it(tmp_path: Path) -> None:
    file = closed(tmp_path / "a.kproxy")
    with sqlite3.connect(file) as hostile:
        hostile.execute("UPDATE exchanges SET method = CAST(x'ff41' AS TEXT)")
    hostile.close()
    assert sentence(file) == f"{file} is damaged: it holds text that is no UTF-8."


def test_of_what_is_large_nothing_is_remembered(tmp_path: Path) -> None:
    file = closed(tmp_path / "a.kproxy")
    with sqlite3.connect(file) as large:
        large.execute("UPDATE exchanges SET end_detail = ?", ("x" * (1 << 17),))
    large.close()
    before = exchangerows._recurring.cache_info(), exchangerows._asked.cache_info()
    with open_recording(str(file)) as recording:
        assert {len(each.end_detail) for each in recording.exchanges()} == {1 << 17}
    assert before == (exchangerows._recurring.cache_info(), exchangerows._asked.cache_info())


@given(recording=recordings())
def test_exchanges_come_back_whatever_they_say(recording: MemoryRecording) -> None:
    with TemporaryDirectory() as folder:
        copy(recording, Path(folder) / "a.kproxy")
        with open_recording(f"{folder}/a.kproxy") as found:
            assert list(found.exchanges()) == sorted(recording.exchange_list, key=lambda each: each.seq)


@pytest.mark.parametrize("ids", [(b"1", "2"), ("1", b"2")])
def test_a_trace_that_is_no_text_is_one_sentence(tmp_path: Path, ids: tuple[str | bytes, ...]) -> None:
    file = closed(tmp_path / "a.kproxy")
    with sqlite3.connect(file) as hostile:
        hostile.execute("UPDATE exchanges SET trace_id = ?, parent_id = ?", ids)
    hostile.close()
    with open_recording(str(file)) as recording, pytest.raises(RecordingError, match="damaged"):
        list(recording.traces())


def test_a_view_in_a_table_s_place_is_refused(tmp_path: Path) -> None:
    file = closed(tmp_path / "a.kproxy")
    with sqlite3.connect(file) as hostile:
        hostile.execute("DROP TABLE gaps")
        hostile.execute(
            "CREATE VIEW gaps AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT * FROM c"
        )
    hostile.close()
    assert "no table gaps" in sentence(file)


def test_a_body_that_is_not_what_its_name_says_is_refused(tmp_path: Path) -> None:
    file = closed(tmp_path / "a.kproxy")
    digest = digest_of(b"some bytes" * 40)
    with sqlite3.connect(file) as hostile:
        hostile.execute("UPDATE bodies SET data = x'00', coding = 'identity'")
    hostile.close()
    with open_recording(str(file)) as recording, pytest.raises(RecordingError, match="damaged"):
        recording.body(digest)
    with open_recording(str(file)) as recording, pytest.raises(RecordingError, match="no body"):
        recording.body(Digest("0" * 64))


def test_a_growing_recording_is_read_as_it_grows(tmp_path: Path) -> None:
    file = tmp_path / "a.kproxy"
    with Writer.create(file, GROWING) as writer, open_recording(str(file)) as recording:
        assert recording.session.end is SessionEnd.RECORDING
        assert list(recording.exchanges()) == []
        writer.commit(Batch(exchanges=[an_exchange(1)]))
        assert list(recording.exchanges()) == [an_exchange(1)]
        assert recording.exchange(Seq(2)) is None


@pytest.mark.process
def test_a_killed_recorder_s_recording_says_so_and_has_what_was_committed(tmp_path: Path) -> None:
    file = killed(tmp_path / "a.kproxy")
    with open_recording(str(file)) as recording:
        assert recording.session.end is SessionEnd.RECORDER_GONE
        assert list(recording.exchanges()) == [an_exchange(1), an_exchange(2)]
    with open_recording(str(file)) as recording:  # reading it took nothing away
        assert len(list(recording.exchanges())) == 2
    assert is_unclosed(file, GROWING.id)
    assert not is_unclosed(file, "another")
    assert not is_unclosed(closed(tmp_path / "b.kproxy"), GROWING.id)
    assert not is_unclosed(tmp_path / "missing", GROWING.id)


@pytest.mark.process
def test_a_killed_recorder_s_recording_is_read_where_nothing_can_be_written(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    file = killed(folder / "a.kproxy")
    folder.chmod(0o500)
    try:
        with open_recording(str(file)) as recording:
            assert len(list(recording.exchanges())) == 2
    finally:
        folder.chmod(0o700)


@pytest.mark.process
def test_a_copy_without_its_wal_says_so(tmp_path: Path) -> None:
    file = killed(tmp_path / "a.kproxy")
    alone = Path(shutil.copy(file, tmp_path / "b.kproxy"))
    assert "copied without b.kproxy-wal" in sentence(alone)
    shutil.copy(tmp_path / "a.kproxy-wal", tmp_path / "b.kproxy-wal")
    with open_recording(str(alone)) as recording:
        assert len(list(recording.exchanges())) == 2


def test_long_recordings_come_in_order(tmp_path: Path) -> None:
    file = closed(tmp_path / "a.kproxy", 1203)
    with open_recording(str(file)) as recording:
        assert [exchange.seq for exchange in recording.exchanges()] == list(range(1, 1204))


def test_reading_a_recording_changes_no_byte_of_it(tmp_path: Path) -> None:
    file = closed(tmp_path / "a.kproxy")
    before = file.read_bytes()
    with open_recording(str(file)) as recording:
        list(recording.exchanges())
    assert file.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.kproxy"]


@pytest.mark.parametrize("number", range(1, SCHEMA + 1))
def test_every_schema_that_ever_was_is_read(number: int) -> None:
    """The kept file of each schema number and its text form hold the same."""
    expected = json.loads((FIXTURES / f"schema-{number}.json").read_text())
    with open_recording(str(FIXTURES / f"schema-{number}.kproxy")) as recording:
        known = a_session(schema=number, etcd_start=5, command=("kubectl", "get", "pods"))
        assert recording.session == replace(known, start_state="etcd" if number == 3 else "")
        assert [[e.seq, e.request.target, e.answer and e.answer.status] for e in recording.exchanges()] == expected[
            "exchanges"
        ]
        assert [[c.revision, c.key.decode(), c.type] for c in recording.key_changes()] == expected["changes"]
        assert [len(list(recording.frames(Seq(seq)))) for seq in (1, 2)] == expected["frames"]
        bodies = [e.answer.body.digest for e in recording.exchanges() if e.answer and e.answer.body.digest]
        assert [recording.body(digest).decode() for digest in bodies] == expected["bodies"]


def test_a_recording_in_memory_is_copied_whole(tmp_path: Path) -> None:
    made = MemoryRecording(session=replace(GROWING, end=SessionEnd.COMPLETE))
    made.exchange_list = [an_exchange(1, body=made.keep(b"x" * 200)), an_exchange(2)]
    copy(made, tmp_path / "a.kproxy")
    with open_recording(str(tmp_path / "a.kproxy")) as recording:
        assert list(recording.exchanges()) == made.exchange_list


def an_entry(change: KeyChange) -> LedgerEntry:
    """What the ledger of the fixture says of its change."""
    ground = Attribution(
        cluster=change.cluster,
        revision=change.revision,
        key=change.key,
        type=change.type,
        seq=Seq(1),
        basis=Basis.TRACED,
        evidence="its Txn carries the request's own parent id",
    )
    link = Consequence(seq=Seq(1), evidence="owner")
    return LedgerEntry(
        change=change, standing=Standing.ATTRIBUTED, attribution=ground, consequence=link, contradictions=("but",)
    )


def test_what_schema_1_did_not_have_reads_as_it_was_then() -> None:
    with open_recording(str(FIXTURES / "schema-1.kproxy")) as recording:
        first = next(recording.exchanges())
        assert (first.identity, first.forwarded, first.fault) == (IdentityMode.ONE, "", "")
        assert list(recording.marks()) == []
        assert (recording.session.lane, recording.session.capture) == ("tap", "")


def test_what_is_new_in_schema_2_is_read_from_its_fixture() -> None:
    with open_recording(str(FIXTURES / "schema-2.kproxy")) as recording:
        first = next(recording.exchanges())
        assert (first.identity, first.forwarded, first.fault) == (
            IdentityMode.FRONT_PROXY,
            "ada [dev]",
            "500 on pods",
        )
        assert [mark.text for mark in recording.marks()] == ["before the watch"]
        assert {frame.channel for frame in recording.frames(Seq(2))} == {"stdin"}


def test_what_schema_2_did_not_have_reads_as_it_was_then() -> None:
    with open_recording(str(FIXTURES / "schema-2.kproxy")) as recording:
        assert (next(recording.exchanges()).trace_id, recording.session.traced) == ("", "")
        assert [*recording.etcds(), *recording.etcd_calls(), *recording.spans(), *recording.start_state()] == []


def test_what_is_new_in_schema_3_is_read_from_its_fixture() -> None:
    with open_recording(str(FIXTURES / "schema-3.kproxy")) as recording:
        first = next(recording.exchanges())
        assert (first.trace_id, first.parent_id) == ("1" * 32, "2" * 16)
        assert [gap.cluster for gap in recording.gaps()] == ["aa"]
        assert list(recording.etcds()) == [A_STORE]
        assert list(recording.etcd_calls()) == [A_CALL]
        assert list(recording.calls_of(replace(first, trace_id=A_CALL.trace_id, parent_id=A_CALL.parent_id))) == [
            A_CALL
        ]
        assert list(recording.calls_of(replace(first, trace_id=A_CALL.trace_id, parent_id="0" * 16))) == []
        assert list(recording.calls_of(replace(first, trace_id="", parent_id=""))) == []
        assert list(recording.spans()) == [A_SPAN]
        assert recording.session.start_state == "etcd"
        assert list(recording.start_state()) == [A_START_KEY, A_START_OBJECT]
        assert isinstance(recording, FileRecording)
        changes = list(recording.changes_of(EtcdKey(b"/registry/pods/default/x")))
        assert [recording.kept_entry(change) for change in changes] == [an_entry(changes[0])]
        assert list(recording.kept_no_ops()) == [NoOpWrite(seq=Seq(1), key=changes[0].key, revision=Revision(6))]
