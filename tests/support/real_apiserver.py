"""A real kube-apiserver on any etcd addresses: directly, or through a relay."""

import http.client
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from os import environ
from pathlib import Path

from kproxy.lab.certificates import make_certificates
from kproxy.lab.client import LabAnswer, LabClient
from kproxy.lab.ports import free_ports
from kproxy.lab.servers import ApiServerPlace, kube_apiserver_command
from kproxy.lab.users import User, make_users, write_token_file
from kproxy.model.jsontypes import JSONObject
from tests.support.etcd_server import Certificates

PATIENCE = 90.0
"""Seconds that a kube-apiserver may take to be ready on a slow machine."""


@dataclass
class ApiServer:
    """It is ready."""

    process: subprocess.Popen[bytes]
    port: int
    ca: Path
    admin: User
    client: LabClient
    folder: Path = field(default_factory=Path)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        return (self.folder / "kube-apiserver.log").read_text()

    def send(self, method: str, path: str, body: JSONObject | None = None) -> LabAnswer:
        """As the admin (or so: the probe is in system:masters too)."""
        return self.client.send(method, path, body)

    def until(self, method: str, path: str, status: int, body: JSONObject | None = None) -> LabAnswer:
        """Asks until it answers so."""
        deadline = time.monotonic() + PATIENCE
        last: object = None
        while time.monotonic() < deadline:
            with suppress(OSError, http.client.HTTPException):
                last = answer = self.send(method, path, body)
                if answer.status == status:
                    return answer
            assert self.process.poll() is None, self.log[-3000:]
            time.sleep(0.1)
        raise AssertionError(f"{method} {path} was not answered {status}: {last}\n{self.log[-3000:]}")


@contextmanager
def real_apiserver(
    assets: Path, folder: Path, etcd: str, certificates: Certificates | None = None, *more: str
) -> Iterator[ApiServer]:
    """One on these --etcd-servers; `certificates`: what it shows to them; `more`: further options."""
    folder.mkdir(parents=True, exist_ok=True)
    users = make_users()
    token_file = folder / "tokens.csv"
    write_token_file(token_file, users)
    made = make_certificates(folder, datetime.now(UTC))
    (port,) = free_ports(1)
    place = ApiServerPlace(
        folder=folder,
        port=port,
        etcd_url=etcd,
        etcd_itself=etcd,
        certificates=made,
        token_file=token_file,
        audit_log=folder / "audit.log",
    )
    command = kube_apiserver_command(assets / "kube-apiserver", place, environ)
    argv = [*command.argv, *more]
    if certificates is not None:
        argv += [f"--etcd-cafile={certificates.cacert}", f"--etcd-certfile={certificates.cert}"]
        argv += [f"--etcd-keyfile={certificates.key}"]
    with command.log.open("ab") as log:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=command.env)
    try:
        server = ApiServer(process, port, made.ca, users[0], LabClient(port=port, ca=made.ca, probe=users[2]), folder)
        server.until("GET", "/readyz", 200)
        server.until("GET", "/api/v1/namespaces/default", 200)
        yield server
    finally:
        process.kill()  # there is nothing to be saved, and without its etcd it does not end by itself
        process.wait()
