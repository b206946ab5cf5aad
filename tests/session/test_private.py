"""What COMMAND is told is for it alone, and does not outlive a killed kproxy for long."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from kproxy.session.private import PREFIX, private_file, private_folder

HOLDER = (
    "import sys\nfrom kproxy.session.private import private_folder\n"
    "with private_folder() as folder:\n    print(folder, flush=True)\n    sys.stdin.read()\n"
)


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)


def test_a_folder_and_its_files_are_private_and_gone_at_the_end() -> None:
    with private_folder() as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        assert private_file(folder / "a", "secret").stat().st_mode & 0o777 == 0o600
    assert not folder.exists()


@pytest.mark.process
def test_what_a_killed_one_left_is_removed_by_the_next_and_what_lives_stays(tmp_path: Path) -> None:
    holders = [
        subprocess.Popen([sys.executable, "-c", HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    killed, living = (Path(holder.stdout.readline().strip()) for holder in holders if holder.stdout)
    os.kill(holders[0].pid, signal.SIGKILL)
    holders[0].wait()
    (tmp_path / f"{PREFIX}without-a-lock").mkdir()
    with private_folder() as folder:
        assert {path.name for path in tmp_path.iterdir()} == {living.name, folder.name, f"{PREFIX}without-a-lock"}
    assert not killed.exists()
    holders[1].communicate("")
    assert not living.exists()
