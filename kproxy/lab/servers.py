"""The servers' command lines."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kproxy.lab.certificates import SERVICE_IP, Certificates
from kproxy.lab.users import User

_ADVERTISED = "192.0.2.1"
"""An address for documentation (RFC 5737): the machine's own would get into etcd and so into recordings."""

PYTHON = (sys.executable, "-P", "-m")
"""-P: a folder named kproxy where the user stands is not ours; but a checkout that was not installed is."""

_TRACING = {
    "apiVersion": "apiserver.config.k8s.io/v1",
    "kind": "TracingConfiguration",
    "samplingRatePerMillion": 1_000_000,
}
_AUDIT_POLICY = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [{"level": "Metadata"}]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """How a server is started."""

    name: str
    argv: list[str]
    env: dict[str, str]
    log: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiServerPlace:
    """Where an api-server is to listen and find its things.

    `etcd_url`: etcd as the server is told, which is the relay before `etcd_itself` where there is one; `controllers`:
    whether some will run beside it; `feature_gates`: kube-apiserver's own option; `spans_to`: HOST:PORT
    where it tells its spans over OTLP/gRPC, every one ("": nowhere); `flags`: further options of kube-apiserver's.
    """

    folder: Path
    port: int
    etcd_itself: str
    etcd_url: str
    certificates: Certificates
    token_file: Path
    audit_log: Path
    controllers: bool = False
    feature_gates: str = ""
    spans_to: str = ""
    flags: tuple[tuple[str, str], ...] = ()


def server_environment(env: Mapping[str, str]) -> dict[str, str]:
    """The environment without what etcd would read as its options, and without proxies between our own processes."""
    dropped = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "GRPC_PROXY")
    return {
        name: value
        for name, value in env.items()
        if name.upper() not in dropped and (not name.startswith("ETCD_") or name == "ETCD_UNSUPPORTED_ARCH")
    }


def etcd_command(program: Path, folder: Path, ports: tuple[int, int], token: str, env: Mapping[str, str]) -> Command:
    """An etcd of one member, for clients and peers on loopback. `token` makes its cluster id its own."""
    client, peer = (f"http://127.0.0.1:{port}" for port in ports)
    flags = {
        "name": "lab",
        "data-dir": str(folder / "etcd"),
        "listen-client-urls": client,
        "advertise-client-urls": client,
        "listen-peer-urls": peer,
        "initial-advertise-peer-urls": peer,
        "initial-cluster": f"lab={peer}",
        "initial-cluster-token": token,
        "log-level": "warn",
        "unsafe-no-fsync": "true",  # nobody needs it after a power failure
    }
    argv = [str(program), *(f"--{name}={value}" for name, value in flags.items())]
    return Command(name="etcd", argv=argv, env=server_environment(env), log=folder / "etcd.log")


def relay_command(folder: Path, etcd: str, port: int, feed: Path, env: Mapping[str, str]) -> Command:
    """The etcd relay, between the api-server and etcd at this URL."""
    argv = [*PYTHON, "kproxy", "etcd-relay", "--etcd", etcd, "--listen", f"127.0.0.1:{port}", "--feed", str(feed)]
    return Command(name="etcd-relay", argv=argv, env=_python_environment(env), log=folder / "etcd-relay.log")


def kube_apiserver_command(program: Path, place: ApiServerPlace, env: Mapping[str, str]) -> Command:
    """A kube-apiserver with RBAC, static tokens and an audit log of every request's metadata.

    As kubeadm sets it up, it also believes client certificates and a front proxy, and nodes may change only themselves.
    """
    policy = place.folder / "audit-policy.json"
    policy.write_text(json.dumps(_AUDIT_POLICY))
    flags = {
        "etcd-servers": place.etcd_url,
        "bind-address": "127.0.0.1",
        "advertise-address": _ADVERTISED,
        "secure-port": str(place.port),
        "cert-dir": str(place.folder / "kube-apiserver"),
        "tls-cert-file": str(place.certificates.serving),
        "tls-private-key-file": str(place.certificates.serving_key),
        "service-account-key-file": str(place.certificates.service_account_public),
        "service-account-signing-key-file": str(place.certificates.service_account_key),
        "service-account-issuer": "https://kubernetes.default.svc",
        "token-auth-file": str(place.token_file),
        "authorization-mode": "Node,RBAC",
        "enable-admission-plugins": "NodeRestriction",
        **place.certificates.clients.flags,
        "service-cluster-ip-range": f"{SERVICE_IP.rsplit('.', 1)[0]}.0/16",
        "allow-privileged": "true",
        "audit-policy-file": str(policy),
        "audit-log-path": str(place.audit_log),
        "audit-log-maxsize": "4096",  # megabytes: never a second file
        "profiling": "false",
    }
    if place.controllers:
        flags["kubelet-preferred-address-types"] = "InternalIP"  # nobody's DNS knows the nodes' names
    else:
        # No controller-manager is there to make the namespaces' default accounts, so pods would be refused.
        flags["disable-admission-plugins"] = "ServiceAccount"
    if place.feature_gates:
        flags["feature-gates"] = place.feature_gates
    if place.spans_to:
        tracing = place.folder / "tracing.json"
        tracing.write_text(json.dumps({**_TRACING, "endpoint": place.spans_to}))
        flags["tracing-config-file"] = str(tracing)
    flags.update(place.flags)
    argv = [str(program), *(f"--{name}={value}" for name, value in flags.items())]
    return Command(
        name="kube-apiserver", argv=argv, env=server_environment(env), log=place.folder / "kube-apiserver.log"
    )


def emulated_command(place: ApiServerPlace, users: tuple[User, ...], env: Mapping[str, str]) -> Command:
    """Our own api-server in a process of its own; tokens go through its configuration file, never its arguments."""
    config = place.folder / "emulated.json"
    config.touch(mode=0o600)
    config.write_text(
        json.dumps(
            {
                "port": place.port,
                "etcd": place.etcd_url,
                "certificate": str(place.certificates.serving),
                "key": str(place.certificates.serving_key),
                "audit_log": str(place.audit_log),
                "users": [{"name": user.name, "token": user.token, "groups": list(user.groups)} for user in users],
            }
        )
    )
    argv = [*PYTHON, "kproxy.lab.emulated", str(config)]
    return Command(name="emulated", argv=argv, env=_python_environment(env), log=place.folder / "emulated.log")


def _python_environment(env: Mapping[str, str]) -> dict[str, str]:
    """For processes of our own code."""
    environment = server_environment(env)
    home = str(Path(__file__).resolve().parents[2])
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [home, environment.get("PYTHONPATH")]))
    return environment
