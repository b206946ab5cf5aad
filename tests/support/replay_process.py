"""A real `kproxy replay` in a process of its own, so slow that it can be disturbed."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kproxy.errors import RecordingError
from kproxy.model.jsontypes import JSONObject
from kproxy.store.reader import open_recording
from tests.support.record_process import wait_for

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
