"""The docs' blocks that are marked to be run, with the kubectl that was built for the tests."""

from pathlib import Path

import pytest

from tests.support.docs import ROOT, pages_that_run, run_blocks

pytestmark = pytest.mark.controlplane


@pytest.mark.parametrize("page", pages_that_run(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_block_that_is_marked_runs(page: Path, tmp_path: Path, assets: Path) -> None:
    done = run_blocks(page, tmp_path, assets)
    assert done.returncode == 0, done.stdout + done.stderr
