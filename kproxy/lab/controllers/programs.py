"""The command lines of controller-manager, scheduler and kwok.

Their own serving ports stay closed: nobody asks them, and what they have to say they say to the api-server. kwok's is
open on loopback, because the api-server reaches the nodes' kubelets there (logs, exec).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from kproxy.lab.servers import Command, server_environment
from kproxy.lab.users import CONTROLLER_MANAGER, KWOK, SCHEDULER

_NODE_IP = "127.0.0.1"
_LEADER = {"leader-elect-lease-duration": "60s", "leader-elect-renew-deadline": "40s"}
"""They end when they cannot renew their lease: a machine that is busy for ten seconds is no reason."""

RATE = {"kube-api-qps": "500", "kube-api-burst": "1000"}
"""The defaults (20 to 50 a second) would be what a lab waits for."""

_SYNCS = {
    f"concurrent-{each}-syncs": "20"
    for each in (
        "daemonset",
        "deployment",
        "endpoint",
        "job",
        "namespace",
        "replicaset",
        "service-endpoint",
        "statefulset",
    )
}
"""Objects that a controller works on at once; the defaults (2 to 10) suit their default rates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerPlace:
    """What the three need to run.

    `folder` for files, `logs` for logs; `kubeconfigs` by the user's name; `nodes`: how many there are; `env`: what they
    are started with, less what would mislead them.
    """

    folder: Path
    logs: Path
    programs: Mapping[str, Path]
    kubeconfigs: Mapping[str, Path]
    ca: Path
    service_account_key: Path
    nodes: int
    env: Mapping[str, str]
    kwok_config: tuple[Path, ...] = ()


def controller_manager_command(place: ControllerPlace) -> Command:
    """kube-controller-manager; each of its controllers speaks as its own service account."""
    flags = {
        "kubeconfig": str(place.kubeconfigs[CONTROLLER_MANAGER]),
        "secure-port": "0",
        "use-service-account-credentials": "true",
        "service-account-private-key-file": str(place.service_account_key),
        "root-ca-file": str(place.ca),
        # A busy machine is no reason to take pods from their nodes.
        "node-monitor-grace-period": "3m",
        **_LEADER,
        **RATE,
        **_SYNCS,
    }
    return _command("kube-controller-manager", place, flags)


def scheduler_command(place: ControllerPlace) -> Command:
    """kube-scheduler, as it comes."""
    flags = {"kubeconfig": str(place.kubeconfigs[SCHEDULER]), "secure-port": "0", **_LEADER, **RATE}
    return _command("kube-scheduler", place, flags)


def kwok_command(place: ControllerPlace, port: int) -> Command:
    """A kwok with our stages, and the user's own objects; it sets no limit to its rate of requests."""
    flags = {
        "kubeconfig": str(place.kubeconfigs[KWOK]),
        "manage-all-nodes": "true",
        "node-ip": _NODE_IP,
        "node-port": str(port),
        "server-address": f"{_NODE_IP}:{port}",
        "node-lease-duration-seconds": "40",
    }
    command = _command("kwok", place, flags)
    stages = place.folder / "kwok-stages.yaml"
    stages.write_text(files("kproxy.lab.controllers").joinpath("stages.yaml").read_text("utf-8"))
    for config in (stages, *place.kwok_config):
        command.argv.append(f"--config={config.absolute()}")
    return command


def _command(name: str, place: ControllerPlace, flags: Mapping[str, str]) -> Command:
    argv = [str(place.programs[name]), *(f"--{flag}={value}" for flag, value in flags.items())]
    return Command(name=name, argv=argv, env=server_environment(place.env), log=place.logs / f"{name}.log")
