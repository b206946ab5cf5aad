"""Makes a soak: python -m tests.controlplane.soak.make SECONDS IDENTITY [bare].

A whole control plane and kubectl, all through kproxy, each as itself by a mode of --identity, for so many seconds; then
the same without kproxy for 45 seconds, or as long where the soak is a long one. build/soak-SECONDS-IDENTITY/ gets

    recording.kproxy  what kproxy recorded, etcd and the calls to it included; state/ has the key of its pseudonyms
    watch.jsonl       what etcdctl saw of etcd meanwhile (tests/support/watch_beside.py)
    used.jsonl        CPU and memory of each part (meter.py)
    relay.json        etcd through the lab's relay and directly (beside.py)
    audit.log         the api-server's
    logs/             of controller-manager, scheduler and kwok
    kubectl.jsonl     each kubectl command and how it ended
    control/          the same without kproxy, and without a relay before etcd
    soak.json         {"key", "seconds", "control_seconds", "identity"}, written last: a soak without it is none

A soak of this very code (the key) and as long is left as it is.

A bare one, in build/soak-SECONDS-IDENTITY-bare/ (of an older version -bare-VERSION/), is replayed on an api-server
without nodes: nobody asks for logs or for exec, which a node answers, and there is no run without kproxy, nor a watch
beside it.
"""

import fcntl
import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from tests.controlplane.soak.figures import figures

ROOT = Path(__file__).parents[3]
KPROXY = str(Path(sys.executable).with_name("kproxy"))
DONE = "soak.json"
FRONT_PROXY_FILES = (("cert", "crt"), ("key", "key"))
NODES = "3"
SHORT_CONTROL = 45  # seconds
LONG_SOAK = 300  # seconds


class NoSoak(Exception):  # noqa: N818 - it is said by whoever asked for a soak
    """A soak could not be made."""


def make_soak(seconds: int, identity: str, assets: Path, *, bare: bool = False, version: str = "") -> Path:
    """The folder of a soak, made now if there is none; `version`: of `assets`, where it is another one than all use.

    NoSoak if one of its commands fails.
    """
    control = 0 if bare else SHORT_CONTROL if seconds < LONG_SOAK else seconds
    wanted = {"key": key(assets), "seconds": seconds, "control_seconds": control, "identity": identity}
    named = ("soak", str(seconds), identity, "bare" if bare else "", version)
    folder = ROOT / "build" / "-".join(each for each in named if each)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test processes may want it at once
        if _made(folder) == wanted:
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        _run(seconds, folder, assets, _record(folder, identity), bare=bare)
        if control:
            _run(control, folder / "control", assets, [], relay=False)
        (folder / DONE).write_text(json.dumps(wanted))
    return folder


def key(assets: Path) -> str:
    """Changes with kproxy's code, the soak's own, and the programs that take part."""
    digest = hashlib.sha256(str(assets).encode())
    for path in sorted([*(ROOT / "kproxy").rglob("*"), *Path(__file__).parent.glob("*.py")]):
        if path.suffix in {".py", ".yaml", ".json"} and path.is_file():
            digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _made(folder: Path) -> object:
    try:
        made: object = json.loads((folder / DONE).read_text())
    except (OSError, ValueError):
        return None
    return made


def _record(folder: Path, identity: str) -> list[str]:
    """The command that records; the one before COMMAND. The lab's folder has what a front proxy shows."""
    options = ["--identity", identity, "-o", str(folder / "recording.kproxy")]
    if identity != "front-proxy":
        return [KPROXY, "record", *options, "--"]
    shows = [f'--proxy-client-{what} "${{KPROXY_LAB%/*}}"/front-proxy-client.{end}' for what, end in FRONT_PROXY_FILES]
    script = f'exec {shlex.join([KPROXY, "record", *options])} {" ".join(shows)} -- "$@"'
    return ["sh", "-c", script, "record"]


def _run(  # noqa: PLR0913 - what is started, and how
    seconds: int, folder: Path, assets: Path, record: list[str], *, relay: bool = True, bare: bool = False
) -> None:
    (folder / "logs").mkdir(parents=True)
    (folder / "home").mkdir()
    kwok = folder / "kwok.yaml"
    kwok.write_text(_kwok_objects(folder))
    lab = [KPROXY, "lab", "run", "--server", "kube-apiserver", "--assets", str(assets), "--nodes", NODES]
    lab += ["--with", "controllers-later", "--audit-log", str(folder / "audit.log")]
    lab += ["--"] if relay else ["--no-relay", "--"]
    beside = [] if bare else [sys.executable, "-m", "tests.controlplane.soak.beside", str(folder)]
    controllers = [KPROXY, "lab", "controllers", "--logs", str(folder / "logs"), "--kwok-config", str(kwok), "--"]
    work = [sys.executable, "-m", "tests.controlplane.soak.workload", str(seconds), str(folder)]
    work += ["bare"] if bare else []
    command = [*lab, *beside, *record, *controllers, *work]
    env = {name: value for name, value in os.environ.items() if not name.startswith("KPROXY_")}
    env |= {"XDG_STATE_HOME": str(folder / "state"), "PYTHONPATH": str(ROOT)}
    env["PATH"] = f"{assets}:{env['PATH']}"  # etcdctl, for the watch beside it
    with (folder / "said").open("w") as said:
        code = subprocess.run(command, cwd=ROOT, env=env, stdout=said, stderr=said, check=False).returncode
    if code:
        raise NoSoak(f"the soak in {folder} ended with {code}: {(folder / 'said').read_text()[-2000:]}")


def _kwok_objects(folder: Path) -> str:
    """Pods have a log of three lines, and exec runs on this machine."""
    logs = folder / "pod.log"
    logs.write_text("".join(f"2026-01-01T00:00:0{n}.000000000Z stdout F line {n}\n" for n in range(3)))
    group = "kwok.x-k8s.io/v1alpha1"
    objects: list[dict[str, object]] = [
        {
            "apiVersion": group,
            "kind": "ClusterLogs",
            "metadata": {"name": "soak"},
            "spec": {"logs": [{"logsFile": str(logs), "follow": True}]},
        },
        {
            "apiVersion": group,
            "kind": "ClusterExec",
            "metadata": {"name": "soak"},
            "spec": {"execs": [{"local": {}}]},
        },
    ]
    return "---\n".join(json.dumps(each) + "\n" for each in objects)


if __name__ == "__main__":
    try:
        bare = sys.argv[3:] == ["bare"]
        made = make_soak(int(sys.argv[1]), sys.argv[2], Path(os.environ["KUBEBUILDER_ASSETS"]), bare=bare)
        print(made if bare else figures(made))  # noqa: T201 - it is what a person runs this for
    except NoSoak as error:
        sys.exit(str(error))
