"""Starting a lab and waiting until it is ready."""

import asyncio
import base64
import os
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kproxy.errors import EtcdError, LabError
from kproxy.etcd.relay.settings import MAX_SOCKET_PATH
from kproxy.etcd.seeding import write_keys
from kproxy.etcd.settings import EtcdSettings
from kproxy.lab.alive import PortTaken, refuse_ended
from kproxy.lab.binaries import Program, find_controllers, find_etcd, find_kube_apiserver
from kproxy.lab.certificates import make_certificates
from kproxy.lab.client import LabClient
from kproxy.lab.controllers.launch import launch
from kproxy.lab.controllers.objects import creations, node_names
from kproxy.lab.controllers.programs import ControllerPlace
from kproxy.lab.info import LabInfo, write_lab
from kproxy.lab.kept import Kept
from kproxy.lab.ports import free_ports
from kproxy.lab.ready import OWN_SERVICE, NotYet, check, create, grant, last_reason, server_version
from kproxy.lab.servers import (
    ApiServerPlace,
    Command,
    emulated_command,
    etcd_command,
    kube_apiserver_command,
    relay_command,
)
from kproxy.lab.settings import LabSettings
from kproxy.lab.users import PROBE, User, make_controller_users, make_users, write_kubeconfig, write_token_file
from kproxy.model.start import StoredKey

ATTEMPTS = 4  # another process may take a port between our choice and the server's bind
POLL = 0.05  # seconds
FEED = "relay.sock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """A running lab."""

    info: LabInfo
    info_file: Path
    kubeconfig: Path
    user_kubeconfig: Path
    kept: Kept

    @property
    def url(self) -> str:
        """The api-server's."""
        return self.info.url

    @property
    def etcd_endpoints(self) -> tuple[str, ...]:
        """URLs; plain HTTP on loopback."""
        return self.info.etcd_endpoints

    def environment(self) -> dict[str, str]:
        """What a COMMAND gets set."""
        return {
            "KUBECONFIG": str(self.kubeconfig),
            "ETCDCTL_API": "3",
            "ETCDCTL_ENDPOINTS": ",".join(self.info.etcd_endpoints),
            "KPROXY_LAB": str(self.info_file),
        }

    def check_alive(self) -> None:
        """LabError if one of the servers has ended."""
        for name, _ in self.info.pids:
            refuse_ended(self.kept, name, Path(self.info.folder) / f"{name}.log")

    def stop(self) -> None:
        """Ends the servers and removes the folder; again does nothing."""
        self.kept.stop()


@contextmanager
def start_lab(
    settings: LabSettings, env: Mapping[str, str] = os.environ, seed: Sequence[StoredKey] = ()
) -> Iterator[Lab]:
    """A fresh server, ready, for as long as the `with` lasts; gone too when this process is killed.

    `seed`: what its etcd holds before the api-server is started, written in this order. LabError if a program is
    missing, the folder to keep is not empty or the audit log is there already, or the server is not ready in time.
    """
    etcd = find_etcd(settings, env)
    apiserver = find_kube_apiserver(settings, env) if settings.server == "kube-apiserver" else None
    controllers = _find_controllers(settings, apiserver)
    if settings.feature_gates and apiserver is None:
        raise LabError("feature gates are kube-apiserver's: add --server kube-apiserver")
    if settings.spans_to and apiserver is None:
        raise LabError("the emulated server tells no spans: add --server kube-apiserver")
    if settings.server_flags and apiserver is None:
        raise LabError("the emulated server has no options: add --server kube-apiserver")
    if settings.audit_log is not None:
        _claim_audit_log(settings.audit_log)
    with Kept(settings.keep) as kept:
        feed = _feed_of(kept)
        yield _Start(
            settings=settings,
            env=env,
            kept=kept,
            feed=feed,
            etcd=etcd,
            apiserver=apiserver,
            controllers=controllers,
            seed=seed,
        ).start()


def _feed_of(kept: Kept) -> Path:
    """Where the relay's socket is to be: in the lab's folder, unless its path is longer than a socket's may be."""
    if kept.folder is None:
        raise LabError("the lab's folder is gone: the lab was stopped")
    feed = kept.folder / FEED
    return feed if len(os.fsencode(feed)) <= MAX_SOCKET_PATH else kept.nook() / FEED


def _find_controllers(settings: LabSettings, apiserver: Program | None) -> dict[str, Program]:
    """Their programs, none if none are asked for. LabError if they are missing, or cannot be beside this server."""
    if settings.controllers == "none":
        return {}
    if apiserver is None:
        raise LabError("controllers need a real api-server: add --server kube-apiserver")
    return find_controllers(apiserver.path.parent)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Start:
    settings: LabSettings
    env: Mapping[str, str]
    kept: Kept
    feed: Path
    etcd: Program
    apiserver: Program | None
    controllers: Mapping[str, Program]
    seed: Sequence[StoredKey]

    @property
    def folder(self) -> Path:
        if self.kept.folder is None:
            raise LabError("the lab's folder is gone: the lab was stopped")
        return self.kept.folder

    def start(self) -> Lab:
        users = make_users()
        token_file = self.folder / "tokens.csv"
        others = make_controller_users() if self.controllers else ()
        write_token_file(token_file, (*users, *others))
        certificates = make_certificates(self.folder, datetime.now(UTC))
        deadline = time.monotonic() + self.settings.timeout
        for attempt in range(ATTEMPTS):
            port, relay, *etcd_ports = free_ports(4)
            etcd = f"http://127.0.0.1:{etcd_ports[0]}"
            place = ApiServerPlace(
                folder=self.folder,
                port=port,
                etcd_itself=etcd,
                etcd_url=f"http://127.0.0.1:{relay}" if self.settings.relay else etcd,
                certificates=certificates,
                token_file=token_file,
                audit_log=(self.settings.audit_log or self.folder / "audit.log").absolute(),
                controllers=bool(self.controllers) or self.settings.accounts,
                feature_gates=self.settings.feature_gates,
                spans_to=self.settings.spans_to,
                flags=self.settings.server_flags,
            )
            client = LabClient(port=port, ca=certificates.ca, probe=users[2])
            try:
                pids = self._run(place, (etcd_ports[0], etcd_ports[1], relay), client, users, deadline)
            except PortTaken as taken:
                if attempt == ATTEMPTS - 1:
                    raise LabError(f"the lab found no free port: {taken}; end something that listens") from taken
            else:
                kubeconfigs = self._kubeconfigs(place, others)
                return self._lab(
                    place, client, users, pids + self._controllers(place, client, kubeconfigs), kubeconfigs
                )
        raise LabError("the lab found no free port; end something that listens")

    def _run(
        self,
        place: ApiServerPlace,
        etcd_ports: tuple[int, int, int],
        client: LabClient,
        users: tuple[User, User, User],
        deadline: float,
    ) -> tuple[tuple[str, int], ...]:
        """Starts the servers and waits until they are ready; their pids. `etcd_ports`: for clients, peers, relay."""
        token = f"kproxy-lab-{secrets.token_hex(8)}"
        clients, peers, relay = etcd_ports
        etcd = etcd_command(self.etcd.path, self.folder, (clients, peers), token, self.env)
        between: tuple[Command, ...] = ()
        if self.settings.relay:
            between = (relay_command(self.folder, f"http://127.0.0.1:{clients}", relay, self.feed, self.env),)
        if self.apiserver is None:
            server = emulated_command(place, users, self.env)
        else:
            server = kube_apiserver_command(self.apiserver.path, place, self.env)
        commands = (etcd, *between, server)
        pids: tuple[tuple[str, int], ...] = (self._begin(etcd),)
        if self.seed:
            self._seed(f"http://127.0.0.1:{clients}", etcd, deadline)
        pids += tuple(self._begin(each) for each in commands[1:])
        self._wait(commands, client, users, deadline)
        return pids

    def _begin(self, command: Command) -> tuple[str, int]:
        """Starts a server; its name and its pid."""
        return command.name, self.kept.start(command.name, command.argv, command.env, command.log)

    def _seed(self, url: str, etcd: Command, deadline: float) -> None:
        """Writes what the api-server is to find, once etcd takes it."""
        while True:
            refuse_ended(self.kept, etcd.name, etcd.log)
            try:
                asyncio.run(write_keys(EtcdSettings(endpoints=(url,)), self.seed))
            except EtcdError as error:
                if time.monotonic() > deadline:
                    raise LabError(f"the lab's etcd did not take the start state: {error}") from error
                time.sleep(POLL)
            else:
                return

    def _wait(
        self, commands: tuple[Command, ...], client: LabClient, users: tuple[User, User, User], deadline: float
    ) -> None:
        while True:
            for command in commands:
                refuse_ended(self.kept, command.name, command.log)
            try:
                if self.apiserver is not None:
                    grant(client)
                if self.controllers:
                    create(client, creations(self.settings.nodes))
                check(client, users[0], users[1], *(OWN_SERVICE if self.apiserver is not None else ()))
            except NotYet as missing:
                if time.monotonic() > deadline:
                    reason = last_reason(commands[-1].log)
                    raise LabError(
                        f"the lab's {commands[-1].name} was not ready in {self.settings.timeout:g} s: {missing}"
                        + (f"; its log ends with: {reason}" if reason else "")
                    ) from missing
                time.sleep(POLL)
            else:
                return

    def _kubeconfigs(self, place: ApiServerPlace, users: tuple[User, ...]) -> dict[str, Path]:
        """Writes one for each of the controllers' users."""
        ca = base64.b64encode(place.certificates.ca.read_bytes()).decode()
        paths = {user.name: self.folder / f"{user.name.removeprefix('system:')}.kubeconfig" for user in users}
        for user in users:
            write_kubeconfig(paths[user.name], f"https://127.0.0.1:{place.port}", ca, user)
        return paths

    def _controllers(
        self, place: ApiServerPlace, client: LabClient, kubeconfigs: Mapping[str, Path]
    ) -> tuple[tuple[str, int], ...]:
        """Starts them, if it is to be now, and waits until they are ready; their pids."""
        if self.settings.controllers != "now":
            return ()
        controllers = ControllerPlace(
            folder=self.folder,
            logs=self.folder,
            programs={name: program.path for name, program in self.controllers.items()},
            kubeconfigs=kubeconfigs,
            ca=place.certificates.ca,
            service_account_key=place.certificates.service_account_key,
            nodes=self.settings.nodes,
            env=self.env,
            kwok_config=self.settings.kwok_config,
        )
        return launch(self.kept, controllers, client, self.settings.timeout)

    def _lab(
        self,
        place: ApiServerPlace,
        client: LabClient,
        users: tuple[User, User, User],
        pids: tuple[tuple[str, int], ...],
        kubeconfigs: Mapping[str, Path],
    ) -> Lab:
        url = f"https://127.0.0.1:{place.port}"
        ca = base64.b64encode(place.certificates.ca.read_bytes()).decode()
        kubeconfig, user_kubeconfig = self.folder / "kubeconfig", self.folder / "user-kubeconfig"
        write_kubeconfig(kubeconfig, url, ca, users[0])
        write_kubeconfig(user_kubeconfig, url, ca, users[1])
        version = server_version(client)
        if self.settings.version is not None and self.settings.version.removeprefix("v") != version.removeprefix("v"):
            raise LabError(
                f"a server of version {self.settings.version} was asked for, but this one is {version}; "
                "--assets names a folder with the wanted one"
            )
        info = LabInfo(
            kind=self.settings.server,
            url=url,
            kubeconfig=str(kubeconfig),
            user_kubeconfig=str(user_kubeconfig),
            server_version=version,
            etcd_version=self.etcd.version,
            etcd_endpoints=(place.etcd_itself,),
            etcd_relay=str(self.feed) if self.settings.relay else "",
            audit_log=str(place.audit_log),
            folder=str(self.folder),
            assets="" if self.apiserver is None else str(self.apiserver.path.parent),
            probe_user=PROBE,
            pids=pids,
            controllers=tuple((name, str(path)) for name, path in kubeconfigs.items()),
            controller_versions=tuple((name, program.version) for name, program in self.controllers.items()),
            nodes=tuple(node_names(self.settings.nodes)) if self.controllers else (),
        )
        info_file = self.folder / "lab.json"
        write_lab(info, info_file)
        return Lab(
            info=info, info_file=info_file, kubeconfig=kubeconfig, user_kubeconfig=user_kubeconfig, kept=self.kept
        )


def _claim_audit_log(path: Path) -> None:
    """Makes the file. LabError if there is one with content: two servers' logs in one file cannot be told apart."""
    try:
        path.touch(mode=0o600)
        if path.stat().st_size:
            raise LabError(f"the audit log {path} is there already; remove it or name another file")
    except OSError as error:
        raise LabError(f"the audit log {path} cannot be written: {error.strerror}; name another file") from error
