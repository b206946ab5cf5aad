"""kproxy.session.keeping: a ledger is kept where that is worth it."""

import subprocess
import sys
from pathlib import Path

import pytest

from kproxy.correlate import ledger
from kproxy.correlate.number import CORRELATOR
from kproxy.errors import UsageError
from kproxy.session.keeping import keep_ledger
from kproxy.session.opened import computed, opened
from kproxy.store.kept import kept_ledger
from kproxy.store.reader import open_recording
from kproxy.store.text import export_text
from kproxy.store.writer import Writer
from tests.support.large import make_large


@pytest.fixture
def large(tmp_path: Path) -> Path:
    file = tmp_path / "large.kproxy"
    make_large(file, 60)
    return file


def test_a_kept_ledger_is_what_opening_gives_and_nothing_is_computed(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(str(large)) as session:
        before = list(session.ledger.entries)
    assert keep_ledger(str(large))
    with computed(str(large)) as session:
        assert list(session.ledger.entries) == before
    monkeypatch.delattr(ledger, "correlate")
    with opened(str(large)) as session:
        assert list(session.ledger.entries) == before


def test_it_is_one_file_afterwards(large: Path) -> None:
    keep_ledger(str(large))
    assert [path.name for path in large.parent.iterdir() if path.name.startswith(large.name)] == [large.name]


def test_what_is_too_much_is_left_as_it_is(large: Path) -> None:
    before = large.read_bytes()
    assert not keep_ledger(str(large), most=119)
    assert large.read_bytes() == before
    assert keep_ledger(str(large), most=120)  # 60 changes and 60 writes; the reads count for nothing
    with open_recording(str(large)) as recording:
        assert kept_ledger(recording, CORRELATOR) is not None


@pytest.mark.process
def test_a_disk_without_room_for_it_is_one_sentence_and_the_recording_stays(large: Path) -> None:
    blocks = large.stat().st_size // 512 + 8  # POSIX's blocks: what a file may have at most
    keep = [sys.executable, "-m", "kproxy", "correlate", str(large), "--keep"]
    limited = ["sh", "-c", f'ulimit -f {blocks}; exec "$@"', "sh", *keep]
    done = subprocess.run(limited, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1, done.stderr
    assert "cannot be written" in done.stderr
    assert done.stderr.rstrip().endswith("; make room there, and run it again")
    with computed(str(large)) as session:
        assert len(list(session.ledger.entries)) == 60


def test_a_text_form_and_a_growing_recording_keep_none(large: Path, tmp_path: Path) -> None:
    with open_recording(str(large)) as recording:
        export_text(recording, tmp_path / "text")
    with pytest.raises(UsageError, match="text form"):
        keep_ledger(str(tmp_path / "text"))
    with Writer.resume(large) as writer:
        with pytest.raises(UsageError, match="grows"):
            keep_ledger(str(large))
        writer.close(writer.session)
