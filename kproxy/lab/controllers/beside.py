"""Controllers beside a lab that runs already: started by another process, through whatever lies between."""

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from kproxy.errors import LabError
from kproxy.lab.alive import refuse_ended
from kproxy.lab.binaries import find_controllers
from kproxy.lab.client import LabClient
from kproxy.lab.controllers.launch import launch
from kproxy.lab.controllers.programs import ControllerPlace
from kproxy.lab.info import LabInfo
from kproxy.lab.kept import Kept
from kproxy.lab.users import CONTROLLERS, PROBE, User, read_token_file, write_kubeconfig

GRACE = 10.0  # seconds between SIGTERM and SIGKILL: a controller-manager says goodbye to some 200 watches


@dataclass(frozen=True, slots=True, kw_only=True)
class BesideSettings:
    """How they reach the api-server: `server`, a URL, trusted by the file `ca`; None: the lab's own.

    What makes sure of them goes that way too: around a proxy that records, it would be a writer whom nobody knows.
    `logs`: a folder for their logs, there already; None: one that goes with them; `kwok_config` as in LabSettings;
    `timeout`: seconds until they must be ready.
    """

    server: str | None = None
    ca: Path | None = None
    logs: Path | None = None
    kwok_config: tuple[Path, ...] = ()
    timeout: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Running controllers: their pids by name, and where their logs are."""

    pids: dict[str, int]
    logs: Path
    kept: Kept

    def check_alive(self) -> None:
        """LabError if one of them has ended."""
        for name in self.pids:
            refuse_ended(self.kept, name, self.logs / f"{name}.log")


@contextmanager
def start_beside(info: LabInfo, settings: BesideSettings, env: Mapping[str, str]) -> Iterator[Beside]:
    """The controllers of this lab, ready, for as long as the `with` lasts.

    LabError if the lab was not made for them, has them already, or they do not become ready.
    """
    if not info.controllers:
        raise LabError("this lab's api-server was not made for controllers; start it with --with controllers-later")
    if "kube-controller-manager" in dict(info.pids):
        raise LabError("this lab has its controllers already; start another with --with controllers-later")
    if settings.server is not None and settings.ca is None:
        raise LabError(f"no CA file is named that makes {settings.server} trusted; `kproxy record` sets KPROXY_CA")
    programs = find_controllers(Path(info.assets))
    lab = Path(info.folder)
    users = read_token_file(lab / "tokens.csv")
    ca = settings.ca or lab / "ca.crt"
    client = _client(settings.server or info.url, ca, users[PROBE])
    with Kept(None, GRACE) as kept:
        if kept.folder is None:
            raise LabError("the controllers' folder is gone")
        kubeconfigs = {name: kept.folder / f"{name.removeprefix('system:')}.kubeconfig" for name in CONTROLLERS}
        trusted = _base64(ca)
        for name, path in kubeconfigs.items():
            write_kubeconfig(path, settings.server or info.url, trusted, users[name])
        place = ControllerPlace(
            folder=kept.folder,
            logs=settings.logs or kept.folder,
            programs={name: program.path for name, program in programs.items()},
            kubeconfigs=kubeconfigs,
            ca=lab / "ca.crt",
            service_account_key=lab / "service-account.key",
            nodes=len(info.nodes),
            env=env,
            kwok_config=settings.kwok_config,
        )
        yield Beside(pids=dict(launch(kept, place, client, settings.timeout)), logs=place.logs, kept=kept)


def _client(url: str, ca: Path, probe: User) -> LabClient:
    """The probe's, on the way of the controllers."""
    parts = urlsplit(url)
    host, port, prefix = parts.hostname or "127.0.0.1", parts.port or 443, parts.path.rstrip("/")
    try:
        return LabClient(host=host, port=port, prefix=prefix, ca=ca, probe=probe)
    except OSError as error:
        raise LabError(f"the CA file {ca} cannot be used: {error.strerror}; KPROXY_CA names it") from error


def _base64(ca: Path) -> str:
    try:
        return base64.b64encode(ca.read_bytes()).decode()
    except OSError as error:
        raise LabError(f"the CA file {ca} cannot be read: {error.strerror}; KPROXY_CA names it") from error
