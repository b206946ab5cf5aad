"""A COMMAND with a lab of its own."""

import os
from collections.abc import Mapping, Sequence

from kproxy.lab.command import run_command
from kproxy.lab.settings import LabSettings
from kproxy.lab.start import start_lab


def run_in_lab(settings: LabSettings, command: Sequence[str], env: Mapping[str, str] = os.environ) -> int:
    """Runs COMMAND with KUBECONFIG, ETCDCTL_ENDPOINTS and KPROXY_LAB of a fresh server, which ends with it.

    Returns COMMAND's exit code, 128 + n if signal n ended it. A terminal's Ctrl-C reaches COMMAND by itself, SIGTERM
    and SIGHUP are handed on to it. LabError if the server or COMMAND does not start.
    """
    with start_lab(settings, env) as lab:
        return run_command(command, command_environment(env, lab.environment()))


def command_environment(env: Mapping[str, str], lab: Mapping[str, str]) -> dict[str, str]:
    """The environment with the lab's entries, without other options for etcdctl: they belong to another etcd."""
    return {name: value for name, value in env.items() if not name.startswith("ETCDCTL_")} | dict(lab)
