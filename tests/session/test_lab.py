"""A COMMAND in a lab: its exit code, its environment, its signals."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from kproxy.errors import UsageError
from kproxy.lab import LabSettings
from kproxy.session.lab import command_environment, run_in_lab
from tests.lab.test_kept import eventually, is_alive

RUNNER = (
    "import sys\nfrom kproxy.lab import LabSettings\nfrom kproxy.session.lab import run_in_lab\n"
    "raise SystemExit(run_in_lab(LabSettings(), sys.argv[1:]))\n"
)


@pytest.mark.process
def test_the_exit_code_is_the_commands_and_the_lab_is_its_environment(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    code = run_in_lab(LabSettings(), ["sh", "-c", f'cp "$KPROXY_LAB" {seen}; test -r "$KUBECONFIG" && exit 7'])
    assert code == 7
    assert '"kproxy-lab/1"' in seen.read_text()


@pytest.mark.process
def test_a_command_that_a_signal_ended_gives_128_plus_its_number() -> None:
    assert run_in_lab(LabSettings(), ["sh", "-c", "kill -9 $$"]) == 128 + 9


@pytest.mark.process
def test_a_command_that_does_not_exist_is_one_sentence() -> None:
    with pytest.raises(UsageError, match="the command 'no-such-command' cannot be started: No such file"):
        run_in_lab(LabSettings(), ["no-such-command"])


@pytest.mark.process
def test_sigterm_is_handed_on_and_everything_ends(tmp_path: Path) -> None:
    started = tmp_path / "started"
    script = f'cat "$KPROXY_LAB" > {started}.new; mv {started}.new {started}; exec sleep 600'
    runner = subprocess.Popen([sys.executable, "-c", RUNNER, "sh", "-c", script])
    eventually(started.exists)
    runner.send_signal(signal.SIGTERM)
    assert runner.wait() == 128 + signal.SIGTERM
    pids = [
        int(line.rpartition(":")[2].strip(" ,"))
        for line in started.read_text().splitlines()
        if '"e' in line and line.strip(" ,")[-1].isdigit()
    ]
    assert not any(is_alive(pid) for pid in pids)


@pytest.mark.process
def test_ctrl_c_in_a_terminal_ends_command_and_lab(tmp_path: Path) -> None:
    started = tmp_path / "started"
    runner = subprocess.Popen(
        [sys.executable, "-c", RUNNER, "sh", "-c", f"touch {started}; exec sleep 600"], start_new_session=True
    )
    eventually(started.exists)
    os.killpg(runner.pid, signal.SIGINT)
    assert runner.wait() == 128 + signal.SIGINT


def test_options_for_another_etcd_do_not_reach_the_command() -> None:
    environment = command_environment({"A": "b", "ETCDCTL_CACERT": "x", "KUBECONFIG": "old"}, {"KUBECONFIG": "new"})
    assert environment == {"A": "b", "KUBECONFIG": "new"}
