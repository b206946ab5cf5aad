"""What a fresh server is asked to be."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

type ServerKind = Literal["emulated", "kube-apiserver"]
type WithControllers = Literal["none", "now", "later"]

MAX_NODES = 1000
"""kwok plays more, but nobody has tried it here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabSettings:
    """What to start.

    `assets`: a folder with kube-apiserver and etcd, laid out as KUBEBUILDER_ASSETS (which is asked when it is None);
    `audit_log`: where the server's audit log goes (None: within the lab's folder); `keep`: a folder, new or empty, that
    stays when the servers are gone; `version`: the only gitVersion that will do; `timeout`: seconds until it must be
    ready.
    `controllers`: whether controller-manager, scheduler and kwok are started too, for `nodes` nodes (kube-apiserver
    only); "later" makes the server for them and leaves their start to `kproxy lab controllers`; `kwok_config`: files of
    kwok's own objects (kwok.x-k8s.io) beside our stages. `accounts`: pods need their ServiceAccount
    (admission), as where controllers run, though none are started: whoever is replayed brings the accounts.
    `feature_gates`: kube-apiserver's, `Name=true,Other=false`; `spans_to`: HOST:PORT where it tells its spans over
    OTLP/gRPC ("": nowhere). `relay`: whether an etcd relay stands between the server and its etcd. `server_flags`:
    further options of kube-apiserver's, name and value, which win over the lab's own.
    """

    server: ServerKind = "emulated"
    assets: Path | None = None
    audit_log: Path | None = None
    keep: Path | None = None
    allow_old_etcd: bool = False
    version: str | None = None
    timeout: float = 90.0
    controllers: WithControllers = "none"
    nodes: int = 2
    accounts: bool = False
    kwok_config: tuple[Path, ...] = ()
    feature_gates: str = ""
    spans_to: str = ""
    relay: bool = True
    server_flags: tuple[tuple[str, str], ...] = ()
