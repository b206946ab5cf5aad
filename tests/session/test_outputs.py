"""Files that a command is going to write are looked at first."""

import os
import shutil
from pathlib import Path

import pytest

from kproxy.cli.main import _exit_code
from kproxy.errors import UsageError
from kproxy.session.outputs import check_output, check_report

HELLO = Path(__file__).parents[2] / "recordings" / "hello-demo"


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    assert _exit_code(["import", str(HELLO), "-o", str(tmp_path / "sound.kproxy")]) == 0
    return tmp_path / "sound.kproxy"


def test_a_place_that_nothing_can_be_written_to_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none" / "there", tmp_path / ("x" * 300)):
        with pytest.raises(UsageError):
            check_output(path, [], force=True)
        with pytest.raises(UsageError):
            check_report(path, [], what="the report")


def test_a_new_file_is_welcome_and_an_existing_one_with_force(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.touch()
    check_output(tmp_path / "new", [old], force=False)
    check_output(old, [tmp_path / "new"], force=True)
    with pytest.raises(UsageError, match="--force"):
        check_output(old, [], force=False)
    check_report(old, [tmp_path / "new"], what="the report")
    check_report(Path(os.devnull), [], what="the report")
    check_report(None, [], what="the report")


def test_what_is_read_is_never_replaced_under_any_name(tmp_path: Path) -> None:
    read, folder = tmp_path / "read", tmp_path / "text"
    read.touch()
    folder.mkdir()
    (folder / "session.yaml").touch()
    (tmp_path / "link").symlink_to(read)
    (tmp_path / "hard").hardlink_to(read)
    for path in (read, tmp_path / "link", tmp_path / "hard", folder / ".." / "read", folder / "session.yaml"):
        with pytest.raises(UsageError, match="is what is read"):
            check_output(path, [str(read), str(folder)], force=True)
        with pytest.raises(UsageError, match="is what is read"):
            check_report(path, [str(read), str(folder)], what="the report")


def test_no_report_replaces_a_recording(recording: Path) -> None:
    with pytest.raises(UsageError, match="that is a recording"):
        check_report(recording, [], what="the report")


@pytest.mark.parametrize(
    "words",
    [
        ("replay", "R", "--on", "fresh:emulated"),
        ("bisect", "R", "--on", "fresh:emulated"),
        ("learn", "R", "O"),
        ("learn", "R", "--on", "fresh"),
    ],
)
def test_no_command_replaces_its_recording_and_each_says_so_at_once(
    words: tuple[str, ...], recording: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(recording.parent / "state"))
    other = recording.with_name("other.kproxy")
    shutil.copy(recording, other)
    before = recording.read_bytes()
    command = [{"R": str(recording), "O": str(other)}.get(word, word) for word in words]
    capsys.readouterr()
    assert _exit_code([*command, "-o", str(recording), "--force"]) == 2
    assert "that is what is read" in capsys.readouterr().err
    assert recording.read_bytes() == before


def test_a_replay_looks_at_its_output_before_its_target(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = recording.parent / "none" / "there.kproxy"
    for output in (recording, recording.parent, nowhere):
        capsys.readouterr()
        assert _exit_code(["replay", str(HELLO), "--on", "http://127.0.0.1:1", "-o", str(output)]) == 2
        assert str(output) in capsys.readouterr().err
