"""Whatever happens, the exit code and the one sentence are the contract's; 1 only ever means «different»."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kproxy.cli.main import _exit_code

GOLDEN = str(Path(__file__).parents[2] / "recordings" / "hello-demo")
KPROXY = [sys.executable, "-m", "kproxy"]


def test_without_a_command_the_help_is_shown_as_it_is_and_it_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, command in (([], "record"), (["lab"], "run")):
        assert _exit_code(arguments) == 2
        said = capsys.readouterr()
        assert any(line.split()[:1] == [command] for line in said.err.splitlines())
        assert not said.out


@pytest.mark.process
@pytest.mark.parametrize("arguments", [["log", GOLDEN], ["log", "-f", GOLDEN], ["show", GOLDEN, "1"]])
def test_a_reader_that_leaves_ends_kproxy_as_sigpipe_does(arguments: list[str]) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    with os.fdopen(theirs, "w") as nobody_reads:
        done = subprocess.run([*KPROXY, *arguments], stdout=nobody_reads, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.process
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
@pytest.mark.parametrize("arguments", [["log", GOLDEN], ["correlate", GOLDEN, "--json"], ["diff", GOLDEN, GOLDEN]])
def test_output_that_cannot_be_written_is_one_sentence(arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*KPROXY, *arguments], stdout=full, stderr=subprocess.PIPE, check=False, text=True)
    assert done.returncode == 2
    assert done.stderr == "kproxy: the output cannot be written: No space left on device\n"


@pytest.mark.process
def test_a_closed_standard_output_is_no_failure() -> None:
    script = f'"{sys.executable}" -m kproxy log "{GOLDEN}" >&-'
    done = subprocess.run(["sh", "-c", script], stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.process
def test_kubectl_finds_its_plugin() -> None:
    plugin = Path(sys.executable).with_name("kubectl-kproxy")
    if not plugin.exists():
        pytest.skip("kproxy is not installed beside this Python")
    done = subprocess.run([plugin, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("kproxy, version ")


READERS = ("history", "blame", "get", "why", "log", "show")


@pytest.mark.process
@pytest.mark.parametrize("name", READERS)
def test_a_command_that_reads_imports_neither_sqlalchemy_nor_what_only_records_or_computes(name: str) -> None:
    """Imports were five sixths of the time of a question for one object (docs/decisions/0020)."""
    look = f"import sys, kproxy.cli.main as main; main._imported(main.COMMANDS[{name!r}]); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", look], capture_output=True, check=True, text=True, timeout=60).stdout
    heavy = {"sqlalchemy", "asyncio", "grpc", "aiohttp", "mitmproxy", "cbor2", "jinja2", "kproxy.correlate.ledger"}
    assert not heavy & set(loaded.split())
