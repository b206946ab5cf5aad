"""A real `kproxy replay` in a process of its own, so slow that it can be disturbed."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kproxy.errors import RecordingError
from kproxy.lab.settings import LabSettings
from kproxy.lab.start import start_lab
from kproxy.model.jsontypes import JSONObject
from kproxy.store.reader import open_recording
from tests.support.command import current_context
from tests.support.record_process import wait_for

HELLO = Path(__file__).parents[2] / "recordings" / "hello-demo"

SLOWLY = "0.002x"
"""A tenth of a second lasts for most of a minute."""


@dataclass
class ReplayProcess:
    """It, and its own recording."""

    process: subprocess.Popen[str]
    output: Path

    def has_answered(self, exchanges: int) -> None:
        """Wait until so many exchanges are in its recording, with their answers."""

        def there() -> bool | None:
            try:
                with open_recording(str(self.output)) as recording:
                    ended = sum(each.ended is not None for each in recording.exchanges())
            except RecordingError:
                return None
            return True if ended >= exchanges else None

        wait_for(there)

    def ended(self) -> tuple[int, JSONObject, str]:
        """Its exit code, its report and what it said."""
        out, said = self.process.communicate(timeout=60)
        report: JSONObject = json.loads(out) if out else {}
        return self.process.returncode, report, said


def killed_midway(
    settings: LabSettings, program: str, output: Path, env: Mapping[str, str]
) -> tuple[int, JSONObject, str]:
    """A replay of hello-demo on a lab of which this program is killed after the first answer: as `ended` tells it."""
    with start_lab(settings) as lab:
        on = f"context:{current_context(lab.kubeconfig)}"
        options = ("--pace", SLOWLY, "--allow-existing")
        with replay_process(HELLO, on, output, *options, env={**env, **lab.environment()}) as replay:
            replay.has_answered(1)
            os.kill(dict(lab.info.pids)[program], signal.SIGKILL)
            return replay.ended()


@contextmanager
def replay_process(
    file: Path, target: str, output: Path, *options: str, env: Mapping[str, str]
) -> Iterator[ReplayProcess]:
    """`kproxy replay FILE --on TARGET -o OUTPUT`, ended at the end if it has not by then."""
    arguments = ["replay", str(file), "--on", target, "-o", str(output), "--format", "json", "--yes", *options]
    command = [sys.executable, "-m", "kproxy", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(env))
    try:
        yield ReplayProcess(process, output)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()
