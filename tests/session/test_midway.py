"""kproxy.session.midway: slices that begin later than their session."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from kproxy.lab.settings import LabSettings
from kproxy.lab.start import start_lab
from kproxy.model.etcd import ClusterId, EtcdStore, Revision
from kproxy.model.exchange import Nanos
from kproxy.model.recording import Recording
from kproxy.model.session import Gap, Server, Session
from kproxy.model.start import StartKey
from kproxy.replay.slices import Kept, Part, Slice
from kproxy.session.midway import Midway, began, revisions_at
from kproxy.session.opened import Opened, opened
from kproxy.session.plan import planned
from kproxy.session.slices import SliceWish, begun_with, slice_notes, sliced
from tests.support.made import a_session, an_exchange
from tests.support.memory import MemoryRecording

CLUSTER = ClusterId("a" * 16)
KPROXY = [sys.executable, "-m", "kproxy"]


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KPROXY_")}
    return {**kept, "XDG_STATE_HOME": str(tmp_path_factory.mktemp("state"))}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, env: dict[str, str]) -> Path:
    """A pod is made (1), read (2), deleted (3), and asked for again (4)."""
    path = tmp_path_factory.mktemp("recorded") / "a.kproxy"
    with start_lab(LabSettings()) as lab:
        command = [*KPROXY, "record", "-o", str(path), "--", sys.executable, "-m", "kproxy.session.walkthrough"]
        subprocess.run(command, env=env | lab.environment(), capture_output=True, check=True)
    return path


def from_exchange(session: Opened, seq: int) -> SliceWish:
    """The slice that begins with it."""
    [exchange] = (each for each in session.recording.exchanges() if each.seq == seq)
    return SliceWish(begins=repr(exchange.started / 1e9 - 1e-6))


def several(recording: MemoryRecording, count: int) -> MemoryRecording:
    """With so many exchanges, a second apart."""
    made = (replace(an_exchange(seq), started=Nanos(seq * 10**9)) for seq in range(1, count + 1))
    return replace(recording, exchange_list=list(made))


def pods(session: Opened) -> list[StartKey]:
    found = (each for each in session.recording.start_state() if isinstance(each, StartKey))
    return [each for each in found if b"/pods/" in bytes(each.key)]


@pytest.mark.process
def test_a_slice_begins_with_what_there_was_then(recorded: Path) -> None:
    with opened(str(recorded)) as session:
        assert pods(session) == []
        later = sliced(session, from_exchange(session, 2))
        assert [each.seq for each in later.recording.exchanges()] == [2, 3, 4]
        [pod] = pods(later)
        assert pod.mod_revision == later.recording.session.etcd_start
        notes = list(slice_notes(later, from_exchange(session, 2)))
        assert notes[1:] == [
            f"the start state is the one that the slice began with: etcd at revision {pod.mod_revision}"
        ]
        assert pods(sliced(session, from_exchange(session, 4))) == []
        assert isinstance(begun_with(session, from_exchange(session, 2)), Midway)
        assert begun_with(session, from_exchange(session, 1)) is session.recording


@pytest.mark.process
def test_it_is_replayed_on_a_server_that_begins_so(recorded: Path, env: dict[str, str]) -> None:
    with opened(str(recorded)) as session:
        begins = from_exchange(session, 2).begins
    command = [*KPROXY, "replay", str(recorded), "--on", "fresh:emulated", "--from", str(begins), "--format", "json"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["verdict"] in {"identical", "equivalent"}
    assert report["exchanges"]["compared"] == 3
    assert "leaves out what it needs" not in done.stderr
    again = subprocess.run([*command, "--restore", "none"], env=env, capture_output=True, text=True, check=False)
    assert "leaves out what it needs" in again.stderr
    assert "the start state is" not in again.stderr


@pytest.mark.process
def test_of_a_server_that_was_not_looked_at_nobody_knows_what_it_held(recorded: Path) -> None:
    with opened(str(recorded)) as session:
        assert session.recording.session.start_state == "unused"
        wish = from_exchange(session, 2)
        unknown = Opened(_WithoutStart(session.recording))
        later = sliced(unknown, wish)
        assert not isinstance(later.recording, Midway)
        told = list(slice_notes(later, wish))
        assert any("not the slice's start state" in each for each in told)
        assert any("leaves out what it needs" in each for each in told)


@pytest.mark.process
def test_what_is_not_restored_is_needed(recorded: Path) -> None:
    with opened(str(recorded)) as session:
        wish = from_exchange(session, 2)
        told = list(slice_notes(sliced(session, wish), wish, restored=False))
        assert not any("start state" in each for each in told)
        assert any("leaves out what it needs" in each for each in told)
    for restored in (True, False):
        said: list[str] = []
        list(planned(str(recorded), wish, said.append, restored=restored))
        assert any("leaves out what it needs" in each for each in said) is not restored


class _WithoutStart(Part):
    """As a recorder leaves it that was told `--start-state none`, or that died before."""

    def __init__(self, whole: Recording) -> None:
        super().__init__(whole, Kept(Slice()))

    @property
    def session(self) -> Session:
        return replace(self.whole.session, start_state="")


@pytest.fixture
def followed() -> MemoryRecording:
    """An etcd that was followed from revision 7 on."""
    session = a_session(start_state="etcd", etcd_start=Revision(7), server=Server(etcd_cluster=CLUSTER))
    stores = [EtcdStore(cluster=CLUSTER, start=Revision(7))]
    return several(MemoryRecording(session, etcd_list=stores), 4)


def known(recording: MemoryRecording) -> dict[ClusterId, Revision] | None:
    """What is known of the moment before the third exchange."""
    return revisions_at(Opened(recording), Nanos(0), recording.exchange_list[2].seq)


def test_a_recording_whose_history_has_a_gap_says_so(followed: MemoryRecording) -> None:
    assert known(followed) == {CLUSTER: 7}
    gap = Gap(kind="etcd", reason="compacted", at=Nanos(0), count=1)
    assert known(replace(followed, gap_list=[gap])) is None
    assert known(replace(followed, gap_list=[replace(gap, kind="start")])) is None
    last = replace(gap, cluster=CLUSTER, last_revision=Revision(8))
    assert known(replace(followed, gap_list=[last])) is None
    through = replace(followed, session=replace(followed.session, start_state="api"))
    assert known(through) is None
    wish = SliceWish(begins=repr(followed.exchange_list[2].started / 1e9 - 1e-6))
    assert any("not the slice's" in each for each in slice_notes(sliced(Opened(through), wish), wish))


def test_what_lacks_of_the_history_before_the_session_does_not_matter(followed: MemoryRecording) -> None:
    gap = Gap(kind="etcd", reason="compacted", at=Nanos(0), count=6, last_revision=Revision(7), cluster=CLUSTER)
    assert known(replace(followed, gap_list=[gap])) == {CLUSTER: 7}
    assert known(replace(followed, gap_list=[replace(gap, cluster=ClusterId(""))])) == {CLUSTER: 7}


def test_an_etcd_whose_start_is_not_known_is_not_taken_for_an_empty_one(followed: MemoryRecording) -> None:
    other = EtcdStore(cluster=ClusterId("b" * 16), resources=("/events",))
    assert known(replace(followed, etcd_list=[*followed.etcd_list, other])) is None


def test_a_slice_begins_with_its_session_where_nothing_comes_before_it() -> None:
    recording = several(MemoryRecording(), 3)
    first, second, _ = recording.exchange_list
    assert began(recording, Slice()) is None
    assert began(recording, Slice(begins=first.started)) is None
    assert began(recording, Slice(begins=Nanos(second.started))) == (second.started, second.seq)
    assert began(recording, Slice(first=second.seq)) == (second.started, second.seq)
    assert began(recording, Slice(begins=Nanos(1 << 60))) is None
