"""A process with one pipe, from which is read as long as it runs."""

import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE = 60.0
"""Seconds that it may take to end."""


@contextmanager
def listened_to(process: subprocess.Popen[str], said: list[str], end: signal.Signals) -> Iterator[None]:
    """Its lines go into `said`; at the end of the block it gets the signal `end`, if nobody ended it before."""
    pipe = process.stdout or process.stderr
    assert pipe is not None
    reader = threading.Thread(target=lambda: said.extend(line.rstrip("\n") for line in pipe), daemon=True)
    reader.start()
    try:
        yield
    finally:
        if process.poll() is None:
            process.send_signal(end)
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        reader.join()
        pipe.close()
