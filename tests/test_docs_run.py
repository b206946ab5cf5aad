"""What the docs tell to type works as it stands.

Commands that only read recordings are run, line by line, on `recordings/hello-kubectl`. Blocks that are marked
```` ```sh runs ```` are run whole, where kubectl is on PATH; tests/controlplane/test_docs_run.py runs them always.
"""

import shlex
import shutil
from pathlib import Path

import pytest

from kproxy.cli.main import _exit_code
from tests.support.docs import PAGES, ROOT, RUNS, blocks_in, lines_in, pages_that_run, run_blocks

READERS = frozenset({
    "log", "show", "get", "history", "blame", "why", "correlate", "stats", "check", "rbac", "diff", "learn", "export",
    "import", "upgrade", "addon-path",
})  # fmt: skip
"""Commands that need no server, but for --on and for what has an address."""

EXIT_CODES = {
    # the page shows an object that is gone
    "kproxy get recordings/hello-kubectl pods/default/hello-demo --at +14.5": 2,
    # one recording stands for all three here, and runs that are one teach nothing
    "kproxy learn run1.kproxy run2.kproxy run3.kproxy -o noise.yaml": 2,
}
"""What else than 0 a line ends with."""


def reads(line: str) -> bool:
    """Whether the line reads recordings, or writes one from another, and does no more."""
    words = shlex.split(line, comments=True)
    return (
        len(words) > 1
        and words[0] == "kproxy"
        and words[1] in READERS
        and "--on" not in words
        and not any(word.startswith("http") for word in words)
    )


def readers_of(page: Path) -> list[str]:
    """The lines that only read, but for those of blocks that are run whole."""
    whole = "\n".join(block for mark, block in blocks_in(page) if mark == RUNS)
    return [line for line in lines_in(page) if line not in whole and reads(line)]


READ = {page: readers_of(page) for page in PAGES}


def fill(folder: Path, recording: Path, line: str) -> None:
    """Put in place what the line takes as given: files that it reads, as copies of one recording."""
    words = shlex.split(line, comments=True)
    made = {words[at + 1] for at, word in enumerate(words[:-1]) if word in {"-o", "--to", ">"}}
    made |= {words[-1]} if words[1] == "upgrade" else set()
    for word in words:
        if word.endswith(".kproxy") and word not in made and not (folder / word).exists():
            shutil.copy(recording, folder / word)
        if word in made:
            (folder / word).unlink(missing_ok=True)
    if "recordings/session" in words and "recordings/session" not in made:
        shutil.copytree(ROOT / "recordings" / "hello-kubectl", folder / "recordings" / "session", dirs_exist_ok=True)


@pytest.fixture(scope="session")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("docs") / "hello-kubectl.kproxy"
    assert _exit_code(["import", str(ROOT / "recordings" / "hello-kubectl"), "-o", str(made)]) == 0
    return made


@pytest.mark.parametrize("page", [page for page in PAGES if READ[page]], ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_reads_recordings_does_what_its_page_says(
    page: Path, recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recordings").mkdir()
    for name in ("hello-kubectl", "hello-demo"):
        (tmp_path / "recordings" / name).symlink_to(ROOT / "recordings" / name)
    for line in READ[page]:
        fill(tmp_path, recording, line)
        words = shlex.split(line, comments=True)
        until = words.index(">") if ">" in words else len(words)
        code = _exit_code(words[1:until])
        said = capsys.readouterr()
        assert code == EXIT_CODES.get(shlex.join(words), 0), f"{line}\n{said.out}{said.err}"


@pytest.mark.process
@pytest.mark.skipif(shutil.which("kubectl") is None, reason="no kubectl on PATH; tests/controlplane runs it")
@pytest.mark.parametrize("page", pages_that_run(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_block_that_is_marked_runs(page: Path, tmp_path: Path) -> None:
    done = run_blocks(page, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
