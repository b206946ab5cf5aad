"""tests.bench.processors."""

import os
import subprocess
import sys

import pytest

from tests.bench.processors import all_but_one, one, running_on, several

ASKED = "import os; print(sorted(os.sched_getaffinity(0)))"


@pytest.mark.process
def test_what_is_started_stays_where_it_was_put_and_we_get_ours_back() -> None:
    before = os.sched_getaffinity(0)
    with running_on(one()):
        told = subprocess.run([sys.executable, "-c", ASKED], capture_output=True, text=True, check=True)
        assert not several()
    assert told.stdout.strip() == str(sorted(one()))
    assert os.sched_getaffinity(0) == before


@pytest.mark.skipif(not several(), reason="needs two processors")
def test_a_server_and_its_clients_share_no_processor() -> None:
    assert one().isdisjoint(all_but_one())
    assert one() | all_but_one() == os.sched_getaffinity(0)
