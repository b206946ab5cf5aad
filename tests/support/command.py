"""kproxy as a command, to its end."""

import subprocess
import sys


def kproxy(*arguments: object, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run it; nobody answers what it may ask."""
    command = [sys.executable, "-m", "kproxy", *map(str, arguments)]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, input="")
