"""kproxy as a command, to its end."""

import subprocess
import sys
from pathlib import Path


def kproxy(*arguments: object, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run it; nobody answers what it may ask."""
    command = [sys.executable, "-m", "kproxy", *map(str, arguments)]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, input="")


def current_context(kubeconfig: Path) -> str:
    """The context that a kubeconfig names as the current one."""
    line = next(line for line in kubeconfig.read_text().splitlines() if line.startswith("current-context:"))
    return line.partition(":")[2].strip()
