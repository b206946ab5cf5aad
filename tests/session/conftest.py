"""What tests of whole commands share."""

import os
from pathlib import Path

import pytest


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """This environment without what kproxy reads of it, and with a place of its own for keys."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KPROXY_")}
    return {**kept, "XDG_STATE_HOME": str(tmp_path / "state")}
