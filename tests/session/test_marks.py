"""Named points: how `kproxy mark` finds a recording, what it may say, where its marks stand."""

import asyncio
import json
import signal
import socket
import stat
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest

from kproxy.convert.text import export_recording, import_recording
from kproxy.errors import RecordingError, UsageError
from kproxy.model.exchange import Seq
from kproxy.session.marks import MAX_MARK, checked_text, link_of, mark_socket, send_mark
from kproxy.store.reader import open_recording
from tests.support.record_process import record_process
from tests.support.small_upstream import small_upstream

KPROXY = [sys.executable, "-m", "kproxy"]


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("XDG_RUNTIME_DIR", "KPROXY_LAB", "KPROXY_MARK"):
        monkeypatch.delenv(name, raising=False)


def mark(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*KPROXY, "mark", *arguments], check=False, capture_output=True, text=True)


def log(file: Path, *options: str) -> list[str]:
    done = subprocess.run([*KPROXY, "log", str(file), *options], check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


@pytest.mark.process
def test_marks_stand_between_the_exchanges_and_in_every_form_of_a_recording(tmp_path: Path) -> None:
    output, folder, again = tmp_path / "s.kproxy", tmp_path / "text", tmp_path / "again.kproxy"
    get = 'curl -sS --fail "$KPROXY_URL/api/v1/pods/$1" > /dev/null'
    script = f'{get} && "$2" -m kproxy mark "now two" && set two && {get}'
    with small_upstream() as upstream:
        options = ["--upstream", upstream, "--listen", "http://127.0.0.1:0", "-o", str(output)]
        subprocess.run([*KPROXY, "record", *options, "--", "sh", "-c", script, "sh", "one", sys.executable], check=True)
    export_recording(str(output), folder)
    import_recording(folder, again, force=False)
    for file in (output, folder, again):
        lines = log(file)
        assert ["/pods/one" in lines[0], lines[1].strip(), "/pods/two" in lines[2]] == [True, "== now two ==", True]
        assert [json.loads(line)["seq"] for line in log(file, "--json")] == [1, 2]
        marked = [json.loads(line) for line in log(file, "--json", "--marks")]
        assert [row.get("mark", "") for row in marked] == ["", "now two", ""]
        assert marked[1]["seq"] == 2
        assert marked[0]["time"] < marked[1]["time"] < marked[2]["time"]


@pytest.mark.process
def test_a_recording_is_found_by_its_name_and_followed_with_its_marks(tmp_path: Path) -> None:
    output = tmp_path / "s.kproxy"
    with small_upstream() as upstream, record_process(upstream, output) as running:
        urllib.request.urlopen(f"{running.url}/api/v1/pods/one").read()  # noqa: S310 - our own http URL
        follow = subprocess.Popen([*KPROXY, "log", str(output), "-f"], stdout=subprocess.PIPE, text=True)
        assert mark("--recording", str(output), "it begins").returncode == 0
        assert follow.stdout is not None
        assert "/pods/one" in follow.stdout.readline()
        assert follow.stdout.readline().strip() == "== it begins =="
        running.process.send_signal(signal.SIGINT)
        assert follow.wait(60) == 0
        assert running.process.wait(60) == 130
    assert list((tmp_path / "state" / "kproxy" / "marks").iterdir()) == []
    done = mark("--recording", str(output), "too late")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert f"no `kproxy record` takes marks for {output}" in done.stderr
    with open_recording(str(output)) as recording:
        assert [(each.seq, each.text) for each in recording.marks()] == [(2, "it begins")]


@pytest.mark.process
def test_without_a_recording_it_says_what_to_do() -> None:
    done = mark("x")
    assert done.returncode == 2
    assert "name one with --recording" in done.stderr


@pytest.mark.parametrize("text", ["", "  ", "a\nb", "a\x1b[2J", "x" * (MAX_MARK + 1), "ä" * MAX_MARK])
def test_a_text_that_is_no_line_or_too_long_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="a mark's text is"):
        checked_text(text)


def test_the_socket_is_private_and_its_own_judge(tmp_path: Path) -> None:
    placed: list[str] = []

    def place(text: str) -> Seq:
        placed.append(text)
        return Seq(7)

    def say(path: Path, data: bytes) -> dict[str, object]:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(str(path))
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            answer = json.loads(sock.makefile("rb").readline())
            assert isinstance(answer, dict)
            return answer

    async def play() -> None:
        async with mark_socket(tmp_path, tmp_path / "links" / "a", place) as path:
            mode = path.stat().st_mode
            assert stat.S_ISSOCK(mode)
            assert stat.S_IMODE(mode) == 0o600
            assert await asyncio.to_thread(say, path, "ä".encode()) == {"seq": 7}
            assert "UTF-8" in str(await asyncio.to_thread(say, path, b"\xff"))
            assert "bytes at most" in str(await asyncio.to_thread(say, path, b"x" * 5000))
            assert "one line" in str(await asyncio.to_thread(say, path, b""))
            assert await asyncio.to_thread(send_mark, "b", tmp_path / "links" / "a", "it") == 7

    asyncio.run(play())
    assert placed == ["ä", "b"]
    assert not (tmp_path / "links" / "a").is_symlink()


def test_the_link_of_a_killed_recorder_gives_way_and_a_stranger_on_the_socket_is_no_recorder(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "gone")
    with pytest.raises(RecordingError, match="takes marks for it"):
        send_mark("a", link, "it")
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.bind(str(tmp_path / "gone"))
        stranger.listen()

        def mumble() -> None:
            connection, _ = stranger.accept()
            with connection:
                connection.sendall(b"[1]\n")
                connection.recv(100)

        thread = threading.Thread(target=mumble)
        thread.start()
        with pytest.raises(RecordingError, match="takes marks for it"):
            send_mark("a", link, "it")
        thread.join()

    async def play() -> None:
        (tmp_path / "new").mkdir()
        async with mark_socket(tmp_path / "new", link, lambda _: Seq(1)) as path:
            assert link.readlink() == path

    asyncio.run(play())


def test_one_recording_has_one_place_whatever_way_its_path_is_written(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    env = {"XDG_RUNTIME_DIR": "/run/user/1"}
    straight = link_of(tmp_path / "a.kproxy", env, Path("/state"))
    assert link_of(tmp_path / "sub" / ".." / "a.kproxy", env, Path("/state")) == straight
    assert straight.parent == Path("/run/user/1/kproxy/marks")
    assert link_of(tmp_path / "a.kproxy", {"XDG_RUNTIME_DIR": "odd"}, Path("/state")).parent == Path(
        "/state/kproxy/marks"
    )


def test_a_folder_may_lie_deeper_than_a_sockets_path_reaches(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a-folder-with-a-long-name"] * 6)
    deep.mkdir(parents=True)
    link = tmp_path / "links" / "a"

    async def play() -> None:
        async with mark_socket(deep, link, lambda _: Seq(7)) as path:
            assert len(str(path)) > 108
            for place in (path, link):
                assert await asyncio.to_thread(send_mark, "deep", place, "it") == 7

    asyncio.run(play())
