"""Writing a recording."""

import subprocess
import sys
import textwrap
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from kproxy.errors import RecordingError, UsageError
from kproxy.model.etcd import ClusterId, Revision
from kproxy.model.exchange import Body, BodyState, End, Frame, Nanos, Seq
from kproxy.model.session import Gap, SessionEnd
from kproxy.store.bodies import digest_of
from kproxy.store.reader import open_recording
from kproxy.store.writer import Batch, Writer
from tests.support.made import a_session, an_exchange

GROWING = a_session(end=SessionEnd.RECORDING)


def test_closing_leaves_one_file(tmp_path: Path) -> None:
    file = tmp_path / "a.kproxy"
    writer = Writer.create(file, GROWING)
    writer.commit(Batch(number=1, exchanges=[an_exchange(1)]))
    assert len(list(tmp_path.iterdir())) > 1
    writer.close(a_session())
    assert [path.name for path in tmp_path.iterdir()] == ["a.kproxy"]


def test_an_existing_file_needs_force(tmp_path: Path) -> None:
    file = tmp_path / "a.kproxy"
    file.write_text("somebody's")
    with pytest.raises(UsageError, match=r"exists already"):
        Writer.create(file, GROWING)
    assert file.read_text() == "somebody's"
    Writer.create(file, GROWING, force=True).close(a_session())
    with open_recording(str(file)) as recording:
        assert recording.session == a_session()


def test_a_file_that_another_writes_is_refused_even_with_force(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kproxy.store.lock.PATIENCE", 0.05)
    with Writer.create(tmp_path / "a.kproxy", GROWING), pytest.raises(RecordingError, match="another kproxy"):
        Writer.create(tmp_path / "a.kproxy", GROWING, force=True)


@pytest.mark.parametrize("where", ["missing/a.kproxy", "."])
def test_a_place_where_no_file_can_be_is_one_sentence(tmp_path: Path, where: str) -> None:
    with pytest.raises((RecordingError, UsageError)) as caught:
        Writer.create(tmp_path / where, GROWING)
    assert "\n" not in str(caught.value)


def test_the_same_said_twice_is_the_same_rows(tmp_path: Path) -> None:
    data = b"x" * 300
    body = Body(state=BodyState.KEPT, size=300, digest=digest_of(data))
    frame = Frame(seq=Seq(1), index=0, at=Nanos(4), body=body)
    batch = Batch(number=1, exchanges=[an_exchange(1, body=body)], frames=[frame], bodies={digest_of(data): data})
    with Writer.create(tmp_path / "a.kproxy", GROWING) as writer:
        writer.commit(batch)
        writer.commit(batch)
    with Writer.resume(tmp_path / "a.kproxy") as writer:  # another process knows nothing of what this one wrote
        writer.commit(batch)
    with open_recording(str(tmp_path / "a.kproxy")) as recording:
        assert list(recording.exchanges()) == [an_exchange(1, body=body)]
        assert list(recording.frames(Seq(1))) == [frame]
        assert recording.body(digest_of(data)) == data


def test_an_exchange_that_was_open_is_written_over_by_its_end(tmp_path: Path) -> None:
    whole = an_exchange(1)
    with Writer.create(tmp_path / "a.kproxy", GROWING) as writer:
        writer.commit(Batch(exchanges=[replace(whole, answer=None, answered=None, ended=None, end=End.UNKNOWN)]))
        writer.commit(Batch(exchanges=[whole]))
    with open_recording(str(tmp_path / "a.kproxy")) as recording:
        assert list(recording.exchanges()) == [whole]


def test_going_on_knows_what_was_committed(tmp_path: Path) -> None:
    cluster = ClusterId("00000000000000aa")
    with Writer.create(tmp_path / "a.kproxy", GROWING) as writer:
        assert writer.committed_batch() == 0
        assert writer.committed_revision(cluster) is None
        writer.commit(Batch(number=7, revisions={cluster: Revision(40)}))
    with Writer.resume(tmp_path / "a.kproxy") as writer:
        assert writer.committed_batch() == 7
        assert writer.committed_revision(cluster) == 40
        assert writer.session == GROWING


def test_going_on_with_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.kproxy").write_text("no")
    with pytest.raises(RecordingError, match="no recording"):
        Writer.resume(tmp_path / "a.kproxy")


def test_closing_waits_for_a_reader(tmp_path: Path) -> None:
    file = tmp_path / "a.kproxy"
    writer = Writer.create(file, GROWING)
    writer.commit(Batch(exchanges=[an_exchange(seq) for seq in range(1, 2000)]))
    with open_recording(str(file)) as recording:
        reading = recording.exchanges()
        next(reading)
        closing = threading.Thread(target=writer.close, args=(a_session(),))
        closing.start()
        closing.join(5)
        assert not closing.is_alive()
        assert [path.name for path in tmp_path.iterdir()] == ["a.kproxy"]
        assert sum(1 for _ in reading) == 1998  # and the reader goes on undisturbed


FULL = """
    import resource, signal, sys
    from pathlib import Path
    from kproxy.store.sqlite import NotWritableNowError
    from kproxy.store.writer import Batch, Writer
    from kproxy.store.bodies import digest_of
    from tests.support.made import a_session
    import os

    writer = Writer.create(Path(sys.argv[1]), a_session())
    said = []
    for number in range(1, 40):
        data = os.urandom(30_000)
        batch = Batch(number=number, bodies={digest_of(data): data})
        if number == 10:
            resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
        try:
            writer.commit(batch)
        except NotWritableNowError as error:
            said.append(str(error))
            assert writer.committed_batch() == number - 1
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            writer.commit(batch)
        assert writer.committed_batch() == number
    writer.close(a_session())
    print(len(said), said[0])
"""


@pytest.mark.process
def test_a_full_disk_loses_nothing_and_the_batch_can_be_said_again(tmp_path: Path) -> None:
    """The file system is made to refuse more bytes, as a quota does, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(FULL), str(tmp_path / "a.kproxy")],
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1 ")
    assert "cannot be written" in done.stdout


def test_a_gap_and_its_place_come_back(tmp_path: Path) -> None:
    gap = Gap(kind="exchanges", reason="the buffer was full", at=Nanos(5), count=3, first_seq=Seq(4), last_seq=Seq(6))
    with Writer.create(tmp_path / "a.kproxy", GROWING) as writer:
        writer.commit(Batch(gaps=[gap, gap]))
    with open_recording(str(tmp_path / "a.kproxy")) as recording:
        assert list(recording.gaps()) == [gap, gap]


def test_a_recording_is_its_owner_s_only(tmp_path: Path) -> None:
    Writer.create(tmp_path / "a.kproxy", GROWING).close(a_session())
    assert (tmp_path / "a.kproxy").stat().st_mode & 0o077 == 0
