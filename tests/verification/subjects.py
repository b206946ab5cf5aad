"""What is replayed: recordings of the repository, sessions recorded now, a whole control plane."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.controlplane.soak.make import make_soak
from tests.verification.runs import KPROXY, Subject

ROOT = Path(__file__).parents[2]
RECORDINGS = ROOT / "recordings"
_NOT_HERE = frozenset({"begin", "people"})
"""A part of the others, and a session that wants controllers: tests/controlplane/test_people.py replays that one."""
SESSIONS = ROOT / "tests" / "controlplane" / "sessions"
IDENTITY = "impersonate"
"""The control plane's clients are known by name then, so each is replayed as itself."""


class NoSubject(Exception):  # noqa: N818 - it is said by whoever asked for it
    """A session could not be recorded."""


def names() -> list[str]:
    """Those that take seconds: kept ones, and scripts."""
    kept = sorted(path.parent.name for path in RECORDINGS.glob("*/session.yaml"))
    return kept + sorted(path.stem for path in SESSIONS.glob("*.sh") if path.stem not in _NOT_HERE)


def is_kept(name: str) -> bool:
    """Whether it is a recording of the repository."""
    return (RECORDINGS / name).is_dir()


def subject(name: str, assets: Path, folder: Path, env: Mapping[str, str]) -> Subject:
    """A kept recording, or one that is made now, in `folder`, by a script."""
    if is_kept(name):
        return Subject(name=name, recording=RECORDINGS / name)
    recording, state = folder / f"{name}.kproxy", folder / "state"
    command = [*KPROXY, "lab", "run", "--server", "kube-apiserver", "--assets", str(assets), "--"]
    command += [*KPROXY, "record", "-o", str(recording), "--when-stuck", "block", "--"]
    command += ["sh", "-c", f"sh {SESSIONS / name}.sh || true"]
    own = {**env, "XDG_STATE_HOME": str(state), "PATH": f"{assets}:{env['PATH']}"}
    done = subprocess.run(command, env=own, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoSubject(f"the session {name} could not be recorded: {done.stderr[-1000:]}")
    return Subject(name=name, recording=recording, state=state)


def session_name(seconds: int) -> str:
    """What a control plane's session is called in the table."""
    return f"control plane, {seconds} s"


def control_plane(seconds: int, assets: Path) -> Subject:
    """kubectl, controller-manager, scheduler and kwok for so long. NoSoak."""
    folder = make_soak(seconds, IDENTITY, assets, bare=True)
    return Subject(name=session_name(seconds), recording=folder / "recording.kproxy", state=folder / "state")
