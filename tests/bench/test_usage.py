import subprocess
import sys
import time

import pytest

from tests.bench.usage import cpu_seconds, peak_bytes, resident_bytes, settle, tree
from tests.support.record_process import wait_for

pytestmark = pytest.mark.process

SPINNING = (
    "import time\nwhile time.process_time() < 0.5: pass\nheld = b'x' * (64 << 20); del held\nprint(flush=True)\ninput()"
)


def test_a_process_is_counted_with_its_children_their_cpu_and_their_most_memory() -> None:
    parent = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {SPINNING!r}])"
    with subprocess.Popen([sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        settle(process.pid)
        pids = wait_for(lambda: found if len(found := tree(process.pid)) > 1 else None)
        assert len(pids) == 2
        assert 0.4 < cpu_seconds(pids) < 30
        assert cpu_seconds([process.pid]) < cpu_seconds(pids)
        assert peak_bytes(pids) > 64 << 20
        assert resident_bytes(pids) < peak_bytes(pids)
        process.communicate(b"\n")


def test_what_is_gone_counts_nothing() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    begun = time.monotonic()
    settle(process.pid)
    assert (cpu_seconds([process.pid]), peak_bytes([process.pid]), tree(process.pid)) == (0, 0, [process.pid])
    assert time.monotonic() - begun < 30
